/* conv2d_s8 for NEON of 32-bit Arm, windows of 25 to 32 bytes: rows are copied with their borders,
 * windows gathered from them, and two at a time stay in registers while all channels pass by,
 * products added in pairs.
 *
 * Exact: see conv2d_small_armv7.h; whatever lies behind a window meets weights of zero.
 *
 * @requires kh * kw * in_c > 24 and kh * kw * in_c <= 32
 * @requires min_w >= -127 and live_shift >= 32
 * @packs w (o/4, khkwi/32, o%4, khkwi%32)
 * @packs bias (o/4, o%4)
 * @packs mult (o/4, o%4)
 * @packs shift (o/4, o%4)
 * @scratch kh * ((out_w - 1) * stride_w + (kw - 1) * dil_w + 1) * in_c + 4 * kh * kw * in_c + 12 * out_c + 148
 * @overlap rows
 */
#include "edgeq/conv2d_armv7.h"

eq_conv2d_s8_fn EQ_SYM(eq_conv2d_s8__armv7_neon_patch_32);

void EQ_SYM(eq_conv2d_s8__armv7_neon_patch_32)(const int8_t *x, const int8_t *restrict w,
                                               const int32_t *restrict bias,
                                               const int32_t *restrict mult,
                                               const int32_t *restrict shift, int8_t *y,
                                               int8_t *restrict scratch,
                                               const eq_conv2d_s8_params *restrict p)
{
    const int32_t taps = (p->kh * p->kw * p->in_c + 7) / 8 * 8;
    int8_t *const rest = scratch + (12 * p->out_c + 36);
    eq_conv2d_numbers_armv7(scratch, bias, mult, shift, p->out_c);
    const eq_conv2d_layer_armv7 layer = {
        w,
        scratch,
        {taps, taps + 16, 0},
        eq_load_range(p->zy, p->act_min, p->act_max),
        p->out_c,
        eq_is_single(),
        32,
    };
    eq_conv2d_patches_armv7(&layer, x, y, rest, p);
}
