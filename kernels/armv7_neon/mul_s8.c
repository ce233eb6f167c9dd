/* mul_s8 for NEON of 32-bit Arm, rows of both operands or of one and a number: sixteen elements at once.
 *
 * Exact: see mul_neon.h.
 *
 * @requires a3 <= 1 and b3 <= 1
 * @inplace a b
 */
#include "edgeq/neon_armv7.h"

#include "edgeq/mul_neon.h"
#include "edgeq/rescale_neon.h"

eq_mul_s8_fn EQ_SYM(eq_mul_s8__armv7_neon);

void EQ_SYM(eq_mul_s8__armv7_neon)(const int8_t *a, const int8_t *b, int8_t *y,
                                   const eq_mul_s8_params *restrict p)
{
    eq_mul_s8_neon(a, b, y, p, eq_is_single());
}
