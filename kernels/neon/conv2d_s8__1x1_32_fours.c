/* conv2d_s8 for NEON, 32 channels, windows of one pixel without padding: a matrix product over x where it
 * lies, four pixels by four channels at a time, products added in fours.
 *
 * A dense image counts as one row.
 *
 * Exact: see conv2d_tile_neon.h, conv2d_small_neon.h and rescale_neon.h; weights of the filling are zero.
 *
 * @requires kh == 1 and kw == 1 and pad_top == 0 and pad_left == 0 and in_c == 32
 * @requires fours <= 255 and live_shift >= 32
 * @packs w (o/4, khkwi/32, o%4, khkwi%32)
 * @packs bias (o/4, o%4)
 * @packs mult (o/4, o%4)
 * @packs shift (o/4, o%4)
 */
#include "edgeq/conv2d_s8.h"
#include "edgeq/conv2d_small_neon.h"

eq_conv2d_s8_fn EQ_SYM(eq_conv2d_s8__neon_1x1_32_fours);

void EQ_SYM(eq_conv2d_s8__neon_1x1_32_fours)(
    const int8_t *restrict x, const int8_t *restrict w, const int32_t *restrict bias,
    const int32_t *restrict mult, const int32_t *restrict shift, int8_t *restrict y,
    int8_t *restrict scratch, const eq_conv2d_s8_params *restrict p)
{
    (void)scratch;
    const eq_conv2d_layer_neon layer = {
        w,
        bias,
        mult,
        shift,
        {p->in_c, p->stride_w * p->x_pixel, 1},
        eq_load_range(p->zy, p->act_min, p->act_max),
        p->out_c,
        eq_is_single(),
        0,
        0,
    };
    const int whole = p->stride_h == 1 && p->x_ring == p->in_h &&
                      p->x_row == p->out_w * layer.window.step &&
                      p->y_row == p->out_w * p->y_pixel;
    const int32_t rows = whole ? p->row1 - p->row0 : 1;
    for (int32_t h = p->row0; h < p->row1; h += rows)
        eq_conv2d_pixels32_neon(&layer, x + h * p->stride_h % p->x_ring * p->x_row,
                                y + h * p->y_row, p->y_pixel, rows * p->out_w);
}
