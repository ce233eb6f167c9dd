/* Rescaling for NEON where every factor but zero has a shift of at least 32, so nothing is
 * shifted left, and narrowing of whole vectors.
 *
 * Same bits as fixed_point.h.  With r = shift - 31 >= 1:
 *
 *   double  SQRDMULH is eq_high_mul; SRSHL by -r rounds ties up, and taking 1 from what is
 *           below zero first makes that ties away.  It cannot wrap: mult < 2^31, so SQRDMULH
 *           gives more than -2^31.
 *   single  SQDMULH is floor(p / 2^31) for the product p, and SRSHL by -r gives
 *           floor((floor(p / 2^31) + 2^(r - 1)) / 2^r) = floor((p + 2^(shift - 1)) / 2^shift),
 *           for a floor inside of a floor of a quotient by an integer may be left out.
 *
 *   live    double, where the zero point and the clamp let no result below zero live: what is
 *           below zero before the right shift stays below or becomes zero whichever way ties
 *           go, so nothing is taken from it.
 *   relu    the same for any zero point and upper end of the clamp.
 *
 * A factor of zero has shift 31: 0 is shifted by 0.  Filling has shift 0: 0 is shifted left.
 */
#ifndef EDGEQ_RESCALE_NEON_H
#define EDGEQ_RESCALE_NEON_H

#include "edgeq/fixed_point.h"

#include <arm_neon.h>
#include <string.h>

#define eq_is_single EQ_SYM(eq_is_single)
#define eq_is_wide EQ_SYM(eq_is_wide)

/* How a kernel rescales and narrows: the rounding form, and for the double one where the clamp is
 * that of a ReLU (eq_is_live).  Code that serves all takes it as an argument, `single`, which is
 * a constant wherever it is called. */
enum { EQ_DOUBLE = 0, EQ_SINGLE = 1, EQ_LIVE = 2, EQ_RELU = 3 };

/* 1 where y is -128 for all that is not above zero and any other byte may follow. */
static inline int eq_is_live(int32_t zy, int32_t lo, int32_t hi)
{
    return zy == -128 && lo == -128 && hi == 127;
}

/* Which of the four serves; `single` is eq_is_single(). */
static inline int eq_mode_of(int single, int32_t zy, int32_t lo, int32_t hi)
{
    if (single)
        return EQ_SINGLE;
    return eq_is_live(zy, lo, hi) ? EQ_LIVE : zy == lo ? EQ_RELU : EQ_DOUBLE;
}

/* What EQ_FORM says, as a constant. */
static inline int eq_is_single_double(void)
{
    return 0;
}

static inline int eq_is_single_single(void)
{
    return 1;
}

static inline int eq_is_single_wide(void)
{
    return 1;
}

static inline int eq_is_wide_double(void)
{
    return 0;
}

static inline int eq_is_wide_single(void)
{
    return 0;
}

static inline int eq_is_wide_wide(void)
{
    return 1;
}

/* bias, mult and 31 - shift of four channels. */
typedef struct {
    int32x4_t bias, mult, down;
} eq_factors_x4;

static inline eq_factors_x4 eq_load_factors(const int32_t *bias, const int32_t *mult,
                                            const int32_t *shift)
{
    const eq_factors_x4 f = {vld1q_s32(bias), vld1q_s32(mult),
                             vsubq_s32(vdupq_n_s32(31), vld1q_s32(shift))};
    return f;
}

static inline __attribute__((always_inline)) int32x4_t eq_rescale_x4(int32x4_t acc,
                                                                     eq_factors_x4 f,
                                                                     int single)
{
    if (single == EQ_SINGLE)
        return vrshlq_s32(vqdmulhq_s32(acc, f.mult), f.down);
    const int32x4_t high = vqrdmulhq_s32(acc, f.mult);
    return vrshlq_s32(single >= EQ_LIVE ? high : vsraq_n_s32(high, high, 31), f.down);
}

/* What follows a rescale: the zero point of y and the clamp. */
typedef struct {
    int16x8_t zy;
    int8x16_t lo, hi;
} eq_range_s8;

static inline eq_range_s8 eq_load_range(int32_t zy, int32_t lo, int32_t hi)
{
    const eq_range_s8 r = {vdupq_n_s16((int16_t)zy), vdupq_n_s8((int8_t)lo),
                           vdupq_n_s8((int8_t)hi)};
    return r;
}

