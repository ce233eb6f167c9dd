/* dequantize_s8 for NEON of AArch64: sixteen elements at once.
 *
 * Exact: differences of bytes fit int16 and are floats; the product is rounded once, as in C.
 */
#include "edgeq/dequantize_s8.h"

#include <arm_neon.h>

eq_dequantize_s8_fn eq_dequantize_s8__neon;

static inline void dequantize_s8_neon_eight(int16x8_t v, float factor, float *y)
{
    const float32x4_t low = vcvtq_f32_s32(vmovl_s16(vget_low_s16(v)));
    const float32x4_t high = vcvtq_f32_s32(vmovl_high_s16(v));
    vst1q_f32(y, vmulq_n_f32(low, factor));
    vst1q_f32(y + 4, vmulq_n_f32(high, factor));
}

void eq_dequantize_s8__neon(const int8_t *restrict x, const float *restrict scale,
                            float *restrict y, const eq_dequantize_s8_params *restrict p)
{
    const int8x16_t zx = vdupq_n_s8((int8_t)p->zx);
    const float factor = *scale;
    int32_t left = p->count;
    for (; left >= 16; left -= 16) {
        const int8x16_t v = vld1q_s8(x);
        dequantize_s8_neon_eight(vsubl_s8(vget_low_s8(v), vget_low_s8(zx)), factor, y);
        dequantize_s8_neon_eight(vsubl_high_s8(v, zx), factor, y + 8);
        x += 16;
        y += 16;
    }
    for (; left > 0; --left)
        *y++ = factor * (float)(*x++ - p->zx);
}
