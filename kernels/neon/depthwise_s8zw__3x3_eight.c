/* depthwise_s8zw for NEON, 3x3 without dilation, eight channels: two pixels that are
 * neighbours make a vector of sixteen bytes.  Rows are copied with their borders, as many as
 * fit 24 KB.
 *
 * The zero point of the weights is multiplied with the sums of windows.
 *
 * Exact: see depthwise_neon.h and rescale_neon.h.
 *
 * @requires multiplier == 1 and in_c == 8 and stride_w == 1 and out_w % 2 == 0 and y_pixel == 8
 * @requires kh == 3 and kw == 3 and dil_h == 1 and dil_w == 1
 * @requires min_w + zw >= -127 and live_shift >= 32
 * @scratch ((max(1, min(row1 - row0, 24576 / (((out_w - 1) * stride_w + 3) * in_c * stride_h))) - 1) * stride_h + 3) * ((out_w - 1) * stride_w + 3) * in_c
 */
#include "edgeq/conv2d_lines.h"
#include "edgeq/depthwise_neon.h"
#include "edgeq/depthwise_s8zw.h"

eq_depthwise_s8zw_fn EQ_SYM(eq_depthwise_s8zw__neon_3x3_eight);

/* Eight weights twice. */
static inline int8x16_t EQ_SYM(depthwise_s8zw_neon_twice)(const int8_t *w)
{
    return vcombine_s8(vld1_s8(w), vld1_s8(w));
}

void EQ_SYM(eq_depthwise_s8zw__neon_3x3_eight)(
    const int8_t *restrict x, const int8_t *restrict w, const int32_t *restrict bias,
    const int32_t *restrict mult, const int32_t *restrict shift, int8_t *restrict y,
    int8_t *restrict scratch, const eq_depthwise_s8zw_params *restrict p)
{
    const int32_t columns = (p->out_w - 1) * p->stride_w + 3, line = columns * p->in_c;
    const eq_lines g = {p->in_h,     p->in_w,    p->in_c,     3,        1,
                        p->stride_h, p->pad_top, p->pad_left, p->x_row, p->x_pixel,
                        p->x_ring,   p->zx,      columns};
    const eq_range_s8 range = eq_load_range(p->zy, p->act_min, p->act_max);
    const int32_t fit = 24576 / (line * p->stride_h), band = fit > 1 ? fit : 1;
    const eq_nine_neon nine = {EQ_SYM(depthwise_s8zw_neon_twice)(w + 0),
                               EQ_SYM(depthwise_s8zw_neon_twice)(w + 8),
                               EQ_SYM(depthwise_s8zw_neon_twice)(w + 16),
                               EQ_SYM(depthwise_s8zw_neon_twice)(w + 24),
                               EQ_SYM(depthwise_s8zw_neon_twice)(w + 32),
                               EQ_SYM(depthwise_s8zw_neon_twice)(w + 40),
                               EQ_SYM(depthwise_s8zw_neon_twice)(w + 48),
                               EQ_SYM(depthwise_s8zw_neon_twice)(w + 56),
                               EQ_SYM(depthwise_s8zw_neon_twice)(w + 64)};
    const eq_factors_x4 low = eq_load_factors(bias, mult, shift);
    const eq_factors_x4 high = eq_load_factors(bias + 4, mult + 4, shift + 4);
    const eq_factors_x16 f = {low, high, low, high};
    for (int32_t h = p->row0; h < p->row1; h += band) {
        const int32_t left = p->row1 - h, rows = left < band ? left : band;
        for (int32_t r = 0; r < (rows - 1) * p->stride_h + 3; ++r)
            eq_copy_line(scratch + r * line, x, h * p->stride_h - p->pad_top + r, &g);
        const eq_rows3_neon q = {8,
                                 16,
                                 line,
                                 p->stride_h * line,
                                 16,
                                 p->y_row,
                                 p->out_w / 2,
                                 rows,
                                 eq_is_single(),
                                 1,
                                 (int16_t)p->zw};
        eq_depthwise3_neon(scratch, y + h * p->y_row, &nine, &f, range, q);
    }
}
