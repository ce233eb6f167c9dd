/* conv2d_s8 for NEON, windows of several pixels: rows are copied with their borders, then four
 * pixels by four channels at a time are dot products over runs of KW * I bytes, products
 * added in fours.
 *
 * Exact: see conv2d_tile_neon.h and rescale_neon.h; weights of the filling are zero.
 *
 * @requires kw * in_c % 8 == 0 and dil_w == 1
 * @requires fours_any <= 255 and live_shift >= 32
 * @packs w (o/4, kh, kwi/32, o%4, kwi%32)
 * @packs bias (o/4, o%4)
 * @packs mult (o/4, o%4)
 * @packs shift (o/4, o%4)
 * @scratch kh * ((out_w - 1) * stride_w + kw) * in_c
 */
#include "edgeq/conv2d_lines.h"
#include "edgeq/conv2d_neon.h"
#include "edgeq/conv2d_s8.h"

eq_conv2d_s8_fn EQ_SYM(eq_conv2d_s8__neon_lines_fours);

void EQ_SYM(eq_conv2d_s8__neon_lines_fours)(
    const int8_t *restrict x, const int8_t *restrict w, const int32_t *restrict bias,
    const int32_t *restrict mult, const int32_t *restrict shift, int8_t *restrict y,
    int8_t *restrict scratch, const eq_conv2d_s8_params *restrict p)
{
    const int32_t columns = (p->out_w - 1) * p->stride_w + p->kw, line = columns * p->in_c;
    const eq_lines g = {p->in_h,     p->in_w,    p->in_c,     p->kh,    p->dil_h,
                        p->stride_h, p->pad_top, p->pad_left, p->x_row, p->x_pixel,
                        p->x_ring,   p->zx,      columns,     line};
    const eq_conv2d_layer_neon layer = {
        w,
        bias,
        mult,
        shift,
        {p->kh, p->kw * p->in_c, line, p->stride_w * p->in_c, 1},
        eq_load_range(p->zy, p->act_min, p->act_max),
        p->out_c,
        eq_is_single(),
    };
    for (int32_t h = p->row0; h < p->row1; ++h) {
        eq_copy_lines(scratch, x, h, &g);
        eq_conv2d_pixels_neon(&layer, scratch, y + h * p->y_row, p->y_pixel, p->out_w);
    }
}
