/* conv2d_s8 for NEON, any window: rows are copied with their borders, windows gathered from
 * them, sixteen at a time, and multiplied four pixels by four channels at a time.
 *
 * Exact: see conv2d_flush_neon.h and rescale_neon.h; whatever lies behind a window meets
 * weights of zero.
 *
 * @requires min_w >= -127 and live_shift >= 32
 * @flushes w
 * @packs bias (o/4, o%4)
 * @packs mult (o/4, o%4)
 * @packs shift (o/4, o%4)
 * @scratch kh * ((out_w - 1) * stride_w + (kw - 1) * dil_w + 1) * in_c + 16 * kh * kw * in_c + 400
 * @overlap rows
 */
#include "edgeq/conv2d_s8.h"
#include "edgeq/conv2d_walk_neon.h"

eq_conv2d_s8_fn EQ_SYM(eq_conv2d_s8__neon_patch);

void EQ_SYM(eq_conv2d_s8__neon_patch)(const int8_t *x, const int8_t *restrict w,
                                      const int32_t *restrict bias,
                                      const int32_t *restrict mult,
                                      const int32_t *restrict shift, int8_t *y,
                                      int8_t *restrict scratch,
                                      const eq_conv2d_s8_params *restrict p)
{
    const eq_conv2d_arrays a = {x, w, bias, mult, shift, y};
    const eq_conv2d_call call = EQ_CONV2D_CALL(p, 0);
    eq_conv2d_patches_neon(&a, scratch, &call, EQ_CONV2D_TILES, 0, eq_is_single());
}
