/* Fully connected layers for NEON: one row of x by eight outputs at a time, so that each load of
 * x serves eight rows of w.
 *
 * Weights are packed (o/8, i/32, o%8, i%32), of int4 (o/8, i/32, o%8, i%16, i/16%2), so they are
 * read in order.
 *
 * Exact: see conv2d_tile_neon.h and conv2d_int4_neon.h; weights of the filling are zero.
 */
#ifndef EDGEQ_FC_NEON_H
#define EDGEQ_FC_NEON_H

#include "edgeq/conv2d_tile_neon.h"
#include "edgeq/nibbles_neon.h"
#include "edgeq/rescale_neon.h"

/* How many products meet in an int16 lane, or int4 weights: a constant wherever it is given. */
enum { EQ_FC_PAIRS, EQ_FC_FOURS, EQ_FC_INT4 };

/* Constants of a layer. */
typedef struct {
    const int8_t *w;
    const int32_t *bias, *mult, *shift;
    int32_t batch, in_dim, out_dim;
    int32_t zw; /* zero point of the weights */
    eq_range_s8 range;
} eq_fc_layer_neon;

/* Two vectors of four channels. */
typedef struct {
    int32x4_t a, b;
} eq_eight_fc_neon;

/* Sums of eight channels, lane by lane. */
typedef struct {
    int32x4_t a, b, c, d, e, f, g, h;
} eq_fc_sums_neon;

static inline __attribute__((always_inline)) eq_fc_sums_neon
eq_fc_32_neon(eq_fc_sums_neon s, const int8_t *x, const int8_t *w, int fours)
{
    const eq_pair_neon v = eq_load32_neon(x);
    s.a = eq_dot32_neon(s.a, v, eq_load32_neon(w), 0, fours);
    s.b = eq_dot32_neon(s.b, v, eq_load32_neon(w + 32), 0, fours);
    s.c = eq_dot32_neon(s.c, v, eq_load32_neon(w + 64), 0, fours);
    s.d = eq_dot32_neon(s.d, v, eq_load32_neon(w + 96), 0, fours);
    s.e = eq_dot32_neon(s.e, v, eq_load32_neon(w + 128), 0, fours);
    s.f = eq_dot32_neon(s.f, v, eq_load32_neon(w + 160), 0, fours);
    s.g = eq_dot32_neon(s.g, v, eq_load32_neon(w + 192), 0, fours);
    s.h = eq_dot32_neon(s.h, v, eq_load32_neon(w + 224), 0, fours);
    return s;
}

/* The same of 16 bytes of int4: four products in a lane. */
static inline int32x4_t eq_fc_nibbles_neon(int32x4_t s, eq_pair_neon x, const int8_t *w)
{
    const int8x16_t v = vld1q_s8(w);
    const eq_pair_neon both = {eq_low_nibbles_neon(v), eq_high_nibbles_neon(v)};
    return eq_dot32_neon(s, x, both, 0, 1);
}

static inline __attribute__((always_inline)) eq_fc_sums_neon
eq_fc_int4_neon(eq_fc_sums_neon s, const int8_t *x, const int8_t *w)
{
    const eq_pair_neon v = eq_load32_neon(x);
    s.a = eq_fc_nibbles_neon(s.a, v, w);
    s.b = eq_fc_nibbles_neon(s.b, v, w + 16);
    s.c = eq_fc_nibbles_neon(s.c, v, w + 32);
    s.d = eq_fc_nibbles_neon(s.d, v, w + 48);
    s.e = eq_fc_nibbles_neon(s.e, v, w + 64);
    s.f = eq_fc_nibbles_neon(s.f, v, w + 80);
    s.g = eq_fc_nibbles_neon(s.g, v, w + 96);
    s.h = eq_fc_nibbles_neon(s.h, v, w + 112);
    return s;
}

/* The dot products of row x with eight of w; `tail` holds what lies behind its last whole 32,
 * then zeros. */
static inline __attribute__((always_inline)) eq_eight_fc_neon eq_fc_eight_neon(
    const int8_t *x, const int8_t *tail, const int8_t *w, int32_t taps, int kind)
{
    const int32x4_t none = vdupq_n_s32(0);
    eq_fc_sums_neon s = {none, none, none, none, none, none, none, none};
    for (int part = 0; part < 2; ++part) {
        const int8_t *from = part == 0 ? x : tail;
        for (int32_t n = part == 0 ? taps / 32 : taps % 32 != 0; n > 0; --n) {
            s = kind == EQ_FC_INT4 ? eq_fc_int4_neon(s, from, w)
                                   : eq_fc_32_neon(s, from, w, kind == EQ_FC_FOURS);
            from += 32;
            w += kind == EQ_FC_INT4 ? 128 : 256;
        }
    }
    const eq_eight_fc_neon sums = {
        vpaddq_s32(vpaddq_s32(s.a, s.b), vpaddq_s32(s.c, s.d)),
        vpaddq_s32(vpaddq_s32(s.e, s.f), vpaddq_s32(s.g, s.h)),
    };
    return sums;
}

/* -zw times the sum of a row. */
static inline int32_t eq_fc_offset_neon(const int8_t *x, int32_t taps, int32_t zw)
{
    int32x4_t sum = vdupq_n_s32(0);
    int32_t k = 0, rest = 0;
    for (; k + 16 <= taps; k += 16)
        sum = vpadalq_s16(sum, vpaddlq_s8(vld1q_s8(x + k)));
    for (; k < taps; ++k)
        rest += x[k];
    return -zw * (vaddvq_s32(sum) + rest);
}

/* The whole layer. */
static inline __attribute__((always_inline)) void eq_fc_rows_neon(const eq_fc_layer_neon *t,
                                                                  const int8_t *x,
                                                                  int8_t *y, int kind,
                                                                  int has_zw, int single)
{
    const int32_t taps = t->in_dim, full = taps & ~31, row = (taps + 31) / 32 * 32;
    for (int32_t n = 0; n < t->batch; ++n) {
        int8_t tail[32] = {0};
        if (taps > full)
            memcpy(tail, x + full, (size_t)(taps - full));
        const int32x4_t z = vdupq_n_s32(has_zw ? eq_fc_offset_neon(x, taps, t->zw) : 0);
        for (int32_t o = 0; o < t->out_dim; o += 8) {
            const int32_t at = o * row / (kind == EQ_FC_INT4 ? 2 : 1);
            const eq_eight_fc_neon s = eq_fc_eight_neon(x, tail, t->w + at, taps, kind);
            const int32_t *bias = t->bias + o, *mult = t->mult + o, *shift = t->shift + o;
            const eq_factors_x4 f = eq_load_factors(bias, mult, shift);
            const eq_factors_x4 g = eq_load_factors(bias + 4, mult + 4, shift + 4);
            const int32x4_t a = has_zw ? vaddq_s32(s.a, z) : s.a;
            const int32x4_t b = has_zw ? vaddq_s32(s.b, z) : s.b;
            const int32x4_t va = eq_rescale_x4(vaddq_s32(a, f.bias), f, single);
            const int32x4_t vb = eq_rescale_x4(vaddq_s32(b, g.bias), g, single);
            eq_store_s8_x8(y + o, eq_narrow_s8_x8(va, vb, t->range), t->out_dim - o);
        }
        x += t->in_dim;
        y += t->out_dim;
    }
}

#endif
