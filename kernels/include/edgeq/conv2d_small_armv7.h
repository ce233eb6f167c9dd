/* Convolutions for NEON of 32-bit Arm with windows of 8, 16 or 32 bytes, which stay in registers
 * while all channels pass by.  Weights of a channel lie behind those of the one before.
 *
 * Exact: see conv2d_tile_armv7.h; of 8 bytes, two products that are added in int16 are within
 * 2 * 128 * 127.
 */
#ifndef EDGEQ_CONV2D_SMALL_ARMV7_H
#define EDGEQ_CONV2D_SMALL_ARMV7_H

#include "edgeq/conv2d_tile_armv7.h"

/* The first n of four channels of two pixels from their sums. */
static inline void eq_conv2d_finish_armv7(const eq_conv2d_layer_armv7 *t, int32x4_t a,
                                          int32x4_t b, const int8_t **numbers, int8_t *ya,
                                          int8_t *yb, int32_t n)
{
    eq_factors_x4 f;
    f.bias = vreinterpretq_s32_s8(eq_next16_armv7(numbers));
    f.mult = vreinterpretq_s32_s8(eq_next16_armv7(numbers));
    f.down = vreinterpretq_s32_s8(eq_next16_armv7(numbers));
    a = eq_rescale_x4(vaddq_s32(a, f.bias), f, t->single);
    b = eq_rescale_x4(vaddq_s32(b, f.bias), f, t->single);
    eq_conv2d_store_armv7(ya, yb, eq_narrow_s8_x8(a, b, t->range), n);
}

/* The dot products of 8 bytes with two channels, in two lanes each. */
static inline int32x4_t eq_two8_armv7(int8x8_t x, int8x16_t w)
{
    return vpaddlq_s16(
        vpaddq_s16(vmull_s8(x, vget_low_s8(w)), vmull_s8(x, vget_high_s8(w))));
}

static inline void eq_conv2d_tile8_armv7(const eq_conv2d_layer_armv7 *t, const int8_t *a,
                                         const int8_t *b, int8_t *ya, int8_t *yb)
{
    const int8x8_t xa = vld1_s8(a), xb = vld1_s8(b);
    const int8_t *w = t->w, *numbers = t->numbers;
    for (int32_t left = t->out_c; left > 0; left -= 4) {
        const int8x16_t pq = eq_next16_armv7(&w), rs = eq_next16_armv7(&w);
        const int32x4_t va = vpaddq_s32(eq_two8_armv7(xa, pq), eq_two8_armv7(xa, rs));
        const int32x4_t vb = vpaddq_s32(eq_two8_armv7(xb, pq), eq_two8_armv7(xb, rs));
        eq_conv2d_finish_armv7(t, va, vb, &numbers, ya, yb, left);
        ya += 4;
        yb += 4;
    }
}

static inline void eq_conv2d_tile16_armv7(const eq_conv2d_layer_armv7 *t, const int8_t *a,
                                          const int8_t *b, int8_t *ya, int8_t *yb)
{
    const int8x16_t xa = vld1q_s8(a), xb = vld1q_s8(b);
    const int8_t *w = t->w, *numbers = t->numbers;
    const int32x4_t none = vdupq_n_s32(0);
    for (int32_t left = t->out_c; left > 0; left -= 4) {
        const int8x16_t p = eq_next16_armv7(&w);
        int32x4_t va = eq_dot16_neon(none, xa, p, 1), vb = eq_dot16_neon(none, xb, p, 1);
        const int8x16_t q = eq_next16_armv7(&w);
        va = vpaddq_s32(va, eq_dot16_neon(none, xa, q, 1));
        vb = vpaddq_s32(vb, eq_dot16_neon(none, xb, q, 1));
        const int8x16_t r = eq_next16_armv7(&w);
        int32x4_t ua = eq_dot16_neon(none, xa, r, 1), ub = eq_dot16_neon(none, xb, r, 1);
        const int8x16_t s = eq_next16_armv7(&w);
        ua = vpaddq_s32(ua, eq_dot16_neon(none, xa, s, 1));
        ub = vpaddq_s32(ub, eq_dot16_neon(none, xb, s, 1));
        eq_conv2d_finish_armv7(t, vpaddq_s32(va, ua), vpaddq_s32(vb, ub), &numbers, ya, yb,
                               left);
        ya += 4;
        yb += 4;
    }
}

/* Sums of two pixels. */
typedef struct {
    int32x4_t a, b;
} eq_two_armv7;

/* The dot products of two windows of 32 bytes with the channel at *w, which moves on. */
static inline eq_two_armv7 eq_two32_armv7(eq_pair_neon xa, eq_pair_neon xb,
                                          const int8_t **w)
{
    const int32x4_t none = vdupq_n_s32(0);
    const int8x16_t low = eq_next16_armv7(w);
    eq_two_armv7 s = {eq_dot16_neon(none, xa.low, low, 1),
                      eq_dot16_neon(none, xb.low, low, 1)};
    const int8x16_t high = eq_next16_armv7(w);
    s.a = eq_dot16_neon(s.a, xa.high, high, 0);
    s.b = eq_dot16_neon(s.b, xb.high, high, 0);
    return s;
}

static inline void eq_conv2d_tile32_armv7(const eq_conv2d_layer_armv7 *t, const int8_t *a,
                                          const int8_t *b, int8_t *ya, int8_t *yb)
{
    const eq_pair_neon xa = eq_load32_neon(a), xb = eq_load32_neon(b);
    const int8_t *w = t->w, *numbers = t->numbers;
    for (int32_t left = t->out_c; left > 0; left -= 4) {
        const eq_two_armv7 p = eq_two32_armv7(xa, xb, &w), q = eq_two32_armv7(xa, xb, &w);
        const int32x4_t va = vpaddq_s32(p.a, q.a), vb = vpaddq_s32(p.b, q.b);
        const eq_two_armv7 r = eq_two32_armv7(xa, xb, &w), s = eq_two32_armv7(xa, xb, &w);
        const int32x4_t ua = vpaddq_s32(r.a, s.a), ub = vpaddq_s32(r.b, s.b);
        eq_conv2d_finish_armv7(t, vpaddq_s32(va, ua), vpaddq_s32(vb, ub), &numbers, ya, yb,
                               left);
        ya += 4;
        yb += 4;
    }
}

#endif
