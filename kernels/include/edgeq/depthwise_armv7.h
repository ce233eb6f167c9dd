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

/* Sums of eight channels. */
typedef struct {
    int32x4_t a, b;
} eq_sums8_armv7;

/* The nine weights of a 3x3 window. */
typedef struct {
    int8x8_t w0, w1, w2, w3, w4, w5, w6, w7, w8;
} eq_nine_armv7;

/* What eight channels need after their sums, in the order of its use. */
typedef struct {
    int32_t bias[8], mult[8], down[8];
    int16_t zy[8];
    int8_t lo[16], hi[16];
} eq_numbers8_armv7;

static inline void eq_load_numbers8_armv7(eq_numbers8_armv7 *n, const int32_t *bias,
                                          const int32_t *mult, const int32_t *shift,
                                          const eq_depthwise_s8_params *p)
{
    for (int32_t i = 0; i < 8; ++i) {
        n->bias[i] = bias[i];
        n->mult[i] = mult[i];
        n->down[i] = 31 - shift[i];
        n->zy[i] = (int16_t)p->zy;
    }
    memset(n->lo, p->act_min, 16);
    memset(n->hi, p->act_max, 16);
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

/* The next four numbers.  VLD1 knows no offsets, so numbers are read in order. */
static inline int32x4_t eq_next_numbers_armv7(const int32_t **p)
{
    const int32x4_t v = vld1q_s32(*p);
    *p += 4;
    __asm__ volatile("" : "+r"(*p) : : "memory");
    return v;
}

/* The next window's column of a line. */
static inline int8x8_t eq_next8_armv7(const int8_t **x, int32_t step)
{
    const int8x8_t v = vld1_s8(*x);
    *x += step;
    __asm__ volatile("" : "+r"(*x) : : "memory");
    return v;
}

/* Sixteen bytes of two outputs from their sums; numbers are read from the factors on. */
static inline int8x16_t eq_finish_two_armv7(eq_sums8_armv7 s, eq_sums8_armv7 t,
                                            const int32_t *numbers, int single)
{
    const eq_factors_x4 none = {vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0)};
    eq_factors_x4 f = none, g = none;
    f.mult = eq_next_numbers_armv7(&numbers);
    g.mult = eq_next_numbers_armv7(&numbers);
    f.down = eq_next_numbers_armv7(&numbers);
    g.down = eq_next_numbers_armv7(&numbers);
    const int32x4_t sa = eq_rescale_x4(s.a, f, single), ta = eq_rescale_x4(t.a, f, single);
    const int32x4_t sb = eq_rescale_x4(s.b, g, single), tb = eq_rescale_x4(t.b, g, single);
    eq_range_s8 range;
    range.zy = vreinterpretq_s16_s32(eq_next_numbers_armv7(&numbers));
    range.lo = vreinterpretq_s8_s32(eq_next_numbers_armv7(&numbers));
    range.hi = vreinterpretq_s8_s32(vld1q_s32(numbers));
    return eq_narrow_s8_x16(sa, sb, ta, tb, range);
}

/* Rows of outputs.  In bytes: `tap` from pixel to pixel of x, `step` from window to window,
 * `line` from line to line, `y_step` from output to output. */
typedef struct {
    int32_t tap, step, line, y_step, n;
    int single;
} eq_row3_armv7;

/* Outputs two by two, which share what they both see. */
static inline void eq_depthwise3_two_armv7(const int8_t *x, int8_t *y,
                                           const eq_nine_armv7 *w,
                                           const eq_numbers8_armv7 *numbers,
                                           eq_row3_armv7 g)
{
    const int8_t *x0 = x, *x1 = x0 + g.line, *x2 = x1 + g.line;
    for (int32_t n = g.n; n >= 2; n -= 2) {
        const int32_t *next = numbers->bias;
        eq_sums8_armv7 none;
        none.a = eq_next_numbers_armv7(&next);
        none.b = eq_next_numbers_armv7(&next);
        const int8x8_t a0 = eq_next8_armv7(&x0, g.tap), a1 = eq_next8_armv7(&x0, g.tap);
        const int8x8_t a2 = vld1_s8(x0), a3 = vld1_s8(x0 + g.tap);
        eq_sums8_armv7 s = eq_tap2_armv7(none, a0, w->w0, a1, w->w1);
        eq_sums8_armv7 t = eq_tap2_armv7(none, a1, w->w0, a2, w->w1);
        const int8x8_t b0 = eq_next8_armv7(&x1, g.tap), b1 = eq_next8_armv7(&x1, g.tap);
        s = eq_tap2_armv7(s, a2, w->w2, b0, w->w3);
        t = eq_tap2_armv7(t, a3, w->w2, b1, w->w3);
        const int8x8_t b2 = vld1_s8(x1), b3 = vld1_s8(x1 + g.tap);
        s = eq_tap2_armv7(s, b1, w->w4, b2, w->w5);
        t = eq_tap2_armv7(t, b2, w->w4, b3, w->w5);
        const int8x8_t c0 = eq_next8_armv7(&x2, g.tap), c1 = eq_next8_armv7(&x2, g.tap);
        s = eq_tap2_armv7(s, c0, w->w6, c1, w->w7);
        const int8x8_t c2 = vld1_s8(x2), c3 = vld1_s8(x2 + g.tap);
        s = eq_tap1_armv7(s, c2, w->w8);
        t = eq_tap1_armv7(eq_tap2_armv7(t, c1, w->w6, c2, w->w7), c3, w->w8);
        const int8x16_t v = eq_finish_two_armv7(s, t, next, g.single);
        vst1_s8(y, vget_low_s8(v));
        vst1_s8(y + g.y_step, vget_high_s8(v));
        y += 2 * g.y_step;
    }
}

