/* Fixed-point rescaling of four int32 at once: the MVE twin of fixed_point.h.
 *
 * Same forms, same ranges, same bits.  A lane with acc 0, mult 0 and shift 0, which is what
 * padding leaves, gives 0.
 */
#ifndef EDGEQ_FIXED_POINT_MVE_H
#define EDGEQ_FIXED_POINT_MVE_H

#include "edgeq/fixed_point.h"

#include <arm_mve.h>

#define eq_requantize_x4 EQ_SYM(eq_requantize_x4)
#define eq_requantize_live_x4 EQ_SYM(eq_requantize_live_x4)
#define eq_mve_form EQ_SYM(eq_mve_form)

/* eq_mve_form: the rounding form as a value, for functions that are given it.  Of int32
 * accumulators wide is single. */
enum { eq_mve_form_double, eq_mve_form_single, eq_mve_form_wide = eq_mve_form_single };

/* VQRDMULH is eq_high_mul.  VRSHL by -right rounds ties up; taking 1 from what is below zero
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

/* The product is high * 2^32 + low.  For shift <= 32 the result is high * 2^(32 - shift) plus
 * low / 2^shift rounded, modulo 2^32; for shift > 32 it is high / 2^(shift - 32) rounded, for
 * adding one half before flooring makes low / 2^32, less than one, not matter, and VRSHL
 * leaves nothing of low: low + 2^(shift - 1) < 2^shift. */
static inline int32x4_t eq_requantize_x4_single(int32x4_t acc, int32x4_t mult,
                                                int32x4_t shift)
{
    const int32x4_t high = vmulhq_s32(acc, mult);
    const uint32x4_t low = vreinterpretq_u32_s32(vmulq_s32(acc, mult));
    const int32x4_t above = vrshlq_s32(high, vsubq_s32(vdupq_n_s32(32), shift));
    const uint32x4_t below = vrshlq_u32(low, vnegq_s32(shift));
    return vaddq_s32(above, vreinterpretq_s32_u32(below));
}

/* The same for factors other than zero of shift >= 32, which all below 1/2 have; `down` is
 * 31 - shift.  VQDMLAH adds floor(2 * high * 1 / 2^32), -1 for what is below zero. */
static inline int32x4_t eq_requantize_live_x4_double(int32x4_t acc, int32x4_t mult,
                                                     int32x4_t down)
{
    const int32x4_t high = vqrdmulhq_s32(acc, mult);
    return vrshlq_s32(vqdmlahq_n_s32(high, high, 1), down);
}

/* VQDMULH is floor(acc * mult / 2^31); what it drops, less than one, does not matter once at
 * least one half, a whole number, is added. */
static inline int32x4_t eq_requantize_live_x4_single(int32x4_t acc, int32x4_t mult,
                                                     int32x4_t down)
{
    return vrshlq_s32(vqdmulhq_s32(acc, mult), down);
}

/* Either form, live or not, chosen by constants. */
static inline int32x4_t eq_requantize_mve(int32x4_t acc, int32x4_t mult, int32x4_t shift,
                                          int form, int live)
{
    if (live) {
        const int32x4_t down = vsubq_s32(vdupq_n_s32(31), shift);
        return form == eq_mve_form_single ? eq_requantize_live_x4_single(acc, mult, down)
                                          : eq_requantize_live_x4_double(acc, mult, down);
    }
    return form == eq_mve_form_single ? eq_requantize_x4_single(acc, mult, shift)
                                      : eq_requantize_x4_double(acc, mult, shift);
}

/* The first n lanes (all from 4 on) of clamp(v + zy, lo, hi) to y, with [lo, hi] in
 * [-128, 127]. */
static inline void eq_store_s8_x4(int8_t *y, int32x4_t v, int32_t n, int32_t zy, int32_t lo,
                                  int32_t hi)
{
    const int32x4_t sum = vaddq_n_s32(v, zy);
    const int32x4_t bounded = vminq_s32(vmaxq_s32(sum, vdupq_n_s32(lo)), vdupq_n_s32(hi));
    if (n >= 4)
        vstrbq_s32(y, bounded);
    else
        vstrbq_p_s32(y, bounded, vctp32q((uint32_t)n));
}

#endif
