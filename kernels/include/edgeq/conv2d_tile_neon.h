/* The inner part of convolutions for NEON: the dot products of four pixels by four channels.
 *
 * A window is `taps` contiguous bytes, those of the pixels of a tile are `step` bytes apart.
 * Weights are packed (o/4, taps/32, o%4, taps%32), so they are read in order.  The part of a
 * window behind its last whole 32 bytes is taken first.
 *
 * SMULL and SMLAL2 put products into int16 lanes, SADALP adds pairs of lanes to int32, of
 * sixteen sums held in registers: in pairs three instructions for 16 products, in fours five
 * for 32.  The first taps begin the sums, so that nothing is set to zero.
 *
 * Exact: in pairs weights are at least -127, so a lane is within 2 * 128 * 127 < 2^15; in fours
 * the magnitudes of the weights that meet in a lane have a sum of at most 255, and 128 * 255 <
 * 2^15.  Partial sums in any order fit int32 by the contract's proof.
 */
#ifndef EDGEQ_CONV2D_TILE_NEON_H
#define EDGEQ_CONV2D_TILE_NEON_H

#include <arm_neon.h>
#include <stdint.h>

typedef struct {
    int32_t taps;  /* bytes of a window, a multiple of 8 */
    int32_t step;  /* from window to window */
    int32_t fours; /* four products in a lane, else two */
} eq_window_neon;

/* Sums of four channels by pixels. */
typedef struct {
    int32x4_t a, b, c, d;
} eq_quad_neon;

/* 32 bytes. */
typedef struct {
    int8x16_t low, high;
} eq_pair_neon;

static inline eq_pair_neon eq_load32_neon(const int8_t *x)
{
    const eq_pair_neon v = {vld1q_s8(x), vld1q_s8(x + 16)};
    return v;
}

static inline int16x8_t eq_mul16_neon(int8x16_t x, int8x16_t w)
{
    return vmlal_high_s8(vmull_s8(vget_low_s8(x), vget_low_s8(w)), x, w);
}

static inline int16x8_t eq_mla16_neon(int16x8_t t, int8x16_t x, int8x16_t w)
{
    return vmlal_high_s8(vmlal_s8(t, vget_low_s8(x), vget_low_s8(w)), x, w);
}

/* Dot products of 32, 16 or 8 bytes, lane by lane; `begin` a sum, or add to it. */
static inline int32x4_t eq_dot32_neon(int32x4_t acc, eq_pair_neon x, eq_pair_neon w,
                                      int begin, int fours)
{
    int16x8_t t = eq_mul16_neon(x.low, w.low);
    if (fours) {
        t = eq_mla16_neon(t, x.high, w.high);
        return begin ? vpaddlq_s16(t) : vpadalq_s16(acc, t);
    }
    acc = begin ? vpaddlq_s16(t) : vpadalq_s16(acc, t);
    return vpadalq_s16(acc, eq_mul16_neon(x.high, w.high));
}

static inline int32x4_t eq_dot16_neon(int32x4_t acc, int8x16_t x, int8x16_t w, int begin)
{
    const int16x8_t t = eq_mul16_neon(x, w);
    return begin ? vpaddlq_s16(t) : vpadalq_s16(acc, t);
}

static inline int32x4_t eq_dot8_neon(int32x4_t acc, int8x8_t x, int8x8_t w, int begin)
{
    const int16x8_t t = vmull_s8(x, w);
    return begin ? vpaddlq_s16(t) : vpadalq_s16(acc, t);
}

/* The dot products of four windows from x on with the four channels at *weights, which moves
 * on behind these. */
