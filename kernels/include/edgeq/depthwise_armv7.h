/* What the depthwise convolutions for NEON of 32-bit Arm share: eight channels at once, whose
 * weights and factors stay in registers.
 *
 * VMULL and VMLAL put the products of two taps into int16 lanes, VADDW adds those to int32.
 *
 * Exact: weights are at least -127, so two products are within 2 * 128 * 127 < 2^15; partial
 * sums in any order fit int32 by the contract's proof.  See rescale_neon.h for the rest.
 */
#ifndef EDGEQ_DEPTHWISE_ARMV7_H
#define EDGEQ_DEPTHWISE_ARMV7_H

#include "edgeq/neon_armv7.h"

#include "edgeq/conv2d_lines.h"
#include "edgeq/depthwise_s8.h"
#include "edgeq/rescale_neon.h"

/* Sums of eight channels, and their biases and factors. */
typedef struct {
    int32x4_t a, b;
} eq_sums8_armv7;

typedef struct {
    eq_factors_x4 a, b;
} eq_factors8_armv7;

/* The nine weights of a 3x3 window. */
typedef struct {
    int8x8_t w0, w1, w2, w3, w4, w5, w6, w7, w8;
} eq_nine_armv7;

static inline eq_factors8_armv7
eq_load_factors8_armv7(const int32_t *bias, const int32_t *mult, const int32_t *shift)
{
    const eq_factors8_armv7 f = {eq_load_factors(bias, mult, shift),
                                 eq_load_factors(bias + 4, mult + 4, shift + 4)};
    return f;
}

static inline eq_sums8_armv7 eq_add8_armv7(eq_sums8_armv7 s, int16x8_t t)
{
    s.a = vaddw_s16(s.a, vget_low_s16(t));
    s.b = vaddw_s16(s.b, vget_high_s16(t));
    return s;
}

/* Two taps. */
static inline eq_sums8_armv7 eq_tap2_armv7(eq_sums8_armv7 s, int8x8_t x, int8x8_t w,
                                           int8x8_t x1, int8x8_t w1)
{
    return eq_add8_armv7(s, vmlal_s8(vmull_s8(x, w), x1, w1));
}

/* One tap. */
static inline eq_sums8_armv7 eq_tap1_armv7(eq_sums8_armv7 s, int8x8_t x, int8x8_t w)
{
    return eq_add8_armv7(s, vmull_s8(x, w));
}

static inline eq_sums8_armv7 eq_rescale8_armv7(eq_sums8_armv7 s, const eq_factors8_armv7 *f,
                                               int single)
{
    s.a = eq_rescale_x4(s.a, f->a, single);
    s.b = eq_rescale_x4(s.b, f->b, single);
    return s;
}

/* The next window's column of a line. */
static inline int8x8_t eq_next8_armv7(const int8_t **x, int32_t step)
{
    const int8x8_t v = vld1_s8(*x);
    *x += step;
    return v;
}

/* Rows of outputs.  In bytes: `tap` from pixel to pixel of x, `step` from window to window,
 * `line` from line to line, `y_step` from output to output. */
typedef struct {
    int32_t tap, step, line, y_step, n;
    int single;
} eq_row3_armv7;

/* Outputs two by two, which share what they both see. */
static inline void eq_depthwise3_two_armv7(const int8_t *x, int8_t *y,
                                           const eq_nine_armv7 *w, const int32_t *bias,
                                           const eq_factors8_armv7 *f, eq_range_s8 range,
                                           eq_row3_armv7 g)
{
    const int8_t *x0 = x, *x1 = x0 + g.line, *x2 = x1 + g.line;
    const eq_sums8_armv7 none = {vld1q_s32(bias), vld1q_s32(bias + 4)};
    for (int32_t n = g.n; n >= 2; n -= 2) {
        const int8_t *a = x0, *b = x1, *c = x2;
        const int8x8_t a0 = eq_next8_armv7(&a, g.tap), a1 = eq_next8_armv7(&a, g.tap);
        const int8x8_t a2 = eq_next8_armv7(&a, g.tap), a3 = vld1_s8(a);
        eq_sums8_armv7 s = eq_tap2_armv7(none, a0, w->w0, a1, w->w1);
        eq_sums8_armv7 t = eq_tap2_armv7(none, a1, w->w0, a2, w->w1);
        const int8x8_t b0 = eq_next8_armv7(&b, g.tap), b1 = eq_next8_armv7(&b, g.tap);
        const int8x8_t b2 = eq_next8_armv7(&b, g.tap), b3 = vld1_s8(b);
        s = eq_tap2_armv7(s, a2, w->w2, b0, w->w3);
        t = eq_tap2_armv7(t, a3, w->w2, b1, w->w3);
        s = eq_tap2_armv7(s, b1, w->w4, b2, w->w5);
        t = eq_tap2_armv7(t, b2, w->w4, b3, w->w5);
        const int8x8_t c0 = eq_next8_armv7(&c, g.tap), c1 = eq_next8_armv7(&c, g.tap);
        const int8x8_t c2 = eq_next8_armv7(&c, g.tap), c3 = vld1_s8(c);
        s = eq_tap1_armv7(eq_tap2_armv7(s, c0, w->w6, c1, w->w7), c2, w->w8);
        t = eq_tap1_armv7(eq_tap2_armv7(t, c1, w->w6, c2, w->w7), c3, w->w8);
        s = eq_rescale8_armv7(s, f, g.single);
        t = eq_rescale8_armv7(t, f, g.single);
        const int8x16_t v = eq_narrow_s8_x16(s.a, s.b, t.a, t.b, range);
        vst1_s8(y, vget_low_s8(v));
        vst1_s8(y + g.y_step, vget_high_s8(v));
        x0 += 2 * g.tap;
        x1 += 2 * g.tap;
        x2 += 2 * g.tap;
        y += 2 * g.y_step;
    }
}

/* Outputs one by one. */
static inline void eq_depthwise3_one_armv7(const int8_t *x, int8_t *y,
                                           const eq_nine_armv7 *w, const int32_t *bias,
                                           const eq_factors8_armv7 *f, eq_range_s8 range,
                                           eq_row3_armv7 g)
{
    const int8_t *x0 = x, *x1 = x0 + g.line, *x2 = x1 + g.line;
    const eq_sums8_armv7 none = {vld1q_s32(bias), vld1q_s32(bias + 4)};
    for (int32_t n = g.n; n > 0; --n) {
        const int8_t *a = x0, *b = x1, *c = x2;
        const int8x8_t a0 = eq_next8_armv7(&a, g.tap), a1 = eq_next8_armv7(&a, g.tap);
        eq_sums8_armv7 s = eq_tap2_armv7(none, a0, w->w0, a1, w->w1);
        s = eq_tap2_armv7(s, vld1_s8(a), w->w2, eq_next8_armv7(&b, g.tap), w->w3);
        const int8x8_t b1 = eq_next8_armv7(&b, g.tap);
        s = eq_tap2_armv7(s, b1, w->w4, vld1_s8(b), w->w5);
        const int8x8_t c0 = eq_next8_armv7(&c, g.tap), c1 = eq_next8_armv7(&c, g.tap);
        s = eq_tap2_armv7(s, c0, w->w6, c1, w->w7);
        s = eq_rescale8_armv7(eq_tap1_armv7(s, vld1_s8(c), w->w8), f, g.single);
        vst1_s8(y, eq_narrow_s8_x8(s.a, s.b, range));
        x0 += g.step;
        x1 += g.step;
        x2 += g.step;
        y += g.y_step;
    }
}

#endif
