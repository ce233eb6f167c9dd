/* depthwise_s8 for NEON, 3x3 without dilation: rows are copied with their borders, then
 * sixteen channels of a row at once keep their weights and factors in registers.
 *
 * The last sixteen channels go back to be whole.  With stride 1 two pixels share what they
 * both see.
 *
 * Exact: see depthwise_neon.h and rescale_neon.h.
 *
 * @requires multiplier == 1 and in_c >= 16 and kh == 3 and kw == 3 and dil_h == 1 and dil_w == 1
 * @requires min_w >= -127 and live_shift >= 32
 * @scratch 3 * ((out_w - 1) * stride_w + 3) * in_c
 */
#include "edgeq/conv2d_lines.h"
#include "edgeq/depthwise_neon.h"
#include "edgeq/depthwise_s8.h"

eq_depthwise_s8_fn EQ_SYM(eq_depthwise_s8__neon_3x3);

/* Sixteen channels of a row of `pixels` outputs, from x0, x1 and x2 in three lines. */
static inline void EQ_SYM(depthwise_s8_neon_row)(const int8_t *x0, const int8_t *x1,
                                                 const int8_t *x2, const int8_t *w,
                                                 int8_t *y, const eq_factors_x16 *f,
                                                 const eq_depthwise_s8_params *p)
{
    const int64_t c = p->in_c, step = p->stride_w * c;
    const eq_range_s8 range = eq_load_range(p->zy, p->act_min, p->act_max);
    const int8x16_t w0 = vld1q_s8(w), w1 = vld1q_s8(w + c), w2 = vld1q_s8(w + 2 * c);
    const int8x16_t w3 = vld1q_s8(w + 3 * c), w4 = vld1q_s8(w + 4 * c);
    const int8x16_t w5 = vld1q_s8(w + 5 * c), w6 = vld1q_s8(w + 6 * c);
    const int8x16_t w7 = vld1q_s8(w + 7 * c), w8 = vld1q_s8(w + 8 * c);
    int32_t n = p->out_w;
    if (p->stride_w == 1) {
        for (; n >= 2; n -= 2) {
            const int8x16_t a0 = vld1q_s8(x0), a1 = vld1q_s8(x0 + c);
            const int8x16_t a2 = vld1q_s8(x0 + 2 * c), a3 = vld1q_s8(x0 + 3 * c);
            eq_sums16_neon s = eq_tap2_x16(eq_begin_x16(f), a0, w0, a1, w1);
            eq_sums16_neon t = eq_tap2_x16(eq_begin_x16(f), a1, w0, a2, w1);
            const int8x16_t b0 = vld1q_s8(x1), b1 = vld1q_s8(x1 + c);
            const int8x16_t b2 = vld1q_s8(x1 + 2 * c), b3 = vld1q_s8(x1 + 3 * c);
            s = eq_tap2_x16(s, a2, w2, b0, w3);
            t = eq_tap2_x16(t, a3, w2, b1, w3);
            s = eq_tap2_x16(s, b1, w4, b2, w5);
            t = eq_tap2_x16(t, b2, w4, b3, w5);
            const int8x16_t c0 = vld1q_s8(x2), c1 = vld1q_s8(x2 + c);
            const int8x16_t c2 = vld1q_s8(x2 + 2 * c), c3 = vld1q_s8(x2 + 3 * c);
            s = eq_tap1_x16(eq_tap2_x16(s, c0, w6, c1, w7), c2, w8);
            t = eq_tap1_x16(eq_tap2_x16(t, c1, w6, c2, w7), c3, w8);
            vst1q_s8(y, eq_finish_x16(s, f, range, eq_is_single()));
            vst1q_s8(y + p->y_pixel, eq_finish_x16(t, f, range, eq_is_single()));
            x0 += 2 * c;
            x1 += 2 * c;
            x2 += 2 * c;
            y += 2 * p->y_pixel;
        }
    }
    for (; n > 0; --n) {
        eq_sums16_neon s = eq_begin_x16(f);
        s = eq_tap2_x16(s, vld1q_s8(x0), w0, vld1q_s8(x0 + c), w1);
        s = eq_tap2_x16(s, vld1q_s8(x0 + 2 * c), w2, vld1q_s8(x1), w3);
        s = eq_tap2_x16(s, vld1q_s8(x1 + c), w4, vld1q_s8(x1 + 2 * c), w5);
        s = eq_tap2_x16(s, vld1q_s8(x2), w6, vld1q_s8(x2 + c), w7);
        s = eq_tap1_x16(s, vld1q_s8(x2 + 2 * c), w8);
        vst1q_s8(y, eq_finish_x16(s, f, range, eq_is_single()));
        x0 += step;
        x1 += step;
        x2 += step;
        y += p->y_pixel;
    }
}

void EQ_SYM(eq_depthwise_s8__neon_3x3)(const int8_t *restrict x, const int8_t *restrict w,
                                       const int32_t *restrict bias,
                                       const int32_t *restrict mult,
                                       const int32_t *restrict shift, int8_t *restrict y,
                                       int8_t *restrict scratch,
                                       const eq_depthwise_s8_params *restrict p)
{
    const int32_t columns = (p->out_w - 1) * p->stride_w + 3, line = columns * p->in_c;
    const eq_lines g = {p->in_h,     p->in_w,    p->in_c,     3,        1,
                        p->stride_h, p->pad_top, p->pad_left, p->x_row, p->x_pixel,
                        p->x_ring,   p->zx,      columns};
    int32_t next = p->row0 * p->stride_h - p->pad_top;
    for (int32_t h = p->row0; h < p->row1; ++h) {
        const int32_t top = h * p->stride_h - p->pad_top;
        for (next = next < top ? top : next; next < top + 3; ++next)
            eq_copy_line(scratch + (next + 3) % 3 * line, x, next, &g);
        const int8_t *x0 = scratch + (top + 3) % 3 * line;
        const int8_t *x1 = scratch + (top + 4) % 3 * line;
        const int8_t *x2 = scratch + (top + 5) % 3 * line;
        for (int32_t i = 0; i < p->in_c; i += 16) {
            const int32_t o = i + 16 <= p->in_c ? i : p->in_c - 16;
            const eq_factors_x16 f = eq_load_factors_x16(bias + o, mult + o, shift + o);
            EQ_SYM(depthwise_s8_neon_row)
            (x0 + o, x1 + o, x2 + o, w + o, y + h * p->y_row + o, &f, p);
        }
    }
}
