/* depthwise_s8 for NEON of 32-bit Arm, 3x3 without dilation: rows are copied with their borders,
 * as many as fit 24 KB, then eight channels of these at once keep weights and factors in
 * registers.
 *
 * The last eight channels go back to be whole.  With stride 1 two pixels share what they both
 * see.
 *
 * Exact: see depthwise_armv7.h.
 *
 * @requires multiplier == 1 and in_c >= 8
 * @requires kh == 3 and kw == 3 and dil_h == 1 and dil_w == 1
 * @requires min_w >= -127 and live_shift >= 32
 * @scratch ((max(1, min(row1 - row0, 24576 / (((out_w - 1) * stride_w + 3) * in_c * stride_h))) - 1) * stride_h + 3) * ((out_w - 1) * stride_w + 3) * in_c
 * @overlap rows
 */
#include "edgeq/depthwise_armv7.h"

eq_depthwise_s8_fn EQ_SYM(eq_depthwise_s8__armv7_neon_3x3);

/* Eight channels of `rows` rows of outputs, x_row bytes of x and y_row of y apart. */
static inline void EQ_SYM(depthwise_s8_armv7_neon_rows)(const int8_t *x, int8_t *y,
                                                        const eq_nine_armv7 *w,
                                                        const eq_numbers8_armv7 *numbers,
                                                        eq_row3_armv7 g, int32_t x_row,
                                                        int32_t y_row, int32_t rows)
{
    for (; rows > 0; --rows) {
        const int32_t paired = g.step == g.tap ? g.n & ~1 : 0;
        eq_row3_armv7 rest = g;
        rest.n = g.n - paired;
        if (paired > 0)
            eq_depthwise3_two_armv7(x, y, w, numbers, g);
        eq_depthwise3_one_armv7(x + paired * g.tap, y + paired * g.y_step, w, numbers,
                                rest);
        x += x_row;
        y += y_row;
    }
}

void EQ_SYM(eq_depthwise_s8__armv7_neon_3x3)(const int8_t *x, const int8_t *restrict w,
                                             const int32_t *restrict bias,
                                             const int32_t *restrict mult,
                                             const int32_t *restrict shift, int8_t *y,
                                             int8_t *restrict scratch,
                                             const eq_depthwise_s8_params *restrict p)
{
    const int32_t columns = (p->out_w - 1) * p->stride_w + 3, line = columns * p->in_c;
    const eq_lines g = {p->in_h,     p->in_w,    p->in_c,     3,        1,
                        p->stride_h, p->pad_top, p->pad_left, p->x_row, p->x_pixel,
                        p->x_ring,   p->zx,      columns};
    const eq_row3_armv7 row = {p->in_c,  p->stride_w * p->in_c, line, p->y_pixel,
                               p->out_w, eq_is_single()};
    const int32_t fit = 24576 / (line * p->stride_h), band = fit > 1 ? fit : 1;
    for (int32_t h = p->row0; h < p->row1; h += band) {
        const int32_t left = p->row1 - h, rows = left < band ? left : band;
        for (int32_t r = 0; r < (rows - 1) * p->stride_h + 3; ++r)
            eq_copy_line(scratch + r * line, x, h * p->stride_h - p->pad_top + r, &g);
        for (int32_t i = 0; i < p->in_c; i += 8) {
            const int32_t o = i + 8 <= p->in_c ? i : p->in_c - 8, c = p->in_c;
            const int8_t *v = w + o;
            const eq_nine_armv7 nine = {
                vld1_s8(v),         vld1_s8(v + c),     vld1_s8(v + 2 * c),
                vld1_s8(v + 3 * c), vld1_s8(v + 4 * c), vld1_s8(v + 5 * c),
                vld1_s8(v + 6 * c), vld1_s8(v + 7 * c), vld1_s8(v + 8 * c)};
            eq_numbers8_armv7 numbers;
            eq_load_numbers8_armv7(&numbers, bias + o, mult + o, shift + o, p);
            EQ_SYM(depthwise_s8_armv7_neon_rows)
            (scratch + o, y + h * p->y_row + o, &nine, &numbers, row, p->stride_h * line,
             p->y_row, rows);
        }
    }
}
