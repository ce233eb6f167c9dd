/* quantize_s8 for NEON of AArch64: sixteen elements at once.
 *
 * Exact: FDIV rounds as C does, FMAXNM takes the lower end for NaN, FCVTAS rounds to nearest,
 * ties away from zero, and saturates.  Both narrowings and the sum with zy saturate, too,
 * which moves nothing into the clamp, as |zy| <= 128.
 */
#include "edgeq/quantize_s8.h"

#include <arm_neon.h>
#include <string.h>

eq_quantize_s8_fn eq_quantize_s8__neon;

static inline int32x4_t quantize_s8_neon_four(const float *x, float32x4_t scale,
                                              float32x4_t lo)
{
    return vcvtaq_s32_f32(vmaxnmq_f32(vdivq_f32(vld1q_f32(x), scale), lo));
}

static inline int8x8_t quantize_s8_neon_eight(const float *x, float32x4_t scale,
                                              int16x8_t zy, float32x4_t lo)
{
    const int32x4_t first = quantize_s8_neon_four(x, scale, lo);
    const int32x4_t last = quantize_s8_neon_four(x + 4, scale, lo);
    return vqmovn_s16(vqaddq_s16(vqmovn_high_s32(vqmovn_s32(first), last), zy));
}

void eq_quantize_s8__neon(const float *restrict x, const float *restrict scale,
                          int8_t *restrict y, const eq_quantize_s8_params *restrict p)
{
    const float32x4_t by = vdupq_n_f32(*scale), lo = vdupq_n_f32((float)(-128 - p->zy));
    const int16x8_t zy = vdupq_n_s16((int16_t)p->zy);
    int32_t left = p->count;
    for (; left >= 16; left -= 16) {
        vst1_s8(y, quantize_s8_neon_eight(x, by, zy, lo));
        vst1_s8(y + 8, quantize_s8_neon_eight(x + 8, by, zy, lo));
        x += 16;
        y += 16;
    }
    while (left > 0) {
        const int32_t n = left < 8 ? left : 8;
        float values[8] = {0};
        int8_t bytes[8];
        memcpy(values, x, (size_t)n * sizeof *x);
        vst1_s8(bytes, quantize_s8_neon_eight(values, by, zy, lo));
        memcpy(y, bytes, (size_t)n);
        x += n;
        y += n;
        left -= n;
    }
}