static inline eq_quad_neon eq_conv2d_sums_neon(const int8_t *x, const int8_t **weights,
                                               eq_window_neon t)
{
    const int32x4_t none = vdupq_n_s32(0);
    int32x4_t pa, pb, pc, pd, qa, qb, qc, qd, ra, rb, rc, rd, sa, sb, sc, sd;
    const int32_t full = t.taps & ~31;
    const int8_t *w = *weights, *const end = w + full * 4;
    const int8_t *a = x, *b = a + t.step, *c = b + t.step, *d = c + t.step;
    if (full != t.taps) {
        w = end;
        a += full;
        b += full;
        c += full;
        d += full;
        if ((t.taps & 16) != 0) {
            const int8x16_t xa = vld1q_s8(a), xb = vld1q_s8(b);
            const int8x16_t xc = vld1q_s8(c), xd = vld1q_s8(d);
            const int8x16_t wp = vld1q_s8(w);
            pa = eq_dot16_neon(none, xa, wp, 1);
            pb = eq_dot16_neon(none, xb, wp, 1);
            pc = eq_dot16_neon(none, xc, wp, 1);
            pd = eq_dot16_neon(none, xd, wp, 1);
            const int8x16_t wq = vld1q_s8(w + 32);
            qa = eq_dot16_neon(none, xa, wq, 1);
            qb = eq_dot16_neon(none, xb, wq, 1);
            qc = eq_dot16_neon(none, xc, wq, 1);
            qd = eq_dot16_neon(none, xd, wq, 1);
            const int8x16_t wr = vld1q_s8(w + 64);
            ra = eq_dot16_neon(none, xa, wr, 1);
            rb = eq_dot16_neon(none, xb, wr, 1);
            rc = eq_dot16_neon(none, xc, wr, 1);
            rd = eq_dot16_neon(none, xd, wr, 1);
            const int8x16_t ws = vld1q_s8(w + 96);
            sa = eq_dot16_neon(none, xa, ws, 1);
            sb = eq_dot16_neon(none, xb, ws, 1);
            sc = eq_dot16_neon(none, xc, ws, 1);
            sd = eq_dot16_neon(none, xd, ws, 1);
            if ((t.taps & 8) != 0) {
                a += 16;
                b += 16;
                c += 16;
                d += 16;
                w += 16;
                const int8x8_t ea = vld1_s8(a), eb = vld1_s8(b);
                const int8x8_t ec = vld1_s8(c), ed = vld1_s8(d);
                const int8x8_t vp = vld1_s8(w);
                pa = eq_dot8_neon(pa, ea, vp, 0);
                pb = eq_dot8_neon(pb, eb, vp, 0);
                pc = eq_dot8_neon(pc, ec, vp, 0);
                pd = eq_dot8_neon(pd, ed, vp, 0);
                const int8x8_t vq = vld1_s8(w + 32);
                qa = eq_dot8_neon(qa, ea, vq, 0);
                qb = eq_dot8_neon(qb, eb, vq, 0);
                qc = eq_dot8_neon(qc, ec, vq, 0);
                qd = eq_dot8_neon(qd, ed, vq, 0);
                const int8x8_t vr = vld1_s8(w + 64);
                ra = eq_dot8_neon(ra, ea, vr, 0);
                rb = eq_dot8_neon(rb, eb, vr, 0);
                rc = eq_dot8_neon(rc, ec, vr, 0);
                rd = eq_dot8_neon(rd, ed, vr, 0);
                const int8x8_t vs = vld1_s8(w + 96);
                sa = eq_dot8_neon(sa, ea, vs, 0);
                sb = eq_dot8_neon(sb, eb, vs, 0);
                sc = eq_dot8_neon(sc, ec, vs, 0);
                sd = eq_dot8_neon(sd, ed, vs, 0);
            }
        } else {
            const int8x8_t xa = vld1_s8(a), xb = vld1_s8(b);
            const int8x8_t xc = vld1_s8(c), xd = vld1_s8(d);
            const int8x8_t wp = vld1_s8(w);
            pa = eq_dot8_neon(none, xa, wp, 1);
            pb = eq_dot8_neon(none, xb, wp, 1);
            pc = eq_dot8_neon(none, xc, wp, 1);
            pd = eq_dot8_neon(none, xd, wp, 1);
            const int8x8_t wq = vld1_s8(w + 32);
            qa = eq_dot8_neon(none, xa, wq, 1);
            qb = eq_dot8_neon(none, xb, wq, 1);
            qc = eq_dot8_neon(none, xc, wq, 1);
            qd = eq_dot8_neon(none, xd, wq, 1);
            const int8x8_t wr = vld1_s8(w + 64);
            ra = eq_dot8_neon(none, xa, wr, 1);
            rb = eq_dot8_neon(none, xb, wr, 1);
            rc = eq_dot8_neon(none, xc, wr, 1);
            rd = eq_dot8_neon(none, xd, wr, 1);
            const int8x8_t ws = vld1_s8(w + 96);
            sa = eq_dot8_neon(none, xa, ws, 1);
            sb = eq_dot8_neon(none, xb, ws, 1);
            sc = eq_dot8_neon(none, xc, ws, 1);
            sd = eq_dot8_neon(none, xd, ws, 1);
        }
        a = x;
        b = a + t.step;
        c = b + t.step;
        d = c + t.step;
        w = *weights;
    } else {
        const eq_pair_neon xa = eq_load32_neon(a), xb = eq_load32_neon(b);
        const eq_pair_neon xc = eq_load32_neon(c), xd = eq_load32_neon(d);
        const eq_pair_neon wp = eq_load32_neon(w);
        pa = eq_dot32_neon(none, xa, wp, 1, t.fours);
        pb = eq_dot32_neon(none, xb, wp, 1, t.fours);
        pc = eq_dot32_neon(none, xc, wp, 1, t.fours);
        pd = eq_dot32_neon(none, xd, wp, 1, t.fours);
        const eq_pair_neon wq = eq_load32_neon(w + 32);
        qa = eq_dot32_neon(none, xa, wq, 1, t.fours);
        qb = eq_dot32_neon(none, xb, wq, 1, t.fours);
        qc = eq_dot32_neon(none, xc, wq, 1, t.fours);
        qd = eq_dot32_neon(none, xd, wq, 1, t.fours);
        const eq_pair_neon wr = eq_load32_neon(w + 64);
        ra = eq_dot32_neon(none, xa, wr, 1, t.fours);
        rb = eq_dot32_neon(none, xb, wr, 1, t.fours);
        rc = eq_dot32_neon(none, xc, wr, 1, t.fours);
        rd = eq_dot32_neon(none, xd, wr, 1, t.fours);
        const eq_pair_neon ws = eq_load32_neon(w + 96);
        sa = eq_dot32_neon(none, xa, ws, 1, t.fours);
        sb = eq_dot32_neon(none, xb, ws, 1, t.fours);
        sc = eq_dot32_neon(none, xc, ws, 1, t.fours);
        sd = eq_dot32_neon(none, xd, ws, 1, t.fours);
        a += 32;
        b += 32;
        c += 32;
        d += 32;
        w += 128;
    }
    for (; w != end; w += 128) {
        const eq_pair_neon xa = eq_load32_neon(a), xb = eq_load32_neon(b);
        const eq_pair_neon xc = eq_load32_neon(c), xd = eq_load32_neon(d);
        const eq_pair_neon wp = eq_load32_neon(w);
        pa = eq_dot32_neon(pa, xa, wp, 0, t.fours);
        pb = eq_dot32_neon(pb, xb, wp, 0, t.fours);
        pc = eq_dot32_neon(pc, xc, wp, 0, t.fours);
        pd = eq_dot32_neon(pd, xd, wp, 0, t.fours);
        const eq_pair_neon wq = eq_load32_neon(w + 32);
        qa = eq_dot32_neon(qa, xa, wq, 0, t.fours);
        qb = eq_dot32_neon(qb, xb, wq, 0, t.fours);
        qc = eq_dot32_neon(qc, xc, wq, 0, t.fours);
        qd = eq_dot32_neon(qd, xd, wq, 0, t.fours);
        const eq_pair_neon wr = eq_load32_neon(w + 64);
        ra = eq_dot32_neon(ra, xa, wr, 0, t.fours);
        rb = eq_dot32_neon(rb, xb, wr, 0, t.fours);
        rc = eq_dot32_neon(rc, xc, wr, 0, t.fours);
        rd = eq_dot32_neon(rd, xd, wr, 0, t.fours);
        const eq_pair_neon ws = eq_load32_neon(w + 96);
        sa = eq_dot32_neon(sa, xa, ws, 0, t.fours);
        sb = eq_dot32_neon(sb, xb, ws, 0, t.fours);
        sc = eq_dot32_neon(sc, xc, ws, 0, t.fours);
        sd = eq_dot32_neon(sd, xd, ws, 0, t.fours);
        a += 32;
        b += 32;
        c += 32;
        d += 32;
    }
    *weights = end + (full != t.taps ? 128 : 0);
    const eq_quad_neon sums = {
        vpaddq_s32(vpaddq_s32(pa, qa), vpaddq_s32(ra, sa)),
        vpaddq_s32(vpaddq_s32(pb, qb), vpaddq_s32(rb, sb)),
        vpaddq_s32(vpaddq_s32(pc, qc), vpaddq_s32(rc, sc)),
        vpaddq_s32(vpaddq_s32(pd, qd), vpaddq_s32(rd, sd)),
    };
    return sums;
}

