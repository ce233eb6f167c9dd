/* The inner part of convolutions and fully connected layers for NEON with dot products: four
 * pixels, or one, by sixteen channels or eight.
 *
 * SDOT by lane: four bytes of a pixel, against those of four channels.  Weights are packed
 * (o/16, taps/4, o%16, taps%4), so they are read in order; sums begin with the biases and end
 * with channels side by side.
 *
 * Exact: SDOT adds to int32 what int32 holds by the contract's proof.
 */
#ifndef EDGEQ_DOT_NEON_DOTPROD_H
#define EDGEQ_DOT_NEON_DOTPROD_H

#include "edgeq/conv2d_sums_neon.h"

/* Four taps of sixteen channels. */
typedef struct {
    int8x16_t a, b, c, d;
} eq_group_neon;

static inline eq_group_neon eq_load_group_neon(const int8_t *w)
{
    const eq_group_neon g = {vld1q_s8(w), vld1q_s8(w + 16), vld1q_s8(w + 32),
                             vld1q_s8(w + 48)};
    return g;
}

static inline eq_sums16_neon eq_load_bias_neon(const int32_t *bias)
{
    const eq_sums16_neon s = {vld1q_s32(bias), vld1q_s32(bias + 4), vld1q_s32(bias + 8),
                              vld1q_s32(bias + 12)};
    return s;
}

/* What one lane of x adds to sixteen channels, and to eight. */
static inline eq_sums16_neon eq_dot_lane0_neon(eq_sums16_neon s, int8x16_t x,
                                               const eq_group_neon *w)
{
    s.a = vdotq_laneq_s32(s.a, w->a, x, 0);
    s.b = vdotq_laneq_s32(s.b, w->b, x, 0);
    s.c = vdotq_laneq_s32(s.c, w->c, x, 0);
    s.d = vdotq_laneq_s32(s.d, w->d, x, 0);
    return s;
}

static inline eq_sums16_neon eq_dot_lane1_neon(eq_sums16_neon s, int8x16_t x,
                                               const eq_group_neon *w)
{
    s.a = vdotq_laneq_s32(s.a, w->a, x, 1);
    s.b = vdotq_laneq_s32(s.b, w->b, x, 1);
    s.c = vdotq_laneq_s32(s.c, w->c, x, 1);
    s.d = vdotq_laneq_s32(s.d, w->d, x, 1);
    return s;
}

static inline eq_sums16_neon eq_dot_lane2_neon(eq_sums16_neon s, int8x16_t x,
                                               const eq_group_neon *w)
{
    s.a = vdotq_laneq_s32(s.a, w->a, x, 2);
    s.b = vdotq_laneq_s32(s.b, w->b, x, 2);
    s.c = vdotq_laneq_s32(s.c, w->c, x, 2);
    s.d = vdotq_laneq_s32(s.d, w->d, x, 2);
    return s;
}

static inline eq_sums16_neon eq_dot_lane3_neon(eq_sums16_neon s, int8x16_t x,
                                               const eq_group_neon *w)
{
    s.a = vdotq_laneq_s32(s.a, w->a, x, 3);
    s.b = vdotq_laneq_s32(s.b, w->b, x, 3);
    s.c = vdotq_laneq_s32(s.c, w->c, x, 3);
    s.d = vdotq_laneq_s32(s.d, w->d, x, 3);
    return s;
}

/* The same by halves, so that few weights are held at once. */
static inline eq_sums16_neon eq_dot_ab0_neon(eq_sums16_neon s, int8x16_t x, int8x16_t u,
                                             int8x16_t v)
{
    s.a = vdotq_laneq_s32(s.a, u, x, 0);
    s.b = vdotq_laneq_s32(s.b, v, x, 0);
    return s;
}

static inline eq_sums16_neon eq_dot_cd0_neon(eq_sums16_neon s, int8x16_t x, int8x16_t u,
                                             int8x16_t v)
{
    s.c = vdotq_laneq_s32(s.c, u, x, 0);
    s.d = vdotq_laneq_s32(s.d, v, x, 0);
    return s;
}

static inline eq_sums16_neon eq_dot_ab1_neon(eq_sums16_neon s, int8x16_t x, int8x16_t u,
                                             int8x16_t v)
{
    s.a = vdotq_laneq_s32(s.a, u, x, 1);
    s.b = vdotq_laneq_s32(s.b, v, x, 1);
    return s;
}

static inline eq_sums16_neon eq_dot_cd1_neon(eq_sums16_neon s, int8x16_t x, int8x16_t u,
                                             int8x16_t v)
{
    s.c = vdotq_laneq_s32(s.c, u, x, 1);
    s.d = vdotq_laneq_s32(s.d, v, x, 1);
    return s;
}

