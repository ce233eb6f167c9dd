/* conv2d_s8 for NEON with dot products, windows of one pixel without padding: a
 * matrix product over x where it lies, six pixels by sixteen channels at a time.
 *
 * Exact: see tiles_neon_dotprod.h and tiles_finish_neon.h; weights of the filling are zero.
 *
 * @requires kh == 1 and kw == 1 and pad_top == 0 and pad_left == 0 and in_c % 8 == 0
 * @requires live_shift >= 32
 * @packs w (o/16, khkwi/4, o%16, khkwi%4)
 * @packs bias (o/16, o%16)
 * @packs mult (o/16, o%16)
 * @packs shift (o/16, o%16)
 */
#include "edgeq/conv2d_pixels_neon.h"
#include "edgeq/conv2d_s8.h"
#include "edgeq/tiles_neon_dotprod.h"

eq_conv2d_s8_fn EQ_SYM(eq_conv2d_s8__neon_dotprod_1x1);

void EQ_SYM(eq_conv2d_s8__neon_dotprod_1x1)(
    const int8_t *restrict x, const int8_t *restrict w, const int32_t *restrict bias,
    const int32_t *restrict mult, const int32_t *restrict shift, int8_t *restrict y,
    int8_t *restrict scratch, const eq_conv2d_s8_params *restrict p)
{
    (void)scratch;
    const eq_layer_neon layer = {.w = w,
                                 .bias = bias,
                                 .mult = mult,
                                 .shift = shift,
                                 .block = 16 * (int64_t)p->in_c,
                                 .half = 32,
                                 .out_c = p->out_c,
                                 .zy = p->zy,
                                 .lo = p->act_min,
                                 .hi = p->act_max};
    const int32_t rows = p->x_ring == p->in_h ? p->row1 - p->row0 : 1;
    for (int32_t h = p->row0; h < p->row1; h += rows) {
        const eq_pixels_neon pixels = {.x = x + h * p->stride_h % p->x_ring * p->x_row,
                                       .y = y + h * p->y_row,
                                       .x_row = p->stride_h * p->x_row,
                                       .x_step = p->stride_w * p->x_pixel,
                                       .y_row = p->y_row,
                                       .y_pixel = p->y_pixel,
                                       .rows = rows,
                                       .w = p->out_w,
                                       .segments = 1,
                                       .run = p->in_c,
                                       .bytes = p->in_c};
        eq_conv2d_tiled_neon(&layer, pixels, eq_is_single(), eq_tile_dotprod);
    }
}
