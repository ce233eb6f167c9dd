/* fill_s8 for NEON of 32-bit Arm, runs of eight bytes and more, without a call for each.
 *
 * Exact: nothing is computed.
 *
 * @requires run >= 8 and run <= 1024
 */
#include "edgeq/runs_neon.h"

eq_fill_s8_fn eq_fill_s8__armv7_neon;

void eq_fill_s8__armv7_neon(int8_t *restrict y, const eq_fill_s8_params *restrict p)
{
    eq_fill_runs_neon(y, p);
}
