/* depthwise_s8 for NEON of 32-bit Arm, any window: rows are copied with their borders, as many
 * as fit 24 KB, then eight channels at once walk down the window, two taps at a time.
 *
 * A column of taps is walked like a row.
 *
 * Exact: see depthwise_armv7.h; channels of the filling have weights of zero.
 *
 * @requires multiplier == 1 and min_w >= -127 and live_shift >= 32
 * @packs w (o/8, kh, kw, o%8)
 * @packs bias (o/8, o%8)
 * @packs mult (o/8, o%8)
 * @packs shift (o/8, o%8)
 * @scratch ((max(1, min(row1 - row0, 24576 / (((out_w - 1) * stride_w + (kw - 1) * dil_w + 1) * in_c * stride_h))) - 1) * stride_h + (kh - 1) * dil_h + 1) * ((out_w - 1) * stride_w + (kw - 1) * dil_w + 1) * in_c + 8
 * @overlap rows
 */
#include "edgeq/depthwise_armv7.h"

eq_depthwise_s8_fn EQ_SYM(eq_depthwise_s8__armv7_neon_any);

/* One row of outputs of `left` channels, of which eight are computed. */
static inline void EQ_SYM(depthwise_s8_armv7_neon_row)(const int8_t *x, int8_t *y,
                                                       const int8_t *w, int32_t left,
                                                       eq_taps_armv7 taps,
                                                       const eq_numbers8_armv7 *numbers,
                                                       const eq_depthwise_s8_params *p)
{
    for (int32_t c = 0; c < p->out_w; ++c) {
        const eq_sums8_armv7 s = eq_window8_armv7(x, w, taps, numbers);
        eq_store_s8_x8(y, eq_finish_one_armv7(s, numbers, eq_is_single()), left);
        x += p->stride_w * p->in_c;
        y += p->y_pixel;
    }
}

void EQ_SYM(eq_depthwise_s8__armv7_neon_any)(const int8_t *x, const int8_t *restrict w,
                                             const int32_t *restrict bias,
                                             const int32_t *restrict mult,
                                             const int32_t *restrict shift, int8_t *y,
                                             int8_t *restrict scratch,
                                             const eq_depthwise_s8_params *restrict p)
{
    const int32_t columns = (p->out_w - 1) * p->stride_w + (p->kw - 1) * p->dil_w + 1;
    const int32_t line = columns * p->in_c, tall = (p->kh - 1) * p->dil_h + 1;
    const eq_lines g = {p->in_h,     p->in_w,    p->in_c,     1,        1,
                        p->stride_h, p->pad_top, p->pad_left, p->x_row, p->x_pixel,
                        p->x_ring,   p->zx,      columns};
    const int32_t down = p->dil_h * line, right = p->dil_w * p->in_c;
    const int column = p->kw == 1;
    const eq_taps_armv7 taps = {down, column ? down : right, column ? 1 : p->kh,
                                column ? p->kh : p->kw};
    const int32_t fit = 24576 / (line * p->stride_h), band = fit > 1 ? fit : 1;
    for (int32_t h = p->row0; h < p->row1; h += band) {
        const int32_t left = p->row1 - h, rows = left < band ? left : band;
        for (int32_t r = 0; r < (rows - 1) * p->stride_h + tall; ++r)
            eq_copy_line(scratch + r * line, x, h * p->stride_h - p->pad_top + r, &g);
        for (int32_t o = 0; o < p->in_c; o += 8) {
            eq_numbers8_armv7 numbers;
            eq_load_numbers8_armv7(&numbers, bias + o, mult + o, shift + o, p);
            for (int32_t r = 0; r < rows; ++r)
                EQ_SYM(depthwise_s8_armv7_neon_row)
            (scratch + r * p->stride_h * line + o, y + (h + r) * p->y_row + o,
             w + o * p->kh * p->kw, p->in_c - o, taps, &numbers, p);
        }
    }
}
