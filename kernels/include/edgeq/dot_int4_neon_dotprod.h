/* The inner part of convolutions with int4 weights for NEON with dot products: four pixels by
 * sixteen channels.
 *
 * Windows are contiguous, `taps` bytes (a multiple of 8), `step` bytes apart.  Weights are
 * packed (o/16, taps/8, o%16, taps%4, taps/4%2): a byte holds taps k and k + 4.
 *
 * Exact: SDOT adds to int32 what int32 holds by the contract's proof.
 */
#ifndef EDGEQ_DOT_INT4_NEON_DOTPROD_H
#define EDGEQ_DOT_INT4_NEON_DOTPROD_H

#include "edgeq/dot_neon_dotprod.h"

/* The first four taps of eight, and the others. */
static inline eq_group_neon eq_low_group_neon(const eq_group_neon *both)
{
    const eq_group_neon g = {
        vshrq_n_s8(vshlq_n_s8(both->a, 4), 4), vshrq_n_s8(vshlq_n_s8(both->b, 4), 4),
        vshrq_n_s8(vshlq_n_s8(both->c, 4), 4), vshrq_n_s8(vshlq_n_s8(both->d, 4), 4)};
    return g;
}

static inline eq_group_neon eq_high_group_neon(const eq_group_neon *both)
{
    const eq_group_neon g = {vshrq_n_s8(both->a, 4), vshrq_n_s8(both->b, 4),
                             vshrq_n_s8(both->c, 4), vshrq_n_s8(both->d, 4)};
    return g;
}

/* The dot products of four pixels on top of the biases. */
static inline eq_tile16_neon eq_dot_int4_neon(const int8_t *x, int64_t step,
                                              const int8_t *w, const int32_t *bias,
                                              int32_t taps)
{
    const eq_sums16_neon start = eq_load_bias_neon(bias);
    eq_tile16_neon s = {start, start, start, start};
    const int8x8_t none = vdup_n_s8(0);
    const int8_t *a = x, *b = a + step, *c = b + step, *d = c + step;
    for (; taps > 0; taps -= 8) {
        const int8x16_t xa = vcombine_s8(vld1_s8(a), none),
                        xb = vcombine_s8(vld1_s8(b), none);
        const int8x16_t xc = vcombine_s8(vld1_s8(c), none),
                        xd = vcombine_s8(vld1_s8(d), none);
        const eq_group_neon both = eq_load_group_neon(w);
        const eq_group_neon g0 = eq_low_group_neon(&both);
        s.a = eq_dot_lane0_neon(s.a, xa, &g0);
        s.b = eq_dot_lane0_neon(s.b, xb, &g0);
        s.c = eq_dot_lane0_neon(s.c, xc, &g0);
        s.d = eq_dot_lane0_neon(s.d, xd, &g0);
        const eq_group_neon g1 = eq_high_group_neon(&both);
        s.a = eq_dot_lane1_neon(s.a, xa, &g1);
        s.b = eq_dot_lane1_neon(s.b, xb, &g1);
        s.c = eq_dot_lane1_neon(s.c, xc, &g1);
        s.d = eq_dot_lane1_neon(s.d, xd, &g1);
        a += 8;
        b += 8;
        c += 8;
        d += 8;
        w += 64;
    }
    return s;
}

#endif
