/* dot_neon_dotprod.h for eight channels: the first half of a block of sixteen. */
#ifndef EDGEQ_DOT_HALF_NEON_DOTPROD_H
#define EDGEQ_DOT_HALF_NEON_DOTPROD_H

#include "edgeq/conv2d_sums_neon.h"

/* What one lane of x adds to eight channels. */
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

#endif
