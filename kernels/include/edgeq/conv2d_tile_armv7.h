/* The inner part of convolutions for NEON of 32-bit Arm: two pixels by all channels, four at a
 * time.
 *
 * A window is `taps` contiguous bytes, those of the pixels of a tile are `step` bytes apart.
 * Weights are packed (o/4, taps/32, o%4, taps%32), so they are read in order.  The eight sums
 * of a tile, its bytes and one product fit the sixteen registers.
 *
 * VMULL and VMLAL put products into int16 lanes, VPADAL adds pairs of lanes to int32: in pairs
 * three instructions for 16 products, in fours five for 32.
 *
 * Exact: see conv2d_tile_neon.h for the lanes and rescale_neon.h for the rest.
 */
#ifndef EDGEQ_CONV2D_TILE_ARMV7_H
#define EDGEQ_CONV2D_TILE_ARMV7_H

#include "edgeq/next_armv7.h"

#include "edgeq/rescale_neon.h"

/* Constants of a layer.  Arrays are packed by four channels, and zeros fill the last block. */
typedef struct {
    const int8_t *w;
    const int8_t *numbers; /* as eq_conv2d_numbers_armv7 writes them */
    eq_window_neon window;
    eq_range_s8 range;
    int32_t out_c;
    int single;    /* the rounding form */
    int32_t small; /* 8, 16 or 32, a constant, where windows are that long; else 0 */
} eq_conv2d_layer_armv7;

/* Biases, mult and 31 - shift of four channels, then of the next four: read in order, by one
 * address. */
static inline void eq_conv2d_numbers_armv7(int8_t *y, const int32_t *bias,
                                           const int32_t *mult, const int32_t *shift,
                                           int32_t out_c)
{
    for (int32_t o = 0; o < out_c; o += 4) {
        const eq_factors_x4 f = eq_load_factors(bias + o, mult + o, shift + o);
        vst1q_s8(y, vreinterpretq_s8_s32(f.bias));
        vst1q_s8(y + 16, vreinterpretq_s8_s32(f.mult));
        vst1q_s8(y + 32, vreinterpretq_s8_s32(f.down));
        y += 48;
    }
}

/* Sums of two pixels by four channels: those of a channel lie in the lanes of one vector. */
typedef struct {
    int32x4_t pa, qa, ra, sa, pb, qb, rb, sb;
} eq_sums_armv7;

/* Adds what lies behind the last whole 32 bytes of the windows at a and b: 8, 16 or 24. */
static inline eq_sums_armv7 eq_conv2d_rest_armv7(eq_sums_armv7 s, const int8_t *a,
                                                 const int8_t *b, const int8_t *w,
                                                 int32_t taps)
{
    if ((taps & 16) != 0) {
        const int8x16_t xa = vld1q_s8(a), xb = vld1q_s8(b);
        const int8x16_t p = vld1q_s8(w), q = vld1q_s8(w + 32);
        s.pa = eq_dot16_neon(s.pa, xa, p, 0);
        s.pb = eq_dot16_neon(s.pb, xb, p, 0);
        s.qa = eq_dot16_neon(s.qa, xa, q, 0);
        s.qb = eq_dot16_neon(s.qb, xb, q, 0);
        const int8x16_t r = vld1q_s8(w + 64), t = vld1q_s8(w + 96);
        s.ra = eq_dot16_neon(s.ra, xa, r, 0);
        s.rb = eq_dot16_neon(s.rb, xb, r, 0);
        s.sa = eq_dot16_neon(s.sa, xa, t, 0);
        s.sb = eq_dot16_neon(s.sb, xb, t, 0);
        a += 16;
        b += 16;
        w += 16;
    }
    if ((taps & 8) != 0) {
        const int8x8_t xa = vld1_s8(a), xb = vld1_s8(b);
        const int8x8_t p = vld1_s8(w), q = vld1_s8(w + 32);
        s.pa = eq_dot8_neon(s.pa, xa, p, 0);
        s.pb = eq_dot8_neon(s.pb, xb, p, 0);
        s.qa = eq_dot8_neon(s.qa, xa, q, 0);
        s.qb = eq_dot8_neon(s.qb, xb, q, 0);
        const int8x8_t r = vld1_s8(w + 64), t = vld1_s8(w + 96);
        s.ra = eq_dot8_neon(s.ra, xa, r, 0);
        s.rb = eq_dot8_neon(s.rb, xb, r, 0);
        s.sa = eq_dot8_neon(s.sa, xa, t, 0);
        s.sb = eq_dot8_neon(s.sb, xb, t, 0);
    }
    return s;
}

