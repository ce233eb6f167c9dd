/* depthwise_s8 for NEON with dot products, 3x3 without dilation: rows are copied with their
 * borders, as many as fit 24 KB, then sixteen channels of these at once keep their weights in
 * registers.
 *
 * Exact: see depthwise_neon_dotprod.h and rescale_neon.h.
 *
 * @requires multiplier == 1 and in_c % 16 == 0 and stride_w <= 2
 * @requires kh == 3 and kw == 3 and dil_h == 1 and dil_w == 1 and live_shift >= 32
 * @packs w (o/16, kw, kh/4, o%16, kh%4)
 * @packs bias (o/16, o%16)
 * @packs mult (o/16, o%16)
 * @packs shift (o/16, o%16)
 * @scratch ((max(1, min(row1 - row0, 24576 / (((out_w - 1) * stride_w + 3) * in_c * stride_h))) - 1) * stride_h + 3) * ((out_w - 1) * stride_w + 3) * in_c
 */
#include "edgeq/conv2d_lines.h"
#include "edgeq/depthwise_neon_dotprod.h"
#include "edgeq/depthwise_s8.h"

eq_depthwise_s8_fn EQ_SYM(eq_depthwise_s8__neon_dotprod_3x3);

void EQ_SYM(eq_depthwise_s8__neon_dotprod_3x3)(
    const int8_t *restrict x, const int8_t *restrict w, const int32_t *restrict bias,
    const int32_t *restrict mult, const int32_t *restrict shift, int8_t *restrict y,
    int8_t *restrict scratch, const eq_depthwise_s8_params *restrict p)
{
    const int32_t columns = (p->out_w - 1) * p->stride_w + 3, line = columns * p->in_c;
    const eq_lines g = {p->in_h,     p->in_w,    p->in_c,     3,        1,
                        p->stride_h, p->pad_top, p->pad_left, p->x_row, p->x_pixel,
                        p->x_ring,   p->zx,      columns};
    const eq_range_s8 range = eq_load_range(p->zy, p->act_min, p->act_max);
    const int32_t fit = 24576 / (line * p->stride_h), band = fit > 1 ? fit : 1;
    for (int32_t h = p->row0; h < p->row1; h += band) {
        const int32_t left = p->row1 - h, rows = left < band ? left : band;
        for (int32_t r = 0; r < (rows - 1) * p->stride_h + 3; ++r)
            eq_copy_line(scratch + r * line, x, h * p->stride_h - p->pad_top + r, &g);
        const eq_image3_neon q = {p->in_c,    line,     p->stride_h * line,
                                  p->y_pixel, p->y_row, p->stride_w,
                                  p->out_w,   rows,     eq_is_single()};
        for (int32_t o = 0; o < p->in_c; o += 16) {
            const eq_factors_x16 f = eq_load_factors_x16(bias + o, mult + o, shift + o);
            eq_depthwise3_dotprod(scratch + o, y + h * p->y_row + o, w + 12 * o, &f, range,
                                  &q);
        }
    }
}
