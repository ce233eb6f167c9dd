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

#endif