static inline eq_sums16_neon eq_dot_ab2_neon(eq_sums16_neon s, int8x16_t x, int8x16_t u,
                                             int8x16_t v)
{
    s.a = vdotq_laneq_s32(s.a, u, x, 2);
    s.b = vdotq_laneq_s32(s.b, v, x, 2);
    return s;
}

static inline eq_sums16_neon eq_dot_cd2_neon(eq_sums16_neon s, int8x16_t x, int8x16_t u,
                                             int8x16_t v)
{
    s.c = vdotq_laneq_s32(s.c, u, x, 2);
    s.d = vdotq_laneq_s32(s.d, v, x, 2);
    return s;
}

static inline eq_sums16_neon eq_dot_ab3_neon(eq_sums16_neon s, int8x16_t x, int8x16_t u,
                                             int8x16_t v)
{
    s.a = vdotq_laneq_s32(s.a, u, x, 3);
    s.b = vdotq_laneq_s32(s.b, v, x, 3);
    return s;
}

static inline eq_sums16_neon eq_dot_cd3_neon(eq_sums16_neon s, int8x16_t x, int8x16_t u,
                                             int8x16_t v)
{
    s.c = vdotq_laneq_s32(s.c, u, x, 3);
    s.d = vdotq_laneq_s32(s.d, v, x, 3);
    return s;
}

/* The dot products of `taps` bytes, a multiple of 8, of four pixels `step` apart, on top of
 * the biases. */
static inline eq_tile16_neon eq_dot_four_neon(const int8_t *x, int64_t step,
                                              const int8_t *w, const int32_t *bias,
                                              int32_t taps)
{
    const eq_sums16_neon start = eq_load_bias_neon(bias);
    eq_tile16_neon s = {start, start, start, start};
    const int8_t *a = x, *b = a + step, *c = b + step, *d = c + step;
    for (; taps >= 16; taps -= 16) {
        const int8x16_t xa = vld1q_s8(a), xb = vld1q_s8(b);
        const int8x16_t xc = vld1q_s8(c), xd = vld1q_s8(d);
        const int8x16_t u0ab = vld1q_s8(w + 0), v0ab = vld1q_s8(w + 16);
        s.a = eq_dot_ab0_neon(s.a, xa, u0ab, v0ab);
        s.b = eq_dot_ab0_neon(s.b, xb, u0ab, v0ab);
        s.c = eq_dot_ab0_neon(s.c, xc, u0ab, v0ab);
        s.d = eq_dot_ab0_neon(s.d, xd, u0ab, v0ab);
        const int8x16_t u0cd = vld1q_s8(w + 32), v0cd = vld1q_s8(w + 48);
        s.a = eq_dot_cd0_neon(s.a, xa, u0cd, v0cd);
        s.b = eq_dot_cd0_neon(s.b, xb, u0cd, v0cd);
        s.c = eq_dot_cd0_neon(s.c, xc, u0cd, v0cd);
        s.d = eq_dot_cd0_neon(s.d, xd, u0cd, v0cd);
        const int8x16_t u1ab = vld1q_s8(w + 64), v1ab = vld1q_s8(w + 80);
        s.a = eq_dot_ab1_neon(s.a, xa, u1ab, v1ab);
        s.b = eq_dot_ab1_neon(s.b, xb, u1ab, v1ab);
        s.c = eq_dot_ab1_neon(s.c, xc, u1ab, v1ab);
        s.d = eq_dot_ab1_neon(s.d, xd, u1ab, v1ab);
        const int8x16_t u1cd = vld1q_s8(w + 96), v1cd = vld1q_s8(w + 112);
        s.a = eq_dot_cd1_neon(s.a, xa, u1cd, v1cd);
        s.b = eq_dot_cd1_neon(s.b, xb, u1cd, v1cd);
        s.c = eq_dot_cd1_neon(s.c, xc, u1cd, v1cd);
        s.d = eq_dot_cd1_neon(s.d, xd, u1cd, v1cd);
        const int8x16_t u2ab = vld1q_s8(w + 128), v2ab = vld1q_s8(w + 144);
        s.a = eq_dot_ab2_neon(s.a, xa, u2ab, v2ab);
        s.b = eq_dot_ab2_neon(s.b, xb, u2ab, v2ab);
        s.c = eq_dot_ab2_neon(s.c, xc, u2ab, v2ab);
        s.d = eq_dot_ab2_neon(s.d, xd, u2ab, v2ab);
        const int8x16_t u2cd = vld1q_s8(w + 160), v2cd = vld1q_s8(w + 176);
        s.a = eq_dot_cd2_neon(s.a, xa, u2cd, v2cd);
        s.b = eq_dot_cd2_neon(s.b, xb, u2cd, v2cd);
        s.c = eq_dot_cd2_neon(s.c, xc, u2cd, v2cd);
        s.d = eq_dot_cd2_neon(s.d, xd, u2cd, v2cd);
        const int8x16_t u3ab = vld1q_s8(w + 192), v3ab = vld1q_s8(w + 208);
        s.a = eq_dot_ab3_neon(s.a, xa, u3ab, v3ab);
        s.b = eq_dot_ab3_neon(s.b, xb, u3ab, v3ab);
        s.c = eq_dot_ab3_neon(s.c, xc, u3ab, v3ab);
        s.d = eq_dot_ab3_neon(s.d, xd, u3ab, v3ab);
        const int8x16_t u3cd = vld1q_s8(w + 224), v3cd = vld1q_s8(w + 240);
        s.a = eq_dot_cd3_neon(s.a, xa, u3cd, v3cd);
        s.b = eq_dot_cd3_neon(s.b, xb, u3cd, v3cd);
        s.c = eq_dot_cd3_neon(s.c, xc, u3cd, v3cd);
        s.d = eq_dot_cd3_neon(s.d, xd, u3cd, v3cd);
        a += 16;
        b += 16;
        c += 16;
        d += 16;
        w += 256;
    }
    if (taps > 0) {
        const int8x8_t none = vdup_n_s8(0);
        const int8x16_t xa = vcombine_s8(vld1_s8(a), none),
                        xb = vcombine_s8(vld1_s8(b), none);
        const int8x16_t xc = vcombine_s8(vld1_s8(c), none),
                        xd = vcombine_s8(vld1_s8(d), none);
        const int8x16_t u0ab = vld1q_s8(w + 0), v0ab = vld1q_s8(w + 16);
        s.a = eq_dot_ab0_neon(s.a, xa, u0ab, v0ab);
        s.b = eq_dot_ab0_neon(s.b, xb, u0ab, v0ab);
        s.c = eq_dot_ab0_neon(s.c, xc, u0ab, v0ab);
        s.d = eq_dot_ab0_neon(s.d, xd, u0ab, v0ab);
        const int8x16_t u0cd = vld1q_s8(w + 32), v0cd = vld1q_s8(w + 48);
        s.a = eq_dot_cd0_neon(s.a, xa, u0cd, v0cd);
        s.b = eq_dot_cd0_neon(s.b, xb, u0cd, v0cd);
        s.c = eq_dot_cd0_neon(s.c, xc, u0cd, v0cd);
        s.d = eq_dot_cd0_neon(s.d, xd, u0cd, v0cd);
        const int8x16_t u1ab = vld1q_s8(w + 64), v1ab = vld1q_s8(w + 80);
        s.a = eq_dot_ab1_neon(s.a, xa, u1ab, v1ab);
        s.b = eq_dot_ab1_neon(s.b, xb, u1ab, v1ab);
        s.c = eq_dot_ab1_neon(s.c, xc, u1ab, v1ab);
        s.d = eq_dot_ab1_neon(s.d, xd, u1ab, v1ab);
        const int8x16_t u1cd = vld1q_s8(w + 96), v1cd = vld1q_s8(w + 112);
        s.a = eq_dot_cd1_neon(s.a, xa, u1cd, v1cd);
        s.b = eq_dot_cd1_neon(s.b, xb, u1cd, v1cd);
        s.c = eq_dot_cd1_neon(s.c, xc, u1cd, v1cd);
        s.d = eq_dot_cd1_neon(s.d, xd, u1cd, v1cd);
    }
    return s;
}