/* The same of one window. */
static inline int32x4_t eq_conv2d_one_neon(const int8_t *x, const int8_t **weights,
                                           eq_window_neon t)
{
    int32x4_t p = vdupq_n_s32(0), q = p, r = p, s = p;
    const int8_t *w = *weights;
    for (int32_t k = t.taps; k > 0; k -= 32) {
        const int8x16_t none = vdupq_n_s8(0);
        const int8x8_t half = vdup_n_s8(0);
        eq_pair_neon v = {none, none};
        if (k >= 32)
            v = eq_load32_neon(x);
        else if (k >= 16)
            v.low = vld1q_s8(x);
        if (k < 32 && (k & 8) != 0 && k > 16)
            v.high = vcombine_s8(vld1_s8(x + 16), half);
        else if (k == 8)
            v.low = vcombine_s8(vld1_s8(x), half);
        p = eq_dot32_neon(p, v, eq_load32_neon(w), 0, t.fours);
        q = eq_dot32_neon(q, v, eq_load32_neon(w + 32), 0, t.fours);
        r = eq_dot32_neon(r, v, eq_load32_neon(w + 64), 0, t.fours);
        s = eq_dot32_neon(s, v, eq_load32_neon(w + 96), 0, t.fours);
        x += 32;
        w += 128;
    }
    *weights = w;
    return vpaddq_s32(vpaddq_s32(p, q), vpaddq_s32(r, s));
}

#endif
