/* Four dot products at once over four int8 rows, for NEON.
 *
 * x is loaded once for four rows; SMULL forms products in int16, SADALP adds pairs of them
 * to int32.
 *
 * Exact: a product is at most 2^14 in magnitude, SADALP widens before it adds, and the
 * contracts' proof covers partial sums in any order.
 */
#ifndef EDGEQ_DOT_NEON_H
#define EDGEQ_DOT_NEON_H

#include <arm_neon.h>
#include <stdint.h>

static inline int32x4_t eq_dot_step16_s8(int32x4_t acc, int8x16_t x, int8x16_t w)
{
    acc = vpadalq_s16(acc, vmull_s8(vget_low_s8(x), vget_low_s8(w)));
    return vpadalq_s16(acc, vmull_high_s8(x, w));
}

/* acc[o] + sum over k < n of x[k] * w[o * n + k] for four rows of n weights. */
static inline int32x4_t eq_dot_s8_x4(int32x4_t acc, const int8_t *x, const int8_t *w,
                                     int32_t n)
{
    int32x4_t sum[4] = {vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0)};
    int32_t tail[4] = {0, 0, 0, 0};
    int32_t k = 0;
    for (; k + 16 <= n; k += 16) {
        const int8x16_t xk = vld1q_s8(x + k);
        for (int32_t o = 0; o < 4; ++o)
            sum[o] = eq_dot_step16_s8(sum[o], xk, vld1q_s8(w + o * n + k));
    }
    for (; k + 8 <= n; k += 8) {
        const int8x8_t xk = vld1_s8(x + k);
        for (int32_t o = 0; o < 4; ++o)
            sum[o] = vpadalq_s16(sum[o], vmull_s8(xk, vld1_s8(w + o * n + k)));
    }
    for (; k < n; ++k)
        for (int32_t o = 0; o < 4; ++o)
            tail[o] += x[k] * w[o * n + k];
    const int32x4_t total =
        vpaddq_s32(vpaddq_s32(sum[0], sum[1]), vpaddq_s32(sum[2], sum[3]));
    return vaddq_s32(vaddq_s32(acc, vld1q_s32(tail)), total);
}

#endif
