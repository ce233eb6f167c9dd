/* conv2d_s8 for NEON, few taps, windows of one pixel without padding: a matrix product over
 * x where it lies, four pixels by sixteen channels at a time, the channels in lanes.
 *
 * Exact: see conv2d_lanes_neon.h and rescale_neon.h.
 *
 * @requires kh == 1 and kw == 1 and pad_top == 0 and pad_left == 0 and in_c % 4 == 0
 * @requires in_c <= 40 or (in_c <= 72 and out_c % 32 == 0 and fours > 255)
 * @requires min_w >= -127 and live_shift >= 32
 * @packs w (o/8, khkwi/4, khkwi%4/2, o%8, khkwi%2)
 * @packs bias (o/8, o%8)
 * @packs mult (o/8, o%8)
 * @packs shift (o/8, o%8)
 */
#include "edgeq/conv2d_s8.h"
#include "edgeq/conv2d_walk_neon.h"

eq_conv2d_s8_fn EQ_SYM(eq_conv2d_s8__neon_16_1x1);

void EQ_SYM(eq_conv2d_s8__neon_16_1x1)(const int8_t *restrict x, const int8_t *restrict w,
                                       const int32_t *restrict bias,
                                       const int32_t *restrict mult,
                                       const int32_t *restrict shift, int8_t *restrict y,
                                       int8_t *restrict scratch,
                                       const eq_conv2d_s8_params *restrict p)
{
    (void)scratch;
    const eq_conv2d_arrays a = {x, w, bias, mult, shift, y};
    const eq_conv2d_call call = EQ_CONV2D_CALL(p, 0);
    eq_conv2d_points_neon(&a, &call, EQ_CONV2D_LANES, 0, eq_is_single());
}
