/* What a zero point of weights adds to the pixels of a tile, for NEON with dot products. */
#ifndef EDGEQ_CONV2D_WEIGH_NEON_H
#define EDGEQ_CONV2D_WEIGH_NEON_H

#include "edgeq/conv2d_tiles_neon.h"

/* The sum of the window at x.  Reads up to 7 bytes behind each segment. */
static inline int32_t eq_sum_window_neon(const int8_t *x, const eq_tile_neon *at)
{
    const int8x16_t ones = vdupq_n_s8(1);
    const int32_t rest = at->bytes & 7;
    const int8x8_t last = vcreate_s8(0x0101010101010101U >> (8 * (8 - rest) & 63));
    int32x4_t sum = vdupq_n_s32(0);
    int32x2_t half = vdup_n_s32(0);
    for (int32_t r = at->segments; r > 0; --r) {
        const int8_t *from = x;
        for (int32_t i = at->bytes; i >= 16; i -= 16) {
            sum = vdotq_s32(sum, vld1q_s8(from), ones);
            from += 16;
        }
        if (at->bytes & 8) {
            half = vdot_s32(half, vld1_s8(from), vget_low_s8(ones));
            from += 8;
        }
        if (rest > 0)
            half = vdot_s32(half, vld1_s8(from), last);
        x += at->run + at->gap;
    }
    return vaddvq_s32(sum) + vaddv_s32(half);
}

/* Less zw times the sum of each window. */
static inline void eq_weigh_tile_neon(eq_tile_neon *at, int32_t n)
{
    for (int32_t i = 0; i < n; ++i)
        at->offset[i] = -at->zw * eq_sum_window_neon(at->x + at->at->x[i], at);
}

#endif
