/* mean_s8 for NEON of 32-bit Arm: sixteen outputs at once where they lie side by side in x.
 *
 * Exact: see mean_neon.h.
 *
 * @requires x1 == 1 and d1 >= 8
 */
#include "edgeq/neon_armv7.h"

#include "edgeq/mean_neon.h"

eq_mean_s8_fn EQ_SYM(eq_mean_s8__armv7_neon);

void EQ_SYM(eq_mean_s8__armv7_neon)(const int8_t *restrict x, int8_t *restrict y,
                                    const eq_mean_s8_params *restrict p)
{
    eq_mean_all_neon(x, y, p, eq_is_single());
}
