/* conv2d_s8 for NEON, windows of one pixel without padding: a matrix product over x where it
 * lies, four pixels by four channels at a time.
 *
 * Exact: see conv2d_flush_neon.h and rescale_neon.h.
 *
 * @requires kh == 1 and kw == 1 and pad_top == 0 and pad_left == 0 and in_c % 8 == 0
 * @requires min_w >= -127 and live_shift >= 32
 * @flushes w
 * @packs bias (o/4, o%4)
 * @packs mult (o/4, o%4)
 * @packs shift (o/4, o%4)
 */
#include "edgeq/conv2d_s8.h"
#include "edgeq/conv2d_walk_neon.h"

eq_conv2d_s8_fn EQ_SYM(eq_conv2d_s8__neon_1x1);

void EQ_SYM(eq_conv2d_s8__neon_1x1)(const int8_t *restrict x, const int8_t *restrict w,
                                    const int32_t *restrict bias,
                                    const int32_t *restrict mult,
                                    const int32_t *restrict shift, int8_t *restrict y,
                                    int8_t *restrict scratch,
                                    const eq_conv2d_s8_params *restrict p)
{
    (void)scratch;
    const eq_conv2d_arrays a = {x, w, bias, mult, shift, y};
    const eq_conv2d_call call = EQ_CONV2D_CALL(p, 0);
    eq_conv2d_points_neon(&a, &call, EQ_CONV2D_TILES, 0, eq_is_single());
}
