/* Depthwise convolution with the DSP extension: what the kernels of several shapes share.
 *
 * Four channels lie in one word of x.  Two pixels of x become words that hold, for one channel,
 * the one and the other, each widened to 16 bits: SMLAD then serves two taps.
 *
 * Factors are prepared for dsp_rescale.h, which needs live_shift >= 32.  With max_shift <= 54
 * and acc_bits <= 30 no sum leaves int32: the product's high word is below 2^29 and |round|
 * below 2^30 + 2^22.  A factor of zero gives zy for any shift.
 */
#ifndef EDGEQ_DSP_DEPTHWISE_H
#define EDGEQ_DSP_DEPTHWISE_H

#include <arm_acle.h>
#include <stdint.h>
#include <string.h>

#include "edgeq/dsp_rescale.h"

typedef struct {
    int32_t bias;
    int32_t mult;
    int32_t round;
    int32_t right; /* in [1, 23] */
} eq_dw_factor;

static inline int32_t eq_dw_load(const int8_t *p)
{
    int32_t word;
    memcpy(&word, p, 4);
    return word;
}

static inline void eq_dw_store(int8_t *p, int32_t word)
{
    memcpy(p, &word, 4);
}

/* The low halves of a and b, b above.  The compiler forms none of these instructions. */
static inline int32_t eq_dw_low(int32_t a, int32_t b)
{
    int32_t y;
    __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(y) : "r"(a), "r"(b));
    return y;
}

/* The high halves of a and b, b above. */
static inline int32_t eq_dw_high(int32_t a, int32_t b)
{
    int32_t y;
    __asm__("pkhtb %0, %1, %2, asr #16" : "=r"(y) : "r"(b), "r"(a));
    return y;
}

/* The low half of a, the high half of b. */
static inline int32_t eq_dw_ends(int32_t a, int32_t b)
{
    int32_t y;
    __asm__("pkhbt %0, %1, %2" : "=r"(y) : "r"(a), "r"(b));
    return y;
}

/* Bytes 0 and 2 of a word, and bytes 1 and 3, widened. */
static inline int32_t eq_dw_even(int32_t word)
{
    return __sxtb16(word);
}

static inline int32_t eq_dw_odd(int32_t word)
{
    int32_t y;
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(y) : "r"(word));
    return y;
}

static inline eq_dw_factor eq_dw_factor_of(int32_t bias, int32_t mult, int32_t shift,
                                           int32_t zy)
{
    const int32_t right = shift > 32 ? shift - 31 : 1;
    const eq_dw_factor f = {bias, mult, (2 * zy + 1) * (1 << (right - 1)), right};
    return f;
}

static inline int32_t eq_dw_larger(int32_t a, int32_t b)
{
    (void)__ssub8(a, b);
    return (int32_t)__sel((uint8x4_t)a, (uint8x4_t)b);
}

static inline int32_t eq_dw_smaller(int32_t a, int32_t b)
{
    (void)__ssub8(a, b);
    return (int32_t)__sel((uint8x4_t)b, (uint8x4_t)a);
}

/* Clamps outputs to [lo, hi], four channels at a time; of channels that are no multiple of four
 * the last ones twice.  Kernels have clamped to [-128, 127], so where that is all, nothing is
 * left to do. */
static inline void eq_dw_clamp(int8_t *y, int32_t rows, int32_t y_row, int32_t pixels,
                               int32_t y_pixel, int32_t channels, int32_t lo, int32_t hi)
{
    if (lo == INT8_MIN && hi == INT8_MAX)
        return;
    const int32_t least = (lo & 0xFF) * 0x01010101, most = (hi & 0xFF) * 0x01010101;
    for (; rows > 0; --rows) {
        int8_t *pixel = y;
        for (int32_t n = pixels; n > 0; --n) {
            for (int32_t next = 0; next < channels; next += 4) {
                int8_t *at = pixel + (next < channels - 4 ? next : channels - 4);
                eq_dw_store(at, eq_dw_smaller(eq_dw_larger(eq_dw_load(at), least), most));
            }
            pixel += y_pixel;
        }
        y += y_row;
    }
}

#endif
