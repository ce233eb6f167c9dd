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
        const eq_group_neon g0 = eq_load_group_neon(w);
        s.a = eq_dot_lane0_neon(s.a, xa, &g0);
        s.b = eq_dot_lane0_neon(s.b, xb, &g0);
        s.c = eq_dot_lane0_neon(s.c, xc, &g0);
        s.d = eq_dot_lane0_neon(s.d, xd, &g0);
        const eq_group_neon g1 = eq_load_group_neon(w + 64);
        s.a = eq_dot_lane1_neon(s.a, xa, &g1);
        s.b = eq_dot_lane1_neon(s.b, xb, &g1);
        s.c = eq_dot_lane1_neon(s.c, xc, &g1);
        s.d = eq_dot_lane1_neon(s.d, xd, &g1);
        const eq_group_neon g2 = eq_load_group_neon(w + 128);
        s.a = eq_dot_lane2_neon(s.a, xa, &g2);
        s.b = eq_dot_lane2_neon(s.b, xb, &g2);
        s.c = eq_dot_lane2_neon(s.c, xc, &g2);
        s.d = eq_dot_lane2_neon(s.d, xd, &g2);
        const eq_group_neon g3 = eq_load_group_neon(w + 192);
        s.a = eq_dot_lane3_neon(s.a, xa, &g3);
        s.b = eq_dot_lane3_neon(s.b, xb, &g3);
        s.c = eq_dot_lane3_neon(s.c, xc, &g3);
        s.d = eq_dot_lane3_neon(s.d, xd, &g3);
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
        const eq_group_neon g0 = eq_load_group_neon(w);
        s.a = eq_dot_lane0_neon(s.a, xa, &g0);
        s.b = eq_dot_lane0_neon(s.b, xb, &g0);
        s.c = eq_dot_lane0_neon(s.c, xc, &g0);
        s.d = eq_dot_lane0_neon(s.d, xd, &g0);
        const eq_group_neon g1 = eq_load_group_neon(w + 64);
        s.a = eq_dot_lane1_neon(s.a, xa, &g1);
        s.b = eq_dot_lane1_neon(s.b, xb, &g1);
        s.c = eq_dot_lane1_neon(s.c, xc, &g1);
        s.d = eq_dot_lane1_neon(s.d, xd, &g1);
    }
    return s;
}

static inline eq_eight_neon eq_dot_half0_neon(eq_eight_neon s, int8x16_t x, int8x16_t a,
                                              int8x16_t b)
{
    s.a = vdotq_laneq_s32(s.a, a, x, 0);
    s.b = vdotq_laneq_s32(s.b, b, x, 0);
    return s;
}

static inline eq_eight_neon eq_dot_half1_neon(eq_eight_neon s, int8x16_t x, int8x16_t a,
                                              int8x16_t b)
{
    s.a = vdotq_laneq_s32(s.a, a, x, 1);
    s.b = vdotq_laneq_s32(s.b, b, x, 1);
    return s;
}

static inline eq_eight_neon eq_dot_half2_neon(eq_eight_neon s, int8x16_t x, int8x16_t a,
                                              int8x16_t b)
{
    s.a = vdotq_laneq_s32(s.a, a, x, 2);
    s.b = vdotq_laneq_s32(s.b, b, x, 2);
    return s;
}

static inline eq_eight_neon eq_dot_half3_neon(eq_eight_neon s, int8x16_t x, int8x16_t a,
                                              int8x16_t b)
{
    s.a = vdotq_laneq_s32(s.a, a, x, 3);
    s.b = vdotq_laneq_s32(s.b, b, x, 3);
    return s;
}

/* The same of the first eight of a block of sixteen channels. */
static inline eq_tile8_neon eq_dot_half_neon(const int8_t *x, int64_t step, const int8_t *w,
                                             const int32_t *bias, int32_t taps)
{
    const eq_eight_neon start = {vld1q_s32(bias), vld1q_s32(bias + 4)};
    eq_tile8_neon s = {start, start, start, start};
    const int8_t *a = x, *b = a + step, *c = b + step, *d = c + step;
    for (; taps >= 16; taps -= 16) {
        const int8x16_t xa = vld1q_s8(a), xb = vld1q_s8(b);
        const int8x16_t xc = vld1q_s8(c), xd = vld1q_s8(d);
        const int8x16_t u0 = vld1q_s8(w + 0), v0 = vld1q_s8(w + 16);
        s.a = eq_dot_half0_neon(s.a, xa, u0, v0);
        s.b = eq_dot_half0_neon(s.b, xb, u0, v0);
        s.c = eq_dot_half0_neon(s.c, xc, u0, v0);
        s.d = eq_dot_half0_neon(s.d, xd, u0, v0);
        const int8x16_t u1 = vld1q_s8(w + 64), v1 = vld1q_s8(w + 80);
        s.a = eq_dot_half1_neon(s.a, xa, u1, v1);
        s.b = eq_dot_half1_neon(s.b, xb, u1, v1);
        s.c = eq_dot_half1_neon(s.c, xc, u1, v1);
        s.d = eq_dot_half1_neon(s.d, xd, u1, v1);
        const int8x16_t u2 = vld1q_s8(w + 128), v2 = vld1q_s8(w + 144);
        s.a = eq_dot_half2_neon(s.a, xa, u2, v2);
        s.b = eq_dot_half2_neon(s.b, xb, u2, v2);
        s.c = eq_dot_half2_neon(s.c, xc, u2, v2);
        s.d = eq_dot_half2_neon(s.d, xd, u2, v2);
        const int8x16_t u3 = vld1q_s8(w + 192), v3 = vld1q_s8(w + 208);
        s.a = eq_dot_half3_neon(s.a, xa, u3, v3);
        s.b = eq_dot_half3_neon(s.b, xb, u3, v3);
        s.c = eq_dot_half3_neon(s.c, xc, u3, v3);
        s.d = eq_dot_half3_neon(s.d, xd, u3, v3);
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
        const int8x16_t u0 = vld1q_s8(w + 0), v0 = vld1q_s8(w + 16);
        s.a = eq_dot_half0_neon(s.a, xa, u0, v0);
        s.b = eq_dot_half0_neon(s.b, xb, u0, v0);
        s.c = eq_dot_half0_neon(s.c, xc, u0, v0);
        s.d = eq_dot_half0_neon(s.d, xd, u0, v0);
        const int8x16_t u1 = vld1q_s8(w + 64), v1 = vld1q_s8(w + 80);
        s.a = eq_dot_half1_neon(s.a, xa, u1, v1);
        s.b = eq_dot_half1_neon(s.b, xb, u1, v1);
        s.c = eq_dot_half1_neon(s.c, xc, u1, v1);
        s.d = eq_dot_half1_neon(s.d, xd, u1, v1);
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
    for (; taps >= 16; taps -= 16) {
        s = eq_dot16_one_neon(s, vld1q_s8(x), w);
        x += 16;
        w += 256;
    }
    return taps > 0 ? eq_dot16_one_neon(s, vld1q_s8(tail), w) : s;
}

#endif
