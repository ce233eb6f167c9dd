/* mul_s16 for AVX2, rows of both operands or of one and a number: sixteen elements at once.
 *
 * Exact: see mul_avx2.h.
 *
 * @requires a3 <= 1 and b3 <= 1
 * @inplace a b
 */
#include "edgeq/mul_avx2.h"

eq_mul_s16_fn EQ_SYM(eq_mul_s16__avx2);

void EQ_SYM(eq_mul_s16__avx2)(const int16_t *a, const int16_t *b, int16_t *y,
                              const eq_mul_s16_params *restrict p)
{
    eq_mul_s16_avx2(a, b, y, p, eq_is_single());
}
