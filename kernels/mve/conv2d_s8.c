/* conv2d_s8 for MVE, factors below 1/2: see conv2d_mve.h.
 *
 * Exact: the sums as dot_mve.h says, the rescaling as eq_requantize_live_x4 in
 * fixed_point_mve.h; shift >= 32 for every factor that is not zero.
 *
 * @requires live_shift >= 32
 * @packs w (o/8, o%2, khkwi/16, o/2%4, khkwi%16)
 * @packs bias (o/8, o%2, o/2%4)
 * @packs mult (o/8, o%2, o/2%4)
 * @packs shift (o/8, o%2, o/2%4)
 * @scratch (min(out_c, 64) + 7) / 8 * 64 + 2 * ((kh * kw * in_c + 15) / 16 * 16)
 * @overlap rows
 */
#include "edgeq/conv2d_mve.h"

eq_conv2d_s8_fn EQ_SYM(eq_conv2d_s8__mve);

void EQ_SYM(eq_conv2d_s8__mve)(const int8_t *x, const int8_t *restrict w,
                               const int32_t *restrict bias, const int32_t *restrict mult,
                               const int32_t *restrict shift, int8_t *y,
                               int8_t *restrict scratch,
                               const eq_conv2d_s8_params *restrict p)
{
    const eq_conv_mve t = {.w = w, .bias = bias, .mult = mult, .shift = shift};
    const eq_conv_mve_use use = {eq_mve_form, 1, EQ_CONV_MVE_S8};
    eq_conv2d_mve(x, y, scratch, t, p, use);
}
