/* The inner part of convolutions with int4 weights for NEON: the dot products of four pixels
 * by four channels.
 *
 * Windows are contiguous, `taps` bytes (a multiple of 32), `step` bytes apart.  Weights are
 * packed (o/4, taps/32, o%4, taps%16, taps/16%2): a byte holds taps k and k + 16.
 *
 * Exact: a product is within 8 * 128 = 2^10, and of 32 taps four meet in an int16 lane, so
 * seven times 32 of them stay below 2^15; then lanes are added to int32, which holds every
 * partial sum by the contract's proof.
 */
#ifndef EDGEQ_CONV2D_INT4_NEON_H
#define EDGEQ_CONV2D_INT4_NEON_H

#include "edgeq/conv2d_tile_neon.h"
#include "edgeq/nibbles_neon.h"

/* Lanes of one channel by four pixels. */
typedef struct {
    int16x8_t a, b, c, d;
} eq_lanes4_neon;

/* Lanes of four channels added, one pixel. */
static inline int32x4_t eq_add_lanes_neon(int16x8_t p, int16x8_t q, int16x8_t r,
                                          int16x8_t s)
{
    return vpaddq_s32(vpaddq_s32(vpaddlq_s16(p), vpaddlq_s16(q)),
                      vpaddq_s32(vpaddlq_s16(r), vpaddlq_s16(s)));
}

static inline eq_quad_neon eq_conv2d_int4_neon(const int8_t *x, int64_t step,
                                               const int8_t *w, int32_t taps)
{
    const int32x4_t zero = vdupq_n_s32(0);
    eq_quad_neon sums = {zero, zero, zero, zero};
    const int8_t *a = x, *b = a + step, *c = b + step, *d = c + step;
    while (taps > 0) {
        const int16x8_t none = vdupq_n_s16(0);
        eq_lanes4_neon p = {none, none, none, none}, q = p, r = p, s = p;
        int32_t n = taps < 224 ? taps : 224;
        taps -= n;
        for (; n > 0; n -= 32) {
            int8x16_t xa = vld1q_s8(a), xb = vld1q_s8(b), xc = vld1q_s8(c),
                      xd = vld1q_s8(d);
            const int8x16_t wp = vld1q_s8(w), wq = vld1q_s8(w + 16);
            const int8x16_t wr = vld1q_s8(w + 32), ws = vld1q_s8(w + 48);
            const int8x16_t plow = eq_low_nibbles_neon(wp);
            p.a = eq_mla16_neon(p.a, xa, plow);
            p.b = eq_mla16_neon(p.b, xb, plow);
            p.c = eq_mla16_neon(p.c, xc, plow);
            p.d = eq_mla16_neon(p.d, xd, plow);
            const int8x16_t qlow = eq_low_nibbles_neon(wq);
            q.a = eq_mla16_neon(q.a, xa, qlow);
            q.b = eq_mla16_neon(q.b, xb, qlow);
            q.c = eq_mla16_neon(q.c, xc, qlow);
            q.d = eq_mla16_neon(q.d, xd, qlow);
            const int8x16_t rlow = eq_low_nibbles_neon(wr);
            r.a = eq_mla16_neon(r.a, xa, rlow);
            r.b = eq_mla16_neon(r.b, xb, rlow);
            r.c = eq_mla16_neon(r.c, xc, rlow);
            r.d = eq_mla16_neon(r.d, xd, rlow);
            const int8x16_t slow = eq_low_nibbles_neon(ws);
            s.a = eq_mla16_neon(s.a, xa, slow);
            s.b = eq_mla16_neon(s.b, xb, slow);
            s.c = eq_mla16_neon(s.c, xc, slow);
            s.d = eq_mla16_neon(s.d, xd, slow);
            xa = vld1q_s8(a + 16);
            xb = vld1q_s8(b + 16);
            xc = vld1q_s8(c + 16);
            xd = vld1q_s8(d + 16);
            const int8x16_t phigh = eq_high_nibbles_neon(wp);
            p.a = eq_mla16_neon(p.a, xa, phigh);
            p.b = eq_mla16_neon(p.b, xb, phigh);
            p.c = eq_mla16_neon(p.c, xc, phigh);
            p.d = eq_mla16_neon(p.d, xd, phigh);
            const int8x16_t qhigh = eq_high_nibbles_neon(wq);
            q.a = eq_mla16_neon(q.a, xa, qhigh);
            q.b = eq_mla16_neon(q.b, xb, qhigh);
            q.c = eq_mla16_neon(q.c, xc, qhigh);
            q.d = eq_mla16_neon(q.d, xd, qhigh);
            const int8x16_t rhigh = eq_high_nibbles_neon(wr);
            r.a = eq_mla16_neon(r.a, xa, rhigh);
            r.b = eq_mla16_neon(r.b, xb, rhigh);
            r.c = eq_mla16_neon(r.c, xc, rhigh);
            r.d = eq_mla16_neon(r.d, xd, rhigh);
            const int8x16_t shigh = eq_high_nibbles_neon(ws);
            s.a = eq_mla16_neon(s.a, xa, shigh);
            s.b = eq_mla16_neon(s.b, xb, shigh);
            s.c = eq_mla16_neon(s.c, xc, shigh);
            s.d = eq_mla16_neon(s.d, xd, shigh);
            a += 32;
            b += 32;
            c += 32;
            d += 32;
            w += 64;
        }
        sums.a = vaddq_s32(sums.a, eq_add_lanes_neon(p.a, q.a, r.a, s.a));
        sums.b = vaddq_s32(sums.b, eq_add_lanes_neon(p.b, q.b, r.b, s.b));
        sums.c = vaddq_s32(sums.c, eq_add_lanes_neon(p.c, q.c, r.c, s.c));
        sums.d = vaddq_s32(sums.d, eq_add_lanes_neon(p.d, q.d, r.d, s.d));
    }
    return sums;
}

#endif
