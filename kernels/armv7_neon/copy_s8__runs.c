/* copy_s8 for NEON of 32-bit Arm, runs of eight bytes and more, without a call for each.
 *
 * Exact: nothing is computed.
 *
 * @requires run >= 8 and run <= 1024
 */
#include "edgeq/runs_neon.h"

eq_copy_s8_fn eq_copy_s8__armv7_neon_runs;

void eq_copy_s8__armv7_neon_runs(const int8_t *restrict x, int8_t *restrict y,
                                 const eq_copy_s8_params *restrict p)
{
    eq_copy_runs_neon(x, y, p);
}
