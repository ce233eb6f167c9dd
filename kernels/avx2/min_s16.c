/* min_s16 for AVX2, rows of both operands or of one and a number: sixteen elements at once.
 *
 * Exact: it is the contract's formula.
 *
 * @requires a3 <= 1 and b3 <= 1
 * @inplace a b
 */
#include "edgeq/min_s16.h"
#include "edgeq/larger_avx2.h"

eq_min_s16_fn eq_min_s16__avx2;

void eq_min_s16__avx2(const int16_t *a, const int16_t *b, int16_t *y,
                      const eq_min_s16_params *restrict p)
{
    const eq_walk_avx2 w = EQ_WALK_AVX2(p, 2);
    eq_pairs_avx2(a, b, y, &w, NULL, eq_smaller_s16_avx2);
}
