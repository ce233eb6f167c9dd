/* 1 / x in fixed point of four values at once: the NEON twin of reciprocal.h, for AArch64 and
 * 32-bit Arm.
 *
 * Exact: VQRDMULH is eq_product_q0, which saturates nowhere as no two factors are -2^31, half
 * of 1 + a is x shifted to the top and back by one, and a saturating shift by one doubles the
 * result as eq_one_over_one_plus_x does.
 */
#ifndef EDGEQ_RECIPROCAL_NEON_H
#define EDGEQ_RECIPROCAL_NEON_H

#include <arm_neon.h>
#include <stdint.h>

typedef struct {
    int32x4_t value, bits; /* 1 / x = value * 2^-bits, value in Q0 */
} eq_reciprocal_neon;

/* Of x >= 1 in Q`integer_bits`. */
static inline eq_reciprocal_neon eq_reciprocals_neon(uint32x4_t x, int32_t integer_bits)
{
    const int32x4_t zeros = vreinterpretq_s32_u32(vclzq_u32(x));
    const int32x4_t d = vreinterpretq_s32_u32(vshrq_n_u32(vshlq_u32(x, zeros), 1));
    int32x4_t v = vaddq_s32(vdupq_n_s32(1515870810), vqrdmulhq_n_s32(d, -1010580540));
    for (int32_t step = 0; step < 3; ++step) {
        const int32x4_t error = vsubq_s32(vdupq_n_s32(1 << 29), vqrdmulhq_s32(d, v));
        v = vaddq_s32(v, vshlq_n_s32(vqrdmulhq_s32(v, error), 2));
    }
    const eq_reciprocal_neon r = {vqshlq_n_s32(v, 1),
                                  vsubq_s32(vdupq_n_s32(integer_bits), zeros)};
    return r;
}

#endif
