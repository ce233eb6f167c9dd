/* The inner part of fully connected layers for NEON with dot products: one pixel by sixteen
 * channels.
 *
 * SDOT by lane: four bytes of a pixel, against those of four channels.  Weights are packed
 * (o/16, taps/4, o%16, taps%4), so they are read in order; sums begin with the biases and end
 * with channels side by side.
 *
 * Exact: SDOT adds to int32 what int32 holds by the contract's proof.
 */
#ifndef EDGEQ_DOT_NEON_DOTPROD_H
#define EDGEQ_DOT_NEON_DOTPROD_H

#include "edgeq/sums_neon.h"

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

/* What one lane of x adds to sixteen channels. */
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

/* The dot products of `taps` bytes on top of the biases; `tail` holds what lies behind the last
 * whole 16 bytes, then zeros. */
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
