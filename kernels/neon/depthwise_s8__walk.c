/* depthwise_s8 for NEON, any window: rows are copied with their borders, as many as fit 24 KB,
 * then sixteen channels at once walk down the window, two taps at a time.
 *
 * A column of taps is walked like a row.
 *
 * Exact: see depthwise_neon.h and rescale_neon.h; channels of the filling have weights of zero.
 *
 * @requires multiplier == 1 and min_w >= -127 and live_shift >= 32
 * @packs w (o/16, kh, kw, o%16)
 * @packs bias (o/16, o%16)
 * @packs mult (o/16, o%16)
 * @packs shift (o/16, o%16)
 * @scratch ((max(1, min(row1 - row0, 24576 / (((out_w - 1) * stride_w + (kw - 1) * dil_w + 1) * in_c * stride_h))) - 1) * stride_h + (kh - 1) * dil_h + 1) * ((out_w - 1) * stride_w + (kw - 1) * dil_w + 1) * in_c + 16
 */
#include "edgeq/conv2d_lines.h"
#include "edgeq/depthwise_neon.h"
#include "edgeq/depthwise_s8.h"

eq_depthwise_s8_fn EQ_SYM(eq_depthwise_s8__neon_walk);

void EQ_SYM(eq_depthwise_s8__neon_walk)(const int8_t *restrict x, const int8_t *restrict w,
                                        const int32_t *restrict bias,
                                        const int32_t *restrict mult,
                                        const int32_t *restrict shift, int8_t *restrict y,
                                        int8_t *restrict scratch,
                                        const eq_depthwise_s8_params *restrict p)
{
    const int32_t columns = (p->out_w - 1) * p->stride_w + (p->kw - 1) * p->dil_w + 1;
    const int32_t line = columns * p->in_c;
    const eq_lines g = {p->in_h,     p->in_w,    p->in_c,     1,        1,
                        p->stride_h, p->pad_top, p->pad_left, p->x_row, p->x_pixel,
                        p->x_ring,   p->zx,      columns};
    const int64_t down = p->dil_h * line, right = p->dil_w * p->in_c;
    const int column = p->kw == 1;
    const eq_taps_neon taps = {down, column ? down : right, column ? 1 : p->kh,
                               column ? p->kh : p->kw};
    const eq_range_s8 range = eq_load_range(p->zy, p->act_min, p->act_max);
    const int32_t fit = 24576 / (line * p->stride_h), band = fit > 1 ? fit : 1;
    for (int32_t h = p->row0; h < p->row1; h += band) {
        const int32_t left = p->row1 - h, rows = left < band ? left : band;
        for (int32_t r = 0; r < (rows - 1) * p->stride_h + (p->kh - 1) * p->dil_h + 1; ++r)
            eq_copy_line(scratch + r * line, x, h * p->stride_h - p->pad_top + r, &g);
        for (int32_t o = 0; o < p->in_c; o += 16) {
            const eq_factors_x16 f = eq_load_factors_x16(bias + o, mult + o, shift + o);
            for (int32_t r = 0; r < rows; ++r) {
                const int8_t *from = scratch + r * p->stride_h * line + o;
                int8_t *to = y + (h + r) * p->y_row + o;
                for (int32_t c = 0; c < p->out_w; ++c) {
                    const eq_sums16_neon s =
                        eq_window_x16(from, w + o * p->kh * p->kw, taps, &f);
                    eq_store_s8_x16(to, eq_finish_x16(s, &f, range, eq_is_single()),
                                    p->in_c - o);
                    from += p->stride_w * p->in_c;
                    to += p->y_pixel;
                }
            }
        }
    }
}