/* Adds the products of 32 bytes of two windows with those at w, of which it gives the end. */
static inline const int8_t *eq_conv2d_channel_armv7(int32x4_t *a, int32x4_t *b,
                                                    eq_pair_neon xa, eq_pair_neon xb,
                                                    const int8_t *w, int fours)
{
    const int8x16_t low = eq_next16_armv7(&w);
    int16x8_t ta = eq_mul16_neon(xa.low, low), tb = eq_mul16_neon(xb.low, low);
    if (!fours) {
        *a = vpadalq_s16(*a, ta);
        *b = vpadalq_s16(*b, tb);
    }
    const int8x16_t high = eq_next16_armv7(&w);
    ta = fours ? eq_mla16_neon(ta, xa.high, high) : eq_mul16_neon(xa.high, high);
    tb = fours ? eq_mla16_neon(tb, xb.high, high) : eq_mul16_neon(xb.high, high);
    *a = vpadalq_s16(*a, ta);
    *b = vpadalq_s16(*b, tb);
    return w;
}

/* The dot products of the windows at a and b with the four channels at *weights, which moves
 * on behind these. */
static inline eq_sums_armv7 eq_conv2d_sums_armv7(const int8_t *a, const int8_t *b,
                                                 const int8_t **weights, int32_t taps,
                                                 int fours)
{
    const int32x4_t none = vdupq_n_s32(0);
    eq_sums_armv7 s = {none, none, none, none, none, none, none, none};
    const int8_t *w = *weights;
    for (int32_t n = taps >> 5; n > 0; --n) {
        const eq_pair_neon xa = eq_next32_armv7(&a), xb = eq_next32_armv7(&b);
        w = eq_conv2d_channel_armv7(&s.pa, &s.pb, xa, xb, w, fours);
        w = eq_conv2d_channel_armv7(&s.qa, &s.qb, xa, xb, w, fours);
        w = eq_conv2d_channel_armv7(&s.ra, &s.rb, xa, xb, w, fours);
        w = eq_conv2d_channel_armv7(&s.sa, &s.sb, xa, xb, w, fours);
    }
    if ((taps & 31) != 0) {
        s = eq_conv2d_rest_armv7(s, a, b, w, taps);
        w += 128;
    }
    *weights = w;
    return s;
}

/* Four dot products from the lanes of four vectors, on top of the biases, rescaled. */
static inline int32x4_t eq_conv2d_four_armv7(int32x4_t p, int32x4_t q, int32x4_t r,
                                             int32x4_t s, eq_factors_x4 f, int single)
{
    const int32x4_t sums = vpaddq_s32(vpaddq_s32(p, q), vpaddq_s32(r, s));
    return eq_rescale_x4(vaddq_s32(sums, f.bias), f, single);
}

/* The first n channels of four, which are the halves of v. */
static inline void eq_conv2d_store_armv7(int8_t *ya, int8_t *yb, int8x8_t v, int32_t n)
{
    if (n >= 4) {
        vst1_lane_s32((int32_t *)(void *)ya, vreinterpret_s32_s8(v), 0);
        vst1_lane_s32((int32_t *)(void *)yb, vreinterpret_s32_s8(v), 1);
    } else {
        int8_t bytes[8];
        vst1_s8(bytes, v);
        memcpy(ya, bytes, (size_t)n);
        memcpy(yb, bytes + 4, (size_t)n);
    }
}

/* All channels of the windows at a and b to ya and yb. */
static inline void eq_conv2d_tile_armv7(const eq_conv2d_layer_armv7 *t, const int8_t *a,
                                        const int8_t *b, int8_t *ya, int8_t *yb)
{
    const int8_t *w = t->w, *numbers = t->numbers;
    for (int32_t left = t->out_c; left > 0; left -= 4) {
        const eq_sums_armv7 s =
            eq_conv2d_sums_armv7(a, b, &w, t->window.taps, t->window.fours);
        eq_factors_x4 f;
        f.bias = vreinterpretq_s32_s8(eq_next16_armv7(&numbers));
        f.mult = vreinterpretq_s32_s8(eq_next16_armv7(&numbers));
        f.down = vreinterpretq_s32_s8(eq_next16_armv7(&numbers));
        const int32x4_t va = eq_conv2d_four_armv7(s.pa, s.qa, s.ra, s.sa, f, t->single);
        const int32x4_t vb = eq_conv2d_four_armv7(s.pb, s.qb, s.rb, s.sb, f, t->single);
        eq_conv2d_store_armv7(ya, yb, eq_narrow_s8_x8(va, vb, t->range), left);
        ya += 4;
        yb += 4;
    }
}

#endif
