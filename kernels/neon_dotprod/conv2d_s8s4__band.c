/* conv2d_s8s4 for NEON with dot products, any window: rows are copied with their
 * borders, as many as fit 24 KB, and windows read where they lie, six pixels by sixteen
 * channels at a time.
 *
 * Exact: see tiles_int4_neon_dotprod.h and tiles_finish_neon.h; what lies behind a
 * segment meets weights of zero.
 *
 * @requires live_shift >= 32
 * @packs w (o/16, kh, kwi/8, o%16, kwi%4, kwi/4%2)
 * @packs bias (o/16, o%16)
 * @packs mult (o/16, o%16)
 * @packs shift (o/16, o%16)
 * @scratch ((max(1, min(row1 - row0, 24576 / (((dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw) * in_c * stride_h))) - 1) * stride_h + (kh - 1) * dil_h + 1) * ((dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw) * in_c + 16
 */
#include "edgeq/conv2d_band_neon.h"
#include "edgeq/conv2d_pixels_neon.h"
#include "edgeq/conv2d_s8s4.h"
#include "edgeq/tiles_int4_neon_dotprod.h"

eq_conv2d_s8s4_fn EQ_SYM(eq_conv2d_s8s4__neon_dotprod_band);

void EQ_SYM(eq_conv2d_s8s4__neon_dotprod_band)(
    const int8_t *restrict x, const int8_t *restrict w, const int32_t *restrict bias,
    const int32_t *restrict mult, const int32_t *restrict shift, int8_t *restrict y,
    int8_t *restrict scratch, const eq_conv2d_s8s4_params *restrict p)
{
    const eq_lines lines = {p->in_h,  p->in_w,     p->in_c,    p->kh,
                            p->dil_h, p->stride_h, p->pad_top, p->pad_left,
                            p->x_row, p->x_pixel,  p->x_ring,  p->zx,
                            0};
    const eq_band b = eq_band_of(lines, p->out_w, p->kw, p->dil_w, p->stride_w);
    const int32_t run = (b.run + 7) & ~7;
    const eq_layer_neon layer = {.w = w,
                                 .bias = bias,
                                 .mult = mult,
                                 .shift = shift,
                                 .block = 8 * (int64_t)(p->kh * run),
                                 .half = 32,
                                 .out_c = p->out_c,
                                 .zy = p->zy,
                                 .lo = p->act_min,
                                 .hi = p->act_max};
    for (int32_t h = p->row0; h < p->row1; h += b.rows) {
        const int32_t left = p->row1 - h, rows = left < b.rows ? left : b.rows;
        eq_fill_band_neon(scratch, x, h, rows, &b);
        const eq_pixels_neon pixels = {.x = scratch,
                                       .y = y + h * p->y_row,
                                       .x_row = b.row,
                                       .x_step = b.step,
                                       .y_row = p->y_row,
                                       .y_pixel = p->y_pixel,
                                       .rows = rows,
                                       .w = p->out_w,
                                       .segments = p->kh,
                                       .run = run,
                                       .gap = b.segment - run,
                                       .bytes = b.run};
        eq_conv2d_tiled_neon(&layer, pixels, eq_is_single(), eq_tile_int4_dotprod);
    }
}
