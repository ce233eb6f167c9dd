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
static inline int32_t eq_dsp_half_int8(int32_t x)
{
    int32_t y;
    __asm__("ssat %0, #8, %1, asr #1" : "=r"(y) : "r"(x));
    return y;
}

/* Byte 1, 2 or 3 of `word` replaced by the low byte of `byte`. */
static inline int32_t eq_dsp_insert_1(int32_t word, int32_t byte)
{
    __asm__("bfi %0, %1, #8, #8" : "+r"(word) : "r"(byte));
    return word;
}

static inline int32_t eq_dsp_insert_2(int32_t word, int32_t byte)
{
    __asm__("bfi %0, %1, #16, #8" : "+r"(word) : "r"(byte));
    return word;
}

static inline int32_t eq_dsp_insert_3(int32_t word, int32_t byte)
{
    __asm__("bfi %0, %1, #24, #8" : "+r"(word) : "r"(byte));
    return word;
}

/* Sums of four channels: `pair` of channels 1 and 3 above 0 and 2, `low` of 0 and 2 alone. */
typedef struct {
    int32_t low0, pair0, low1, pair1;
} eq_dsp_sums;

/* Nothing is read ahead past here: a compiler that does runs out of registers. */
static inline void eq_dsp_pause(void)
{
    __asm__ volatile("" : : : "memory");
}