/* Sixteen taps of one pixel. */
static inline eq_sums16_neon eq_dot16_one_neon(eq_sums16_neon s, int8x16_t v,
                                               const int8_t *w)
{
    const eq_group_neon g0 = eq_load_group_neon(w);
    s = eq_dot_lane0_neon(s, v, &g0);
    const eq_group_neon g1 = eq_load_group_neon(w + 64);
    s = eq_dot_lane1_neon(s, v, &g1);
    const eq_group_neon g2 = eq_load_group_neon(w + 128);
    s = eq_dot_lane2_neon(s, v, &g2);
    const eq_group_neon g3 = eq_load_group_neon(w + 192);
    s = eq_dot_lane3_neon(s, v, &g3);
    return s;
}

/* The same of one pixel; `tail` holds what lies behind its last whole 16 bytes, then zeros. */
static inline eq_sums16_neon eq_dot_one_neon(const int8_t *x, const int8_t *tail,
                                             const int8_t *w, const int32_t *bias,
                                             int32_t taps)
{
    eq_sums16_neon s = eq_load_bias_neon(bias);
    for (; taps >= 32; taps -= 32) {
        const int8x16_t low = vld1q_s8(x), high = vld1q_s8(x + 16);
        s = eq_dot16_one_neon(s, low, w);
        s = eq_dot16_one_neon(s, high, w + 256);
        x += 32;
        w += 512;
    }
    for (; taps >= 16; taps -= 16) {
        s = eq_dot16_one_neon(s, vld1q_s8(x), w);
        x += 16;
        w += 256;
    }
    return taps > 0 ? eq_dot16_one_neon(s, vld1q_s8(tail), w) : s;
}

#endif
