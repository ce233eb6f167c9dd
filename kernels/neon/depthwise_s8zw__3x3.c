/* depthwise_s8zw for NEON, 3x3 without dilation: rows are copied with their borders, as many as
 * fit 24 KB, then sixteen channels of these at once keep weights and factors in registers.
 *
 * The last sixteen channels go back to be whole.  With stride 1 two pixels share what they
 * both see.
 *
 * The zero point of the weights is multiplied with the sums of windows.
 *
 * Exact: see depthwise_neon.h and rescale_neon.h.
 *
 * @requires multiplier == 1 and in_c >= 16
 * @requires kh == 3 and kw == 3 and dil_h == 1 and dil_w == 1
 * @requires min_w + zw >= -127 and live_shift >= 32
 * @scratch ((max(1, min(row1 - row0, 24576 / (((out_w - 1) * stride_w + 3) * in_c * stride_h))) - 1) * stride_h + 3) * ((out_w - 1) * stride_w + 3) * in_c
 */
#include "edgeq/conv2d_lines.h"
#include "edgeq/depthwise_neon.h"
#include "edgeq/depthwise_s8zw.h"

eq_depthwise_s8zw_fn EQ_SYM(eq_depthwise_s8zw__neon_3x3);

void EQ_SYM(eq_depthwise_s8zw__neon_3x3)(const int8_t *restrict x, const int8_t *restrict w,
                                         const int32_t *restrict bias,
                                         const int32_t *restrict mult,
                                         const int32_t *restrict shift, int8_t *restrict y,
                                         int8_t *restrict scratch,
                                         const eq_depthwise_s8zw_params *restrict p)
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
        const eq_rows3_neon q = {p->in_c,        p->stride_w * p->in_c,
                                 line,           p->stride_h * line,
                                 p->y_pixel,     p->y_row,
                                 p->out_w,       rows,
                                 eq_is_single(), 1,
                                 (int16_t)p->zw};
        for (int32_t i = 0; i < p->in_c; i += 16) {
            const int32_t o = i + 16 <= p->in_c ? i : p->in_c - 16, c = p->in_c;
            const int8_t *v = w + o;
            const eq_nine_neon nine = {
                vld1q_s8(v),         vld1q_s8(v + c),     vld1q_s8(v + 2 * c),
                vld1q_s8(v + 3 * c), vld1q_s8(v + 4 * c), vld1q_s8(v + 5 * c),
                vld1q_s8(v + 6 * c), vld1q_s8(v + 7 * c), vld1q_s8(v + 8 * c)};
            const eq_factors_x16 f = eq_load_factors_x16(bias + o, mult + o, shift + o);
            eq_depthwise3_neon(scratch + o, y + h * p->y_row + o, &nine, &f, range, q);
        }
    }
}