/* The sums of four channels that begin with their biases. */
static inline eq_dsp_sums eq_dsp_biases_of(const int32_t *bias)
{
    const uint32_t b0 = (uint32_t)bias[0];
    const uint32_t b2 = (uint32_t)bias[2];
    return (eq_dsp_sums){(int32_t)b0, (int32_t)(b0 + ((uint32_t)bias[1] << 8)), (int32_t)b2,
                         (int32_t)(b2 + ((uint32_t)bias[3] << 8))};
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

/* The same of the first two channels. */
static inline void eq_dsp_taps_1x1(eq_dsp_sums *a, const int8_t *w, int32_t x)
{
    const int32_t w0 = eq_dsp_load(w);
    a->pair0 = __smlad(w0, x, a->pair0);
    a->low0 = __smlad(eq_dsp_even(w0), x, a->low0);
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

/* What a block of four channels is computed from, in the order of its use: where the sums
 * begin, and (mult, round, down) of each channel.  down is shift - 32; round holds the half
 * and the zero point. */
enum { eq_dsp_block_bytes = 64, eq_dsp_block_scales = 16, eq_dsp_scale_bytes = 12 };

/* Prepares a block: shift in [32, 54], but for factors of zero, as those of the filling. */
static inline void eq_dsp_prepare(int8_t *block, const int32_t *bias, const int32_t *mult,
                                  const int32_t *shift, int32_t zy)
{
    for (int32_t o = 0; o < 4; o += 2) {
        const uint32_t low = (uint32_t)bias[o];
        eq_dsp_store(block + 4 * o, (int32_t)low);
        eq_dsp_store(block + 4 * o + 4, (int32_t)(low + ((uint32_t)bias[o + 1] << 8)));
    }
    block += eq_dsp_block_scales;
    for (int32_t o = 0; o < 4; ++o) {
        const int32_t down = mult[o] == 0 ? 0 : shift[o] - 32;
        eq_dsp_store(block, mult[o]);
        eq_dsp_store(block + 4, (int32_t)((uint32_t)(2 * zy + 1) << down));
        eq_dsp_store(block + 8, down);
        block += eq_dsp_scale_bytes;
    }
}

static inline eq_dsp_sums eq_dsp_biases(const int8_t *block)
{
    return (eq_dsp_sums){eq_dsp_load(block), eq_dsp_load(block + 4), eq_dsp_load(block + 8),
                         eq_dsp_load(block + 12)};
}

/* The scale of one channel. */
typedef struct {
    int32_t mult, round, down;
} eq_dsp_scale;

static inline eq_dsp_scale eq_dsp_scale_of(const int8_t *block, int32_t o)
{
    block += eq_dsp_block_scales + o * eq_dsp_scale_bytes;
    return (eq_dsp_scale){eq_dsp_load(block), eq_dsp_load(block + 4),
                          eq_dsp_load(block + 8)};
}

/* The output, clamped to int8, of twice an accumulator. */
static inline int32_t eq_dsp_output(int32_t twice, eq_dsp_scale scale, int32_t form)
{
    return eq_dsp_half_int8(eq_dsp_scaled(twice, scale.mult, scale.round, form) >>
                            scale.down);
}

/* The outputs of four channels and two pixels, in bytes of two words. */
typedef struct {
    int32_t a, b;
} eq_dsp_words;

/* Nothing moves past here: a compiler that reads ahead runs out of registers. */
static inline void eq_dsp_fence(eq_dsp_words *y)
{
    __asm__ volatile("" : "+r"(y->a), "+r"(y->b) : : "memory");
}

static inline eq_dsp_words eq_dsp_outputs(const int8_t *block, eq_dsp_sums a, eq_dsp_sums b,
                                          int32_t form)
{
    eq_dsp_words y;
    eq_dsp_scale scale = eq_dsp_scale_of(block, 0);
    y.a = eq_dsp_output(eq_dsp_twice_low(a.low0), scale, form);
    y.b = eq_dsp_output(eq_dsp_twice_low(b.low0), scale, form);
    eq_dsp_fence(&y);
    scale = eq_dsp_scale_of(block, 1);
    int32_t twice = eq_dsp_twice_high(a.pair0, a.low0);
    y.a = eq_dsp_insert_1(y.a, eq_dsp_output(twice, scale, form));
    twice = eq_dsp_twice_high(b.pair0, b.low0);
    y.b = eq_dsp_insert_1(y.b, eq_dsp_output(twice, scale, form));
    eq_dsp_fence(&y);
    scale = eq_dsp_scale_of(block, 2);
    y.a = eq_dsp_insert_2(y.a, eq_dsp_output(eq_dsp_twice_low(a.low1), scale, form));
    y.b = eq_dsp_insert_2(y.b, eq_dsp_output(eq_dsp_twice_low(b.low1), scale, form));
    eq_dsp_fence(&y);
    scale = eq_dsp_scale_of(block, 3);
    twice = eq_dsp_twice_high(a.pair1, a.low1);
    y.a = eq_dsp_insert_3(y.a, eq_dsp_output(twice, scale, form));
    twice = eq_dsp_twice_high(b.pair1, b.low1);
    y.b = eq_dsp_insert_3(y.b, eq_dsp_output(twice, scale, form));
    return y;
}

/* The same of one pixel. */
static inline int32_t eq_dsp_outputs_of_one(const int8_t *block, eq_dsp_sums a,
                                            int32_t form)
{
    int32_t twice = eq_dsp_twice_low(a.low0);
    int32_t y = eq_dsp_output(twice, eq_dsp_scale_of(block, 0), form);
    twice = eq_dsp_twice_high(a.pair0, a.low0);
    y = eq_dsp_insert_1(y, eq_dsp_output(twice, eq_dsp_scale_of(block, 1), form));
    twice = eq_dsp_twice_low(a.low1);
    y = eq_dsp_insert_2(y, eq_dsp_output(twice, eq_dsp_scale_of(block, 2), form));
    twice = eq_dsp_twice_high(a.pair1, a.low1);
    return eq_dsp_insert_3(y, eq_dsp_output(twice, eq_dsp_scale_of(block, 3), form));
}

/* n outputs clamped further. */
static inline void eq_dsp_clamp(int8_t *y, int32_t n, int32_t lo, int32_t hi)
{
    for (int32_t i = 0; i < n; ++i)
        y[i] = (int8_t)eq_clamp(y[i], lo, hi);
}

#endif
