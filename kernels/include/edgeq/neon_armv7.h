/* The intrinsics of AArch64's NEON that 32-bit Arm lacks, put together from those that it has,
 * so that the headers *_neon.h serve both.  Include it before these. */
#ifndef EDGEQ_NEON_ARMV7_H
#define EDGEQ_NEON_ARMV7_H

#include <arm_neon.h>
#include <stdint.h>

#define vshll_high_n_s16(a, n) vshll_n_s16(vget_high_s16(a), n)

static inline int16x8_t vmull_high_s8(int8x16_t a, int8x16_t b)
{
    return vmull_s8(vget_high_s8(a), vget_high_s8(b));
}

static inline int16x8_t vmlal_high_s8(int16x8_t t, int8x16_t a, int8x16_t b)
{
    return vmlal_s8(t, vget_high_s8(a), vget_high_s8(b));
}

static inline int16x8_t vsubl_high_s8(int8x16_t a, int8x16_t b)
{
    return vsubl_s8(vget_high_s8(a), vget_high_s8(b));
}

static inline int16x8_t vaddw_high_s8(int16x8_t a, int8x16_t b)
{
    return vaddw_s8(a, vget_high_s8(b));
}

static inline int32x4_t vaddw_high_s16(int32x4_t a, int16x8_t b)
{
    return vaddw_s16(a, vget_high_s16(b));
}

static inline int16x8_t vqmovn_high_s32(int16x4_t low, int32x4_t high)
{
    return vcombine_s16(low, vqmovn_s32(high));
}

static inline int8x16_t vqmovn_high_s16(int8x8_t low, int16x8_t high)
{
    return vcombine_s8(low, vqmovn_s16(high));
}

#define vqshrn_high_n_s16(low, a, n) vcombine_s8(low, vqshrn_n_s16(a, n))

static inline uint8x16_t vqmovun_high_s16(uint8x8_t low, int16x8_t high)
{
    return vcombine_u8(low, vqmovun_s16(high));
}

/* a + b, no more than 127. */
static inline int8x16_t vuqaddq_s8(int8x16_t a, uint8x16_t b)
{
    const uint8x16_t bias = vdupq_n_u8(128);
    const uint8x16_t sum = vqaddq_u8(veorq_u8(vreinterpretq_u8_s8(a), bias), b);
    return vreinterpretq_s8_u8(veorq_u8(sum, bias));
}

static inline int32x4_t vpaddq_s32(int32x4_t a, int32x4_t b)
{
    return vcombine_s32(vpadd_s32(vget_low_s32(a), vget_high_s32(a)),
                        vpadd_s32(vget_low_s32(b), vget_high_s32(b)));
}

static inline int16x8_t vpaddq_s16(int16x8_t a, int16x8_t b)
{
    return vcombine_s16(vpadd_s16(vget_low_s16(a), vget_high_s16(a)),
                        vpadd_s16(vget_low_s16(b), vget_high_s16(b)));
}

/* The sum of four lanes. */
static inline int32_t vaddvq_s32(int32x4_t a)
{
    const int32x2_t t = vadd_s32(vget_low_s32(a), vget_high_s32(a));
    return vget_lane_s32(vpadd_s32(t, t), 0);
}

/* The sum of eight lanes, which int16 holds. */
static inline int16_t vaddlv_s8(int8x8_t a)
{
    const int16x4_t t = vpaddl_s8(a), u = vpadd_s16(t, t);
    return vget_lane_s16(vpadd_s16(u, u), 0);
}

#endif
