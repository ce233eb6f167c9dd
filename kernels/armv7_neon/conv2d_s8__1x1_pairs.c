/* conv2d_s8 for NEON of 32-bit Arm, windows of one pixel without padding: a matrix product over
 * x where it lies, two pixels by four channels at a time, products added in pairs.
 *
 * Exact: see conv2d_tile_armv7.h; weights of the filling are zero.
 *
 * @requires kh == 1 and kw == 1 and pad_top == 0 and pad_left == 0 and in_c % 8 == 0
 * @requires min_w >= -127 and live_shift >= 32
 * @packs w (o/4, khkwi/32, o%4, khkwi%32)
 * @packs bias (o/4, o%4)
 * @packs mult (o/4, o%4)
 * @packs shift (o/4, o%4)
 * @scratch 12 * out_c + 36
 * @overlap rows
 */
#include "edgeq/conv2d_armv7.h"

eq_conv2d_s8_fn EQ_SYM(eq_conv2d_s8__armv7_neon_1x1_pairs);

void EQ_SYM(eq_conv2d_s8__armv7_neon_1x1_pairs)(const int8_t *x, const int8_t *restrict w,
                                                const int32_t *restrict bias,
                                                const int32_t *restrict mult,
                                                const int32_t *restrict shift, int8_t *y,
                                                int8_t *restrict scratch,
                                                const eq_conv2d_s8_params *restrict p)
{
    eq_conv2d_numbers_armv7(scratch, bias, mult, shift, p->out_c);
    const eq_conv2d_layer_armv7 layer = {
        w,
        scratch,
        {p->in_c, p->stride_w * p->x_pixel, 0},
        eq_load_range(p->zy, p->act_min, p->act_max),
        p->out_c,
        eq_is_single(),
        0,
    };
    eq_conv2d_1x1_armv7(&layer, x, y, p);
}
