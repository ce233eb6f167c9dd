/* add_s16 for AVX2, rows of both operands or of one and a number: sixteen elements at once.
 *
 * Exact: see add_avx2.h.
 *
 * @requires a3 <= 1 and b3 <= 1
 * @inplace a b
 */
#include "edgeq/add_avx2.h"

eq_add_s16_fn EQ_SYM(eq_add_s16__avx2);

void EQ_SYM(eq_add_s16__avx2)(const int16_t *a, const int16_t *b, int16_t *y,
                              const eq_add_s16_params *restrict p)
{
    eq_add_s16_avx2(a, b, y, p, eq_is_single());
}
