/* mul_s8 for AVX2, rows of both operands or of one and a number: 32 elements at once.
 *
 * Exact: see mul_avx2.h.
 *
 * @requires a3 <= 1 and b3 <= 1
 * @inplace a b
 */
#include "edgeq/mul_avx2.h"

eq_mul_s8_fn EQ_SYM(eq_mul_s8__avx2);

void EQ_SYM(eq_mul_s8__avx2)(const int8_t *a, const int8_t *b, int8_t *y,
                             const eq_mul_s8_params *restrict p)
{
    eq_mul_s8_avx2(a, b, y, p, eq_is_single());
}