/* Outputs one by one. */
static inline void eq_depthwise3_one_armv7(const int8_t *x, int8_t *y,
                                           const eq_nine_armv7 *w,
                                           const eq_numbers8_armv7 *numbers,
                                           eq_row3_armv7 g)
{
    const int32x4_t zero = vdupq_n_s32(0);
    const eq_factors_x4 f = {zero, vld1q_s32(numbers->mult), vld1q_s32(numbers->down)};
    const eq_factors_x4 h = {zero, vld1q_s32(numbers->mult + 4),
                             vld1q_s32(numbers->down + 4)};
    const eq_range_s8 range = {vld1q_s16(numbers->zy), vld1q_s8(numbers->lo),
                               vld1q_s8(numbers->hi)};
    for (int32_t n = g.n; n > 0; --n) {
        const int32_t *next = numbers->bias;
        eq_sums8_armv7 none;
        none.a = eq_next_numbers_armv7(&next);
        none.b = vld1q_s32(next);
        const int8_t *a = x, *b = a + g.line, *c = b + g.line;
        const int8x8_t a0 = eq_next8_armv7(&a, g.tap), a1 = eq_next8_armv7(&a, g.tap);
        eq_sums8_armv7 s = eq_tap2_armv7(none, a0, w->w0, a1, w->w1);
        const int8x8_t a2 = vld1_s8(a), b0 = eq_next8_armv7(&b, g.tap);
        s = eq_tap2_armv7(s, a2, w->w2, b0, w->w3);
        const int8x8_t b1 = eq_next8_armv7(&b, g.tap), b2 = vld1_s8(b);
        s = eq_tap2_armv7(s, b1, w->w4, b2, w->w5);
        const int8x8_t c0 = eq_next8_armv7(&c, g.tap), c1 = eq_next8_armv7(&c, g.tap);
        s = eq_tap2_armv7(s, c0, w->w6, c1, w->w7);
        s = eq_tap1_armv7(s, vld1_s8(c), w->w8);
        vst1_s8(y, eq_narrow_s8_x8(eq_rescale_x4(s.a, f, g.single),
                                   eq_rescale_x4(s.b, h, g.single), range));
        x += g.step;
        y += g.y_step;
    }
}

/* Any window: `outer` times `inner` taps of x, in bytes `outer_step` and `inner_step` apart;
 * weights one behind the other, eight channels each. */
typedef struct {
    int32_t outer_step, inner_step, outer, inner;
} eq_taps_armv7;

/* The sums of a window at x, begun with the biases in `numbers`. */
static inline eq_sums8_armv7 eq_window8_armv7(const int8_t *x, const int8_t *w,
                                              eq_taps_armv7 g,
                                              const eq_numbers8_armv7 *numbers)
{
    eq_sums8_armv7 s = {vld1q_s32(numbers->bias), vld1q_s32(numbers->bias + 4)};
    for (int32_t a = g.outer; a > 0; --a) {
        const int8_t *from = x;
        int32_t b = g.inner;
        for (; b >= 2; b -= 2) {
            const int8x8_t x0 = eq_next8_armv7(&from, g.inner_step);
            const int8x8_t w0 = eq_next8_armv7(&w, 8);
            const int8x8_t x1 = eq_next8_armv7(&from, g.inner_step);
            s = eq_tap2_armv7(s, x0, w0, x1, eq_next8_armv7(&w, 8));
        }
        if (b > 0)
            s = eq_tap1_armv7(s, vld1_s8(from), eq_next8_armv7(&w, 8));
        x += g.outer_step;
    }
    return s;
}

/* The outputs of eight channels, as far as they exist, from their sums. */
static inline int8x8_t eq_finish_one_armv7(eq_sums8_armv7 s, const eq_numbers8_armv7 *n,
                                           int single)
{
    const int32x4_t zero = vdupq_n_s32(0);
    const eq_factors_x4 f = {zero, vld1q_s32(n->mult), vld1q_s32(n->down)};
    const eq_factors_x4 g = {zero, vld1q_s32(n->mult + 4), vld1q_s32(n->down + 4)};
    const eq_range_s8 range = {vld1q_s16(n->zy), vld1q_s8(n->lo), vld1q_s8(n->hi)};
    return eq_narrow_s8_x8(eq_rescale_x4(s.a, f, single), eq_rescale_x4(s.b, g, single),
                           range);
}

#endif
