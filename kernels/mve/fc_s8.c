/* fc_s8 for MVE, factors below 1/2: see fc_mve.h.
 *
 * Exact: the sums as dot_mve.h says, the rescaling as eq_requantize_live_x4 in
 * fixed_point_mve.h; shift >= 32 for every factor that is not zero.
 *
 * @requires live_shift >= 32
 * @packs w (o/4, i/16, o%4, i%16)
 * @packs bias (o/4, o%4)
 * @packs mult (o/4, o%4)
 * @packs shift (o/4, o%4)
 */
#include "edgeq/fc_mve.h"

eq_fc_s8_fn EQ_SYM(eq_fc_s8__mve);

void EQ_SYM(eq_fc_s8__mve)(const int8_t *restrict x, const int8_t *restrict w,
                           const int32_t *restrict bias, const int32_t *restrict mult,
                           const int32_t *restrict shift, int8_t *restrict y,
                           const eq_fc_s8_params *restrict p)
{
    eq_fc_s8_mve(x, w, bias, mult, shift, y, p, 0, eq_mve_form, 1);
}
