/* What the depthwise convolutions for NEON share: sixteen channels at once.
 *
 * SMULL and SMLAL put the products of two taps into int16 lanes, SADDW adds those to int32.
 *
 * Exact: weights are at least -127, so two products are within 2 * 128 * 127 < 2^15; partial
 * sums in any order fit int32 by the contract's proof.
 */
#ifndef EDGEQ_DEPTHWISE_NEON_H
#define EDGEQ_DEPTHWISE_NEON_H

#include "edgeq/sums_neon.h"

static inline eq_sums16_neon eq_add_x16(eq_sums16_neon s, int16x8_t low, int16x8_t high)
{
    s.a = vaddw_s16(s.a, vget_low_s16(low));
    s.b = vaddw_high_s16(s.b, low);
    s.c = vaddw_s16(s.c, vget_low_s16(high));
    s.d = vaddw_high_s16(s.d, high);
    return s;
}

/* One tap. */
static inline eq_sums16_neon eq_tap1_x16(eq_sums16_neon s, int8x16_t x, int8x16_t w)
{
    return eq_add_x16(s, vmull_s8(vget_low_s8(x), vget_low_s8(w)), vmull_high_s8(x, w));
}

/* Two taps. */
static inline eq_sums16_neon eq_tap2_x16(eq_sums16_neon s, int8x16_t x, int8x16_t w,
                                         int8x16_t x1, int8x16_t w1)
{
    int16x8_t low = vmull_s8(vget_low_s8(x), vget_low_s8(w));
    int16x8_t high = vmull_high_s8(x, w);
    low = vmlal_s8(low, vget_low_s8(x1), vget_low_s8(w1));
    high = vmlal_high_s8(high, x1, w1);
    return eq_add_x16(s, low, high);
}

/* Sums of x itself, sixteen channels: what a zero point of the weights is multiplied with.
 * Those of 255 taps fit int16. */
typedef struct {
    int16x8_t low, high;
} eq_box_neon;

static inline eq_box_neon eq_box2_x16(int8x16_t x, int8x16_t x1)
{
    const eq_box_neon b = {vaddl_s8(vget_low_s8(x), vget_low_s8(x1)), vaddl_high_s8(x, x1)};
    return b;
}

static inline eq_box_neon eq_box_add_x16(eq_box_neon b, int8x16_t x)
{
    b.low = vaddw_s8(b.low, vget_low_s8(x));
    b.high = vaddw_high_s8(b.high, x);
    return b;
}

/* Sums less zw times those of x. */
static inline eq_sums16_neon eq_less_x16(eq_sums16_neon s, eq_box_neon b, int16_t zw)
{
    s.a = vmlsl_n_s16(s.a, vget_low_s16(b.low), zw);
    s.b = vmlsl_high_n_s16(s.b, b.low, zw);
    s.c = vmlsl_n_s16(s.c, vget_low_s16(b.high), zw);
    s.d = vmlsl_high_n_s16(s.d, b.high, zw);
    return s;
}

/* The nine weights of a 3x3 window. */
typedef struct {
    int8x16_t w0, w1, w2, w3, w4, w5, w6, w7, w8;
} eq_nine_neon;

/* Rows of vectors of sixteen bytes of x and y.  In bytes: `tap` from tap to tap of a window,
 * `step` from vector to vector of x and `y_step` of y, `line` from line to line, `x_row` and
 * `y_row` from row to row of outputs. */
typedef struct {
    int64_t tap, step, line, x_row, y_step, y_row;
    int32_t n, rows;
    int single;
    int has_zw; /* weights have a zero point */
    int16_t zw; /* which is this */
} eq_rows3_neon;

/* The sums of a window, the lines of which are at x0, x1 and x2. */
static inline eq_sums16_neon eq_window3_x16(const int8_t *x0, const int8_t *x1,
                                            const int8_t *x2, int64_t tap,
                                            const eq_nine_neon *w, const eq_factors_x16 *f)
{
    eq_sums16_neon s = eq_begin_x16(f);
    s = eq_tap2_x16(s, vld1q_s8(x0), w->w0, vld1q_s8(x0 + tap), w->w1);
    s = eq_tap2_x16(s, vld1q_s8(x0 + 2 * tap), w->w2, vld1q_s8(x1), w->w3);
    s = eq_tap2_x16(s, vld1q_s8(x1 + tap), w->w4, vld1q_s8(x1 + 2 * tap), w->w5);
    s = eq_tap2_x16(s, vld1q_s8(x2), w->w6, vld1q_s8(x2 + tap), w->w7);
    return eq_tap1_x16(s, vld1q_s8(x2 + 2 * tap), w->w8);
}

/* The sum of such a window. */
static inline eq_box_neon eq_box3_x16(const int8_t *x0, const int8_t *x1, const int8_t *x2,
                                      int64_t tap)
{
    eq_box_neon b = eq_box2_x16(vld1q_s8(x0), vld1q_s8(x0 + tap));
    b = eq_box_add_x16(eq_box_add_x16(b, vld1q_s8(x0 + 2 * tap)), vld1q_s8(x1));
    b = eq_box_add_x16(eq_box_add_x16(b, vld1q_s8(x1 + tap)), vld1q_s8(x1 + 2 * tap));
    b = eq_box_add_x16(eq_box_add_x16(b, vld1q_s8(x2)), vld1q_s8(x2 + tap));
    return eq_box_add_x16(b, vld1q_s8(x2 + 2 * tap));
}

