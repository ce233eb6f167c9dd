/* add_s16 for NEON of 32-bit Arm, rows of both operands or of one and a number: sixteen bytes at once.
 *
 * Exact: see add_s16_neon.h.
 *
 * @requires a3 <= 1 and b3 <= 1
 * @inplace a b
 */
#include "edgeq/neon_armv7.h"

#include "edgeq/add_s16_neon.h"
#include "edgeq/rescale_neon.h"

eq_add_s16_fn EQ_SYM(eq_add_s16__armv7_neon);

void EQ_SYM(eq_add_s16__armv7_neon)(const int16_t *a, const int16_t *b, int16_t *y,
                                    const eq_add_s16_params *restrict p)
{
    eq_add_s16_neon(a, b, y, p, eq_is_single());
}
