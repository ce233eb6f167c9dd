/* conv2d_s8 for NEON, few taps, any window: rows are copied with their borders, windows
 * gathered from them, 64 at a time, and multiplied four pixels by sixteen channels at a
 * time, the channels in lanes.
 *
 * Exact: see conv2d_lanes_neon.h and rescale_neon.h; whatever lies behind a window meets
 * weights of zero.
 *
 * @requires kh * kw * in_c <= 40
 * @requires min_w >= -127 and live_shift >= 32
 * @packs w (o/8, khkwi/4, khkwi%4/2, o%8, khkwi%2)
 * @packs bias (o/8, o%8)
 * @packs mult (o/8, o%8)
 * @packs shift (o/8, o%8)
 * @scratch kh * ((out_w - 1) * stride_w + (kw - 1) * dil_w + 1) * in_c + 64 * kh * kw * in_c + 1240
 * @overlap rows
 */
#include "edgeq/conv2d_s8.h"
#include "edgeq/conv2d_walk_neon.h"

eq_conv2d_s8_fn EQ_SYM(eq_conv2d_s8__neon_16_patch);

void EQ_SYM(eq_conv2d_s8__neon_16_patch)(const int8_t *x, const int8_t *restrict w,
                                         const int32_t *restrict bias,
                                         const int32_t *restrict mult,
                                         const int32_t *restrict shift, int8_t *y,
                                         int8_t *restrict scratch,
                                         const eq_conv2d_s8_params *restrict p)
{
    const eq_conv2d_arrays a = {x, w, bias, mult, shift, y};
    const eq_conv2d_call call = EQ_CONV2D_CALL(p, 0);
    eq_conv2d_patches_neon(&a, scratch, &call, EQ_CONV2D_LANES, 0, eq_is_single());
}
