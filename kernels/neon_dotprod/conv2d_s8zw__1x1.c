/* conv2d_s8zw for NEON with dot products, windows of one pixel without padding: a matrix
 * product over x where it lies, four pixels by sixteen channels at a time.
 *
 * A dense image counts as one row.
 *
 * The zero point of the weights is multiplied with the sum of a window, taken once for all
 * channels.
 *
 * Exact: products of weights with it are within int32 as the contract's are; see dot_neon_dotprod.h and rescale_neon.h; weights of the filling are zero.
 *
 * @requires kh == 1 and kw == 1 and pad_top == 0 and pad_left == 0 and in_c % 8 == 0
 * @requires live_shift >= 32
 * @packs w (o/16, khkwi/8, khkwi%8/4, o%16, khkwi%4)
 * @packs bias (o/16, o%16)
 * @packs mult (o/16, o%16)
 * @packs shift (o/16, o%16)
 */
#include "edgeq/conv2d_neon_dotprod.h"
#include "edgeq/conv2d_s8zw.h"

eq_conv2d_s8zw_fn EQ_SYM(eq_conv2d_s8zw__neon_dotprod_1x1);

void EQ_SYM(eq_conv2d_s8zw__neon_dotprod_1x1)(
    const int8_t *restrict x, const int8_t *restrict w, const int32_t *restrict bias,
    const int32_t *restrict mult, const int32_t *restrict shift, int8_t *restrict y,
    int8_t *restrict scratch, const eq_conv2d_s8zw_params *restrict p)
{
    (void)scratch;
    const int32_t step = p->stride_w * p->x_pixel;
    const eq_conv2d_layer_x16 layer = {
        w,       bias, mult,     shift,
        p->in_c, step, p->out_c, eq_load_range(p->zy, p->act_min, p->act_max)};
    const int whole = p->stride_h == 1 && p->x_ring == p->in_h &&
                      p->x_row == p->out_w * step && p->y_row == p->out_w * p->y_pixel;
    const int32_t rows = whole ? p->row1 - p->row0 : 1;
    for (int32_t h = p->row0; h < p->row1; h += rows)
        eq_conv2d_pixels_zw_dotprod(&layer, x + h * p->stride_h % p->x_ring * p->x_row,
                                    y + h * p->y_row, p->y_pixel, rows * p->out_w, p->zw,
                                    eq_is_single());
}
