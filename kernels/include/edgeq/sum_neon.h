/* Sums of bytes for NEON: what a zero point of weights is multiplied with. */
#ifndef EDGEQ_SUM_NEON_H
#define EDGEQ_SUM_NEON_H

#include <arm_neon.h>
#include <stdint.h>

/* The sum of `taps` bytes, a multiple of 8. */
static inline int32_t eq_sum_neon(const int8_t *x, int32_t taps)
{
    int32x4_t sum = vdupq_n_s32(0);
    for (; taps >= 16; taps -= 16) {
        sum = vpadalq_s16(sum, vpaddlq_s8(vld1q_s8(x)));
        x += 16;
    }
    return vaddvq_s32(sum) + (taps > 0 ? vaddlv_s8(vld1_s8(x)) : 0);
}

/* Four sums, of int16 lanes that add up to no more than int16. */
static inline int32x4_t eq_add_lanes4_neon(int16x8_t a, int16x8_t b, int16x8_t c,
                                           int16x8_t d)
{
    return vpaddlq_s16(vpaddq_s16(vpaddq_s16(a, b), vpaddq_s16(c, d)));
}

/* The sums of four rows of `taps` bytes, `step` apart.  Reads 8 bytes where fewer are left.
 *
 * Exact: 512 bytes put 64 * 128 = 2^13 into a lane, and four lanes are added in int16. */
static inline int32x4_t eq_sums4_neon(const int8_t *x, int64_t step, int32_t taps)
{
    const int8_t *a = x, *b = a + step, *c = b + step, *d = c + step;
    int32x4_t total = vdupq_n_s32(0);
    while (taps >= 16) {
        int32_t n = taps < 512 ? taps / 16 : 32;
        int16x8_t sa = vdupq_n_s16(0), sb = sa, sc = sa, sd = sa;
        taps -= 16 * n;
        for (; n > 0; --n) {
            sa = vpadalq_s8(sa, vld1q_s8(a));
            sb = vpadalq_s8(sb, vld1q_s8(b));
            sc = vpadalq_s8(sc, vld1q_s8(c));
            sd = vpadalq_s8(sd, vld1q_s8(d));
            a += 16;
            b += 16;
            c += 16;
            d += 16;
        }
        total = vaddq_s32(total, eq_add_lanes4_neon(sa, sb, sc, sd));
    }
    for (; taps > 0; taps -= 8) {
        const uint8x8_t lanes = vcreate_u8(0x0706050403020100);
        const int8x8_t mask =
            vreinterpret_s8_u8(vclt_u8(lanes, vdup_n_u8((uint8_t)(taps < 8 ? taps : 8))));
        total = vaddq_s32(total, eq_add_lanes4_neon(vmovl_s8(vand_s8(vld1_s8(a), mask)),
                                                    vmovl_s8(vand_s8(vld1_s8(b), mask)),
                                                    vmovl_s8(vand_s8(vld1_s8(c), mask)),
                                                    vmovl_s8(vand_s8(vld1_s8(d), mask))));
        a += 8;
        b += 8;
        c += 8;
        d += 8;
    }
    return total;
}

#endif
