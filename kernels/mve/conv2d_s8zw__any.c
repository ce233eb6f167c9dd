/* conv2d_s8zw for MVE, any factors: see conv2d_s8zw_mve.h.
 *
 * Exact: the sums as conv2d_s8zw_mve.h and dot_mve.h say, the rescaling as eq_requantize_x4 in
 * fixed_point_mve.h.
 *
 * @packs w (o/8, o%2, khkwi/16, o/2%4, khkwi%16)
 * @packs bias (o/8, o%2, o/2%4)
 * @packs mult (o/8, o%2, o/2%4)
 * @packs shift (o/8, o%2, o/2%4)
 * @scratch (min(out_c, 64) + 7) / 8 * 64 + 2 * ((kh * kw * in_c + 15) / 16 * 16)
 * @overlap rows
 */
#include "edgeq/conv2d_s8zw_mve.h"

eq_conv2d_s8zw_fn EQ_SYM(eq_conv2d_s8zw__mve_any);

void EQ_SYM(eq_conv2d_s8zw__mve_any)(const int8_t *x, const int8_t *restrict w,
                                     const int32_t *restrict bias,
                                     const int32_t *restrict mult,
                                     const int32_t *restrict shift, int8_t *y,
                                     int8_t *restrict scratch,
                                     const eq_conv2d_s8zw_params *restrict p)
{
    const eq_conv_mve t = {.w = w, .bias = bias, .mult = mult, .shift = shift};
    eq_conv2d_s8zw_mve(x, y, scratch, t, p, eq_mve_form, 0);
}
