/* maxpool_s8 for NEON of 32-bit Arm: sixteen channels of a window at once.
 *
 * Exact: see maxpool_neon.h.
 *
 * @requires in_c >= 8
 * @overlap rows
 */
#include "edgeq/neon_armv7.h"

#include "edgeq/maxpool_neon.h"

eq_maxpool_s8_fn eq_maxpool_s8__armv7_neon_any;

void eq_maxpool_s8__armv7_neon_any(const int8_t *x, int8_t *y,
                                   const eq_maxpool_s8_params *restrict p)
{
    eq_maxpool_neon(x, y, p);
}
