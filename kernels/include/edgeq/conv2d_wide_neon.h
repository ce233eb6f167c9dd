/* The inner part of convolutions of int16 activations for NEON: the dot products of four pixels
 * by four channels.
 *
 * Windows are contiguous, `taps` elements (a multiple of 8), `step` bytes apart; weights are
 * packed (o/4, taps/8, o%4, taps%8) and widened once for four pixels.
 *
 * Exact: kernels require that accumulators fit int32, in any order of the taps.
 */
#ifndef EDGEQ_CONV2D_WIDE_NEON_H
#define EDGEQ_CONV2D_WIDE_NEON_H

#include <arm_neon.h>
#include <stdint.h>

/* Sums of one channel by four pixels, or of four channels by one. */
typedef struct {
    int32x4_t a, b, c, d;
} eq_wide4_neon;

static inline int16x8_t eq_load8_s16_neon(const int8_t *x)
{
    return vreinterpretq_s16_s8(vld1q_s8(x));
}

static inline int32x4_t eq_dot8_s16_neon(int32x4_t acc, int16x8_t x, int16x8_t w)
{
    return vmlal_high_s16(vmlal_s16(acc, vget_low_s16(x), vget_low_s16(w)), x, w);
}

static inline eq_wide4_neon eq_conv2d_wide_neon(const int8_t *x, int64_t step,
                                                const int8_t *w, int32_t taps)
{
    const int32x4_t zero = vdupq_n_s32(0);
    eq_wide4_neon p = {zero, zero, zero, zero}, q = p, r = p, s = p;
    const int8_t *a = x, *b = a + step, *c = b + step, *d = c + step;
    for (; taps > 0; taps -= 8) {
        const int16x8_t xa = eq_load8_s16_neon(a), xb = eq_load8_s16_neon(b);
        const int16x8_t xc = eq_load8_s16_neon(c), xd = eq_load8_s16_neon(d);
        const int8x16_t pq = vld1q_s8(w), rs = vld1q_s8(w + 16);
        const int16x8_t wp = vmovl_s8(vget_low_s8(pq)), wq = vmovl_high_s8(pq);
        const int16x8_t wr = vmovl_s8(vget_low_s8(rs)), ws = vmovl_high_s8(rs);
        p.a = eq_dot8_s16_neon(p.a, xa, wp);
        p.b = eq_dot8_s16_neon(p.b, xb, wp);
        p.c = eq_dot8_s16_neon(p.c, xc, wp);
        p.d = eq_dot8_s16_neon(p.d, xd, wp);
        q.a = eq_dot8_s16_neon(q.a, xa, wq);
        q.b = eq_dot8_s16_neon(q.b, xb, wq);
        q.c = eq_dot8_s16_neon(q.c, xc, wq);
        q.d = eq_dot8_s16_neon(q.d, xd, wq);
        r.a = eq_dot8_s16_neon(r.a, xa, wr);
        r.b = eq_dot8_s16_neon(r.b, xb, wr);
        r.c = eq_dot8_s16_neon(r.c, xc, wr);
        r.d = eq_dot8_s16_neon(r.d, xd, wr);
        s.a = eq_dot8_s16_neon(s.a, xa, ws);
        s.b = eq_dot8_s16_neon(s.b, xb, ws);
        s.c = eq_dot8_s16_neon(s.c, xc, ws);
        s.d = eq_dot8_s16_neon(s.d, xd, ws);
        a += 16;
        b += 16;
        c += 16;
        d += 16;
        w += 32;
    }
    const eq_wide4_neon sums = {
        vpaddq_s32(vpaddq_s32(p.a, q.a), vpaddq_s32(r.a, s.a)),
        vpaddq_s32(vpaddq_s32(p.b, q.b), vpaddq_s32(r.b, s.b)),
        vpaddq_s32(vpaddq_s32(p.c, q.c), vpaddq_s32(r.c, s.c)),
        vpaddq_s32(vpaddq_s32(p.d, q.d), vpaddq_s32(r.d, s.d)),
    };
    return sums;
}

#endif
