/* The larger and the smaller of two operands for NEON, of AArch64 and of 32-bit Arm. */
#ifndef EDGEQ_LARGER_NEON_H
#define EDGEQ_LARGER_NEON_H

#include "edgeq/pairs_neon.h"

static inline __attribute__((always_inline)) int8x16_t
eq_larger_s8_neon(int8x16_t a, int8x16_t b, const void *numbers)
{
    (void)numbers;
    return vmaxq_s8(a, b);
}

static inline __attribute__((always_inline)) int8x16_t
eq_smaller_s8_neon(int8x16_t a, int8x16_t b, const void *numbers)
{
    (void)numbers;
    return vminq_s8(a, b);
}

static inline __attribute__((always_inline)) int8x16_t
eq_larger_s16_neon(int8x16_t a, int8x16_t b, const void *numbers)
{
    (void)numbers;
    return vreinterpretq_s8_s16(
        vmaxq_s16(vreinterpretq_s16_s8(a), vreinterpretq_s16_s8(b)));
}

static inline __attribute__((always_inline)) int8x16_t
eq_smaller_s16_neon(int8x16_t a, int8x16_t b, const void *numbers)
{
    (void)numbers;
    return vreinterpretq_s8_s16(
        vminq_s16(vreinterpretq_s16_s8(a), vreinterpretq_s16_s8(b)));
}

#endif