/* 3x3 windows; where step is tap, two outputs share what they both see. */
static inline void eq_depthwise3_neon(const int8_t *x, int8_t *y, const eq_nine_neon *w,
                                      const eq_factors_x16 *f, eq_range_s8 range,
                                      eq_rows3_neon g)
{
    for (int32_t r = 0; r < g.rows; ++r) {
        const int8_t *x0 = x, *x1 = x0 + g.line, *x2 = x1 + g.line;
        int8_t *to = y;
        int32_t n = g.n;
        for (; n >= 2 && g.step == g.tap; n -= 2) {
            const int8x16_t a0 = vld1q_s8(x0), a1 = vld1q_s8(x0 + g.tap);
            const int8x16_t a2 = vld1q_s8(x0 + 2 * g.tap), a3 = vld1q_s8(x0 + 3 * g.tap);
            eq_sums16_neon s = eq_tap2_x16(eq_begin_x16(f), a0, w->w0, a1, w->w1);
            eq_sums16_neon t = eq_tap2_x16(eq_begin_x16(f), a1, w->w0, a2, w->w1);
            const int8x16_t b0 = vld1q_s8(x1), b1 = vld1q_s8(x1 + g.tap);
            const int8x16_t b2 = vld1q_s8(x1 + 2 * g.tap), b3 = vld1q_s8(x1 + 3 * g.tap);
            s = eq_tap2_x16(s, a2, w->w2, b0, w->w3);
            t = eq_tap2_x16(t, a3, w->w2, b1, w->w3);
            s = eq_tap2_x16(s, b1, w->w4, b2, w->w5);
            t = eq_tap2_x16(t, b2, w->w4, b3, w->w5);
            const int8x16_t c0 = vld1q_s8(x2), c1 = vld1q_s8(x2 + g.tap);
            const int8x16_t c2 = vld1q_s8(x2 + 2 * g.tap), c3 = vld1q_s8(x2 + 3 * g.tap);
            s = eq_tap1_x16(eq_tap2_x16(s, c0, w->w6, c1, w->w7), c2, w->w8);
            t = eq_tap1_x16(eq_tap2_x16(t, c1, w->w6, c2, w->w7), c3, w->w8);
            if (g.has_zw) {
                eq_box_neon both = eq_box_add_x16(eq_box2_x16(a1, a2), b1);
                both = eq_box_add_x16(eq_box_add_x16(both, b2), c1);
                both = eq_box_add_x16(both, c2);
                const eq_box_neon first = eq_box_add_x16(eq_box_add_x16(both, a0), b0);
                const eq_box_neon second = eq_box_add_x16(eq_box_add_x16(both, a3), b3);
                s = eq_less_x16(s, eq_box_add_x16(first, c0), g.zw);
                t = eq_less_x16(t, eq_box_add_x16(second, c3), g.zw);
            }
            vst1q_s8(to, eq_finish_x16(s, f, range, g.single));
            vst1q_s8(to + g.y_step, eq_finish_x16(t, f, range, g.single));
            x0 += 2 * g.step;
            x1 += 2 * g.step;
            x2 += 2 * g.step;
            to += 2 * g.y_step;
        }
        for (; n > 0; --n) {
            eq_sums16_neon s = eq_window3_x16(x0, x1, x2, g.tap, w, f);
            if (g.has_zw)
                s = eq_less_x16(s, eq_box3_x16(x0, x1, x2, g.tap), g.zw);
            vst1q_s8(to, eq_finish_x16(s, f, range, g.single));
            x0 += g.step;
            x1 += g.step;
            x2 += g.step;
            to += g.y_step;
        }
        x += g.x_row;
        y += g.y_row;
    }
}

/* Any window: `outer` times `inner` taps of x, in bytes `outer_step` and `inner_step` apart;
 * weights one behind the other, sixteen channels each. */
typedef struct {
    int64_t outer_step, inner_step;
    int32_t outer, inner;
} eq_taps_neon;

static inline eq_sums16_neon eq_window_x16(const int8_t *x, const int8_t *w, eq_taps_neon g,
                                           const eq_factors_x16 *f)
{
    eq_sums16_neon s = eq_begin_x16(f);
    for (int32_t a = g.outer; a > 0; --a) {
        const int8_t *from = x;
        int32_t b = g.inner;
        for (; b >= 2; b -= 2) {
            const int8x16_t w0 = vld1q_s8(w), w1 = vld1q_s8(w + 16);
            s = eq_tap2_x16(s, vld1q_s8(from), w0, vld1q_s8(from + g.inner_step), w1);
            from += 2 * g.inner_step;
            w += 32;
        }
        if (b > 0) {
            s = eq_tap1_x16(s, vld1q_s8(from), vld1q_s8(w));
            w += 16;
        }
        x += g.outer_step;
    }
    return s;
}

#endif
