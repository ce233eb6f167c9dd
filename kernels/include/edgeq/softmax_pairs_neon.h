/* Softmax over pairs for NEON, of AArch64 and of 32-bit Arm: eight rows at once.
 *
 * Of a pair one exponential is that of 0; the other one is looked up, and all else is done for
 * four rows at once.
 *
 * Exact: the contract's steps.  Exponentials are below 2^31, so VRSHR rounds them in 32 bits
 * without a sign, and products are what VQRDMULH rounds, ties upwards.  The sum is in
 * [2^19, 2^20], so the last shift is 23 or 24.
 */
#ifndef EDGEQ_SOFTMAX_PAIRS_NEON_H
#define EDGEQ_SOFTMAX_PAIRS_NEON_H

#include "edgeq/reciprocal_neon.h"
#include "edgeq/softmax_s8.h"

#include <string.h>

/* Of four rows the outputs, from 0 on, of what is larger and what is smaller. */
typedef struct {
    int32x4_t larger, smaller;
} eq_softmax_four_neon;

static inline int32x4_t eq_softmax_share_neon(int32x4_t e, eq_reciprocal_neon r)
{
    const int32x4_t right = vaddq_s32(r.bits, vdupq_n_s32(23));
    return vrshlq_s32(vqrdmulhq_s32(e, r.value), vnegq_s32(right));
}

static inline eq_softmax_four_neon eq_softmax_of_four_neon(const uint8_t *apart,
                                                           const int32_t *table)
{
    int32x4_t e = vld1q_dup_s32(table + apart[0]);
    e = vld1q_lane_s32(table + apart[1], e, 1);
    e = vld1q_lane_s32(table + apart[2], e, 2);
    e = vld1q_lane_s32(table + apart[3], e, 3);
    const int32x4_t one = vdupq_n_s32(table[0]);
    const uint32x4_t sum = vaddq_u32(vrshrq_n_u32(vreinterpretq_u32_s32(one), 12),
                                     vrshrq_n_u32(vreinterpretq_u32_s32(e), 12));
    const eq_reciprocal_neon r = eq_reciprocals_neon(sum, 12);
    const eq_softmax_four_neon y = {eq_softmax_share_neon(one, r),
                                    eq_softmax_share_neon(e, r)};
    return y;
}

/* Eight outputs; what is above 255 counts as that. */
static inline int8x8_t eq_softmax_eight_neon(int32x4_t a, int32x4_t b)
{
    const int16x8_t v = vcombine_s16(vmovn_s32(a), vmovn_s32(b));
    return vreinterpret_s8_u8(veor_u8(vqmovun_s16(v), vdup_n_u8(128)));
}

/* Eight rows; y may be x. */
static inline void eq_softmax_eight_pairs_neon(const int8_t *x, const int32_t *table,
                                               int8_t *y)
{
    const int8x8x2_t v = vld2_s8(x);
    const int8x8_t most = vmax_s8(v.val[0], v.val[1]), least = vmin_s8(v.val[0], v.val[1]);
    const uint8x8_t first = vcge_s8(v.val[0], v.val[1]);
    uint8_t apart[8];
    vst1_u8(apart, vreinterpret_u8_s8(vsub_s8(most, least)));
    const eq_softmax_four_neon low = eq_softmax_of_four_neon(apart, table);
    const eq_softmax_four_neon high = eq_softmax_of_four_neon(apart + 4, table);
    const int8x8_t larger = eq_softmax_eight_neon(low.larger, high.larger);
    const int8x8_t smaller = eq_softmax_eight_neon(low.smaller, high.smaller);
    const int8x8x2_t out = {
        {vbsl_s8(first, larger, smaller), vbsl_s8(first, smaller, larger)}};
    vst2_s8(y, out);
}

static inline void eq_softmax_pairs_neon(const int8_t *x, const int32_t *table, int8_t *y,
                                         int32_t rows)
{
    for (; rows >= 8; rows -= 8) {
        eq_softmax_eight_pairs_neon(x, table, y);
        x += 16;
        y += 16;
    }
    if (rows > 0) {
        int8_t some[16] = {0};
        memcpy(some, x, 2 * (size_t)rows);
        eq_softmax_eight_pairs_neon(some, table, some);
        memcpy(y, some, 2 * (size_t)rows);
    }
}

#endif
