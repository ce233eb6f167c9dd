/* conv2d_s8 for NEON with matrix products, any window: rows are copied with their
 * borders, as many as fit 24 KB, and windows read where they lie, six pixels by sixteen
 * channels at a time.
 *
 * Exact: see tiles_neon_i8mm.h and tiles_finish_neon.h; what lies behind a segment meets
 * weights of zero.
 *
 * @requires live_shift >= 32
 * @packs w (o/16, kh, kwi/8, o%16, kwi%8)
 * @packs bias (o/16, o%16)
 * @packs mult (o/16, o%16)
 * @packs shift (o/16, o%16)
 * @scratch ((max(1, min(row1 - row0, 24576 / (((dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw) * in_c * stride_h))) - 1) * stride_h + (kh - 1) * dil_h + 1) * ((dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw) * in_c + 16
 * @overlap rows
 */
#include "edgeq/conv2d_s8.h"
#include "edgeq/conv2d_tiled_neon.h"
#include "edgeq/tiles_neon_i8mm.h"

eq_conv2d_s8_fn EQ_SYM(eq_conv2d_s8__neon_i8mm_band);

void EQ_SYM(eq_conv2d_s8__neon_i8mm_band)(const int8_t *x, const int8_t *restrict w,
                                          const int32_t *restrict bias,
                                          const int32_t *restrict mult,
                                          const int32_t *restrict shift, int8_t *y,
                                          int8_t *restrict scratch,
                                          const eq_conv2d_s8_params *restrict p)
{
    const eq_conv2d_arrays a = {x, w, bias, mult, shift, y};
    const eq_conv2d_call call = EQ_CONV2D_CALL(p, 0);
    const eq_grain_neon grain = {8, 0};
    eq_conv2d_band_tiled_neon(&a, scratch, &call, grain, eq_is_single(), eq_tile_i8mm);
}
