/* The inner part of fully connected layers for NEON: the dot products of one row of x with
 * eight of w.
 *
 * Weights are packed (o/8, i/32, o%8, i%32), so they are read in order.
 *
 * Exact: see conv2d_tile_neon.h.
 */
#ifndef EDGEQ_FC_NEON_H
#define EDGEQ_FC_NEON_H

#include "edgeq/conv2d_tile_neon.h"

/* Two vectors of four channels. */
typedef struct {
    int32x4_t a, b;
} eq_eight_neon;

/* Row x of `taps` bytes; `tail` holds what lies behind its last whole 32, then zeros. */
static inline eq_eight_neon eq_fc_sums_neon(const int8_t *x, const int8_t *tail,
                                            const int8_t *w, int32_t taps, int fours)
{
    int32x4_t a = vdupq_n_s32(0), b = a, c = a, d = a, e = a, f = a, g = a, h = a;
    for (int part = 0; part < 2; ++part) {
        const int8_t *from = part == 0 ? x : tail;
        for (int32_t n = part == 0 ? taps / 32 : taps % 32 != 0; n > 0; --n) {
            const eq_pair_neon v = eq_load32_neon(from);
            a = eq_dot32_neon(a, v, eq_load32_neon(w), 0, fours);
            b = eq_dot32_neon(b, v, eq_load32_neon(w + 32), 0, fours);
            c = eq_dot32_neon(c, v, eq_load32_neon(w + 64), 0, fours);
            d = eq_dot32_neon(d, v, eq_load32_neon(w + 96), 0, fours);
            e = eq_dot32_neon(e, v, eq_load32_neon(w + 128), 0, fours);
            f = eq_dot32_neon(f, v, eq_load32_neon(w + 160), 0, fours);
            g = eq_dot32_neon(g, v, eq_load32_neon(w + 192), 0, fours);
            h = eq_dot32_neon(h, v, eq_load32_neon(w + 224), 0, fours);
            from += 32;
            w += 256;
        }
    }
    const eq_eight_neon sums = {
        vpaddq_s32(vpaddq_s32(a, b), vpaddq_s32(c, d)),
        vpaddq_s32(vpaddq_s32(e, f), vpaddq_s32(g, h)),
    };
    return sums;
}

#endif
