/* max_s8 for AVX2, rows of both operands or of one and a number: 32 elements at once.
 *
 * Exact: it is the contract's formula.
 *
 * @requires a3 <= 1 and b3 <= 1
 * @inplace a b
 */
#include "edgeq/max_s8.h"
#include "edgeq/larger_avx2.h"

eq_max_s8_fn eq_max_s8__avx2;

void eq_max_s8__avx2(const int8_t *a, const int8_t *b, int8_t *y,
                     const eq_max_s8_params *restrict p)
{
    const eq_walk_avx2 w = EQ_WALK_AVX2(p, 1);
    eq_pairs_avx2(a, b, y, &w, NULL, eq_larger_s8_avx2);
}
