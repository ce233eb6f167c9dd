/* Dot products with the DSP extension, and what their operands look like in memory.
 *
 * Weights of two output channels are stored as one int16, h = 256 * w1 + w0, the x of a window
 * as int16, so that a word holds the taps k and k + 1 of either:
 *
 *   SMLAD(h, x)          adds 256 * S1 + S0
 *   SMLAD(SXTB16(h), x)  adds S0
 *
 * so one widening serves four products.  The difference of the two sums is 256 * S1 modulo
 * 2^32, which shifted right by 8 is S1 as long as S1, bias included, fits 24 bits.
 *
 * In a block of four channels the words of taps k, k + 1 are those of channels 0, 1 and of
 * channels 2, 3: @packs w (o/4, k/4, k/2%2, o/2%2, k%2, o%2) with @joins w.
 */
#ifndef EDGEQ_DSP_DOT_H
#define EDGEQ_DSP_DOT_H

#include <arm_acle.h>
#include <stdint.h>
#include <string.h>

#include "edgeq/dsp_rescale.h"

static inline int32_t eq_dsp_load(const int8_t *p)
{
    int32_t word;
    memcpy(&word, p, 4);
    return word;
}

static inline void eq_dsp_store(int8_t *p, int32_t word)
{
    memcpy(p, &word, 4);
}

static inline void eq_dsp_store_half(int8_t *p, int32_t value)
{
    const int16_t half = (int16_t)value;
    memcpy(p, &half, 2);
}

/* Bytes 0 and 2, 1 and 3, sign-extended to halfwords. */
static inline int32_t eq_dsp_even(int32_t bytes)
{
    return __sxtb16(bytes);
}

static inline int32_t eq_dsp_odd(int32_t bytes)
{
    int32_t y;
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(y) : "r"(bytes));
    return y;
}

/* The low halves of a and b, b above; the high halves. */
static inline int32_t eq_dsp_low(int32_t a, int32_t b)
{
    int32_t y;
    __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(y) : "r"(a), "r"(b));
    return y;
}

static inline int32_t eq_dsp_high_halves(int32_t a, int32_t b)
{
    int32_t y;
    __asm__("pkhtb %0, %1, %2, asr #16" : "=r"(y) : "r"(b), "r"(a));
    return y;
}

/* floor(x / 2) clamped to [-128, 127]. */
static inline int8_t eq_dsp_half_int8(int32_t x)
{
    int32_t y;
    __asm__("ssat %0, #8, %1, asr #1" : "=r"(y) : "r"(x));
    return (int8_t)y;
}

/* Sums of four channels: `pair` of channels 1 and 3 above 0 and 2, `low` of 0 and 2 alone. */
typedef struct {
    int32_t pair0, low0, pair1, low1;
} eq_dsp_sums;

static inline eq_dsp_sums eq_dsp_biases(const int32_t *bias)
{
    const int32_t b0 = bias[0];
    const int32_t b2 = bias[2];
    const uint32_t b1 = (uint32_t)bias[1] << 8;
    const uint32_t b3 = (uint32_t)bias[3] << 8;
    return (eq_dsp_sums){(int32_t)((uint32_t)b0 + b1), b0, (int32_t)((uint32_t)b2 + b3), b2};
}

/* Two taps of two pixels, four channels. */
static inline void eq_dsp_taps_2x2(eq_dsp_sums *a, eq_dsp_sums *b, const int8_t *w,
                                   const int8_t *x)
{
    int32_t w0 = eq_dsp_load(w);
    int32_t w1 = eq_dsp_load(w + 4);
    const int32_t xa = eq_dsp_load(x);
    const int32_t xb = eq_dsp_load(x + 4);
    a->pair0 = __smlad(w0, xa, a->pair0);
    b->pair0 = __smlad(w0, xb, b->pair0);
    a->pair1 = __smlad(w1, xa, a->pair1);
    b->pair1 = __smlad(w1, xb, b->pair1);
    w0 = eq_dsp_even(w0);
    w1 = eq_dsp_even(w1);
    a->low0 = __smlad(w0, xa, a->low0);
    b->low0 = __smlad(w0, xb, b->low0);
    a->low1 = __smlad(w1, xa, a->low1);
    b->low1 = __smlad(w1, xb, b->low1);
}

/* Four taps of them. */
static inline void eq_dsp_taps_4x2(eq_dsp_sums *a, eq_dsp_sums *b, const int8_t *w,
                                   const int8_t *x)
{
    eq_dsp_taps_2x2(a, b, w, x);
    eq_dsp_taps_2x2(a, b, w + 8, x + 8);
}

/* Two taps of one pixel. */
static inline void eq_dsp_taps_2x1(eq_dsp_sums *a, const int8_t *w, int32_t x)
{
    int32_t w0 = eq_dsp_load(w);
    int32_t w1 = eq_dsp_load(w + 4);
    a->pair0 = __smlad(w0, x, a->pair0);
    a->pair1 = __smlad(w1, x, a->pair1);
    w0 = eq_dsp_even(w0);
    w1 = eq_dsp_even(w1);
    a->low0 = __smlad(w0, x, a->low0);
    a->low1 = __smlad(w1, x, a->low1);
}

/* Twice the accumulators of channels 2 * i and 2 * i + 1. */
static inline int32_t eq_dsp_twice_low(int32_t low)
{
    return (int32_t)((uint32_t)low << 1);
}

static inline int32_t eq_dsp_twice_high(int32_t pair, int32_t low)
{
    return (int32_t)((uint32_t)pair - (uint32_t)low) >> 7;
}

/* The scale of one channel: `shift` - 32 is `down`; `round` holds half and zero point. */
typedef struct {
    int32_t mult, round, down;
} eq_dsp_scale;

/* For shift in [32, 54], and for the 0 of the filling; odd_zero is 2 * zy + 1. */
static inline eq_dsp_scale eq_dsp_scale_of(int32_t mult, int32_t shift, int32_t odd_zero)
{
    const int32_t down = shift & 31;
    return (eq_dsp_scale){mult, (int32_t)((uint32_t)odd_zero << down), down};
}

/* The output, clamped to int8, of twice an accumulator. */
static inline int8_t eq_dsp_output(int32_t twice, const eq_dsp_scale *scale, int32_t form)
{
    return eq_dsp_half_int8(eq_dsp_scaled(twice, scale->mult, scale->round, form) >>
                            scale->down);
}

/* n int8 clamped further, where the clamp is not all of int8. */
static inline void eq_dsp_clamp(int8_t *y, int32_t n, int32_t lo, int32_t hi)
{
    if (lo > -128 || hi < 127)
        for (int32_t i = 0; i < n; ++i)
            y[i] = (int8_t)eq_clamp(y[i], lo, hi);
}

#endif
