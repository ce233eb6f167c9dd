/* What a zero point of weights adds to the pixels of a tile, for NEON with dot products. */
#ifndef EDGEQ_CONV2D_WEIGH_NEON_H
#define EDGEQ_CONV2D_WEIGH_NEON_H

#include "edgeq/conv2d_tiles_neon.h"

/* Sums of four bytes each of the windows of a tile; of four pixels e and f stay zero. */
typedef struct {
    int32x4_t a, b, c, d, e, f;
} eq_weight_neon;

static inline int8x16_t eq_load_half_neon(const int8_t *x, int whole)
{
    return whole ? vld1q_s8(x) : vcombine_s8(vld1_s8(x), vdup_n_s8(0));
}

/* The bytes of each window, 16 or 8 of them, that `ones` holds. */
static inline __attribute__((always_inline)) eq_weight_neon
eq_weigh_bytes_neon(eq_weight_neon s, const int8_t *const *x, int64_t i, int8x16_t ones,
                    int32_t n, int whole)
{
    s.a = vdotq_s32(s.a, eq_load_half_neon(x[0] + i, whole), ones);
    s.b = vdotq_s32(s.b, eq_load_half_neon(x[1] + i, whole), ones);
    s.c = vdotq_s32(s.c, eq_load_half_neon(x[2] + i, whole), ones);
    s.d = vdotq_s32(s.d, eq_load_half_neon(x[3] + i, whole), ones);
    if (n == 6) {
        s.e = vdotq_s32(s.e, eq_load_half_neon(x[4] + i, whole), ones);
        s.f = vdotq_s32(s.f, eq_load_half_neon(x[5] + i, whole), ones);
    }
    return s;
}

/* Less zw times the sum of each window of n, 6 or 4, pixels. Reads up to 7 bytes behind
 * each segment. */
static inline __attribute__((always_inline)) void eq_weigh_tile_neon(eq_tile_neon *at,
                                                                     int32_t n)
{
    const int64_t *const to = at->at->x;
    const int8_t *const x[6] = {at->x + to[0],
                                at->x + to[1],
                                at->x + to[2],
                                at->x + to[3],
                                n == 6 ? at->x + to[4] : at->x,
                                n == 6 ? at->x + to[5] : at->x};
    const int8x16_t ones = vdupq_n_s8(1);
    const int32_t rest = at->bytes & 7;
    const uint64_t some = 0x0101010101010101U >> (8 * (8 - rest) & 63);
    const int8x16_t last = vcombine_s8(vcreate_s8(some), vdup_n_s8(0));
    const int32x4_t zero = vdupq_n_s32(0);
    eq_weight_neon s = {zero, zero, zero, zero, zero, zero};
    int64_t from = 0;
    for (int32_t r = at->segments; r > 0; --r) {
        int64_t i = from;
        for (int32_t left = at->bytes; left >= 16; left -= 16) {
            s = eq_weigh_bytes_neon(s, x, i, ones, n, 1);
            i += 16;
        }
        if (at->bytes & 8) {
            s = eq_weigh_bytes_neon(s, x, i, ones, n, 0);
            i += 8;
        }
        if (rest > 0)
            s = eq_weigh_bytes_neon(s, x, i, last, n, 0);
        from += at->run + at->gap;
    }
    const int32x4_t abcd = vpaddq_s32(vpaddq_s32(s.a, s.b), vpaddq_s32(s.c, s.d));
    vst1q_s32(at->offset, vmulq_n_s32(abcd, -at->zw));
    const int32x4_t ef = vpaddq_s32(s.e, s.f);
    if (n == 6)
        vst1_s32(at->offset + 4, vget_low_s32(vmulq_n_s32(vpaddq_s32(ef, ef), -at->zw)));
}

#endif