/* v + zy, where the clamp is all of int8: both narrowings saturate, and so does the sum. */
static inline __attribute__((always_inline)) int8x16_t
eq_narrow_full_s8_x16(int32x4_t a, int32x4_t b, int32x4_t c, int32x4_t d, eq_range_s8 r)
{
    const int16x8_t low = vqmovn_high_s32(vqmovn_s32(a), b);
    const int16x8_t high = vqmovn_high_s32(vqmovn_s32(c), d);
    return vqmovn_high_s16(vqmovn_s16(vqaddq_s16(low, r.zy)), vqaddq_s16(high, r.zy));
}

/* clamp(v + zy): for |zy| <= 128 saturation moves nothing out of or into the clamp. */
static inline __attribute__((always_inline)) int8x16_t
eq_narrow_s8_x16(int32x4_t a, int32x4_t b, int32x4_t c, int32x4_t d, eq_range_s8 r)
{
    return vminq_s8(vmaxq_s8(eq_narrow_full_s8_x16(a, b, c, d, r), r.lo), r.hi);
}

/* The same where eq_is_live: the narrowings clamp, to [0, 255] of what is 128 more. */
static inline __attribute__((always_inline)) int8x16_t eq_narrow_live_s8_x16(int32x4_t a,
                                                                             int32x4_t b,
                                                                             int32x4_t c,
                                                                             int32x4_t d)
{
    const int16x8_t low = vqmovn_high_s32(vqmovn_s32(a), b);
    const int16x8_t high = vqmovn_high_s32(vqmovn_s32(c), d);
    const uint8x16_t v = vqmovun_high_s16(vqmovun_s16(low), high);
    return vreinterpretq_s8_u8(veorq_u8(v, vdupq_n_u8(128)));
}

/* The same where zy is the lower end of the clamp: from 0 on, added to that. */
static inline __attribute__((always_inline)) int8x16_t
eq_narrow_relu_s8_x16(int32x4_t a, int32x4_t b, int32x4_t c, int32x4_t d, eq_range_s8 r)
{
    const int16x8_t low = vqmovn_high_s32(vqmovn_s32(a), b);
    const int16x8_t high = vqmovn_high_s32(vqmovn_s32(c), d);
    const uint8x16_t v = vqmovun_high_s16(vqmovun_s16(low), high);
    return vminq_s8(vuqaddq_s8(r.lo, v), r.hi);
}

/* The same for eight channels, with any range. */
static inline int8x8_t eq_narrow_s8_x8(int32x4_t a, int32x4_t b, eq_range_s8 r)
{
    const int16x8_t v = vqmovn_high_s32(vqmovn_s32(a), b);
    const int8x8_t low = vmax_s8(vqmovn_s16(vqaddq_s16(v, r.zy)), vget_low_s8(r.lo));
    return vmin_s8(low, vget_low_s8(r.hi));
}

/* The first n <= 8 bytes of v. */
static inline void eq_store_s8_x8(int8_t *y, int8x8_t v, int32_t n)
{
    if (n >= 8) {
        vst1_s8(y, v);
        return;
    }
    int8_t bytes[8];
    vst1_s8(bytes, v);
    memcpy(y, bytes, (size_t)n);
}

/* Four channels of each of four pixels, pixel by pixel. */
static inline void eq_store_columns_s8(int8_t *y, int32_t y_pixel, int8x16_t v)
{
    const int32x4_t words = vreinterpretq_s32_s8(v);
    vst1q_lane_s32((int32_t *)(void *)y, words, 0);
    y += y_pixel;
    vst1q_lane_s32((int32_t *)(void *)y, words, 1);
    y += y_pixel;
    vst1q_lane_s32((int32_t *)(void *)y, words, 2);
    y += y_pixel;
    vst1q_lane_s32((int32_t *)(void *)y, words, 3);
}

/* The same for n < 4 channels. */
static inline void eq_store_part_columns_s8(int8_t *y, int32_t y_pixel, int8x16_t v,
                                            int32_t n)
{
    int8_t bytes[16];
    vst1q_s8(bytes, v);
    for (int32_t i = 0; i < 4; ++i)
        memcpy(y + i * y_pixel, bytes + 4 * i, (size_t)n);
}

#endif
