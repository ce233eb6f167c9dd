/* Fixed-point rescaling of four int32 at once: the NEON twin of fixed_point.h.
 *
 * Same forms, same ranges, same bits.  A lane with acc 0, mult 0 and shift 0, which is what
 * padding leaves, gives 0.
 */
#ifndef EDGEQ_FIXED_POINT_NEON_H
#define EDGEQ_FIXED_POINT_NEON_H

#include "edgeq/fixed_point.h"

#include <arm_neon.h>
#include <string.h>

#define eq_requantize_x4 EQ_SYM(eq_requantize_x4)

/* SQRDMULH is eq_high_mul.  SRSHL by -right rounds ties up; taking 1 from what is below zero
 * first makes that ties away, and the subtraction saturates where it cannot matter: -2^31
 * is a multiple of every 2^right. */
static inline int32x4_t eq_requantize_x4_double(int32x4_t acc, int32x4_t mult,
                                                int32x4_t shift)
{
    const int32x4_t up = vsubq_s32(vdupq_n_s32(31), shift);
    const int32x4_t left = vmaxq_s32(up, vdupq_n_s32(0));
    const int32x4_t down = vminq_s32(up, vdupq_n_s32(0));
    const int32x4_t high = vqrdmulhq_s32(vshlq_s32(acc, left), mult);
    const int32x4_t nudge = vshrq_n_s32(vandq_s32(high, down), 31);
    return vrshlq_s32(vqaddq_s32(high, nudge), down);
}

/* SRSHL of int64 rounds with unbounded precision: floor(product / 2^shift + 1/2). */
static inline int32x4_t eq_requantize_x4_single(int32x4_t acc, int32x4_t mult,
                                                int32x4_t shift)
{
    const int32x4_t down = vnegq_s32(shift);
    const int64x2_t low = vmull_s32(vget_low_s32(acc), vget_low_s32(mult));
    const int64x2_t high = vmull_s32(vget_high_s32(acc), vget_high_s32(mult));
    return vcombine_s32(vmovn_s64(vrshlq_s64(low, vmovl_s32(vget_low_s32(down)))),
                        vmovn_s64(vrshlq_s64(high, vmovl_s32(vget_high_s32(down)))));
}

/* One rounding of a factor of fewer bits, of an accumulator that fits int32: SRSHL rounds
 * ties up, as eq_requantize_wide does. */
static inline int32x4_t eq_requantize_x4_wide(int32x4_t acc, int32x4_t mult,
                                              int32x4_t shift)
{
    return eq_requantize_x4_single(acc, mult, shift);
}

/* The first n <= 4 lanes of clamp(v + zy, lo, hi) to y, with [lo, hi] in [-128, 127]. */
static inline void eq_store_s8_x4(int8_t *y, int32x4_t v, int32_t n, int32_t zy, int32_t lo,
                                  int32_t hi)
{
    const int32x4_t sum = vaddq_s32(v, vdupq_n_s32(zy));
    const int32x4_t clamped = vminq_s32(vmaxq_s32(sum, vdupq_n_s32(lo)), vdupq_n_s32(hi));
    const int16x4_t words = vmovn_s32(clamped);
    int8_t bytes[8];
    vst1_s8(bytes, vmovn_s16(vcombine_s16(words, words)));
    memcpy(y, bytes, n < 4 ? (size_t)n : 4);
}

#endif
