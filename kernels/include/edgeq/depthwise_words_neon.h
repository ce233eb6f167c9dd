/* Depthwise convolutions of int16 activations for NEON with any window and any multiplier: as
 * depthwise_walk_neon.h says, but for pixels that are eight channels of two bytes.
 *
 * Exact: kernels require that sums without the bias fit int32, in any order of the taps, and
 * either those with it, too, or they add it in 64 bits.  The form wide rounds as single does
 * (fixed_point_neon.h).
 */
#ifndef EDGEQ_DEPTHWISE_WORDS_NEON_H
#define EDGEQ_DEPTHWISE_WORDS_NEON_H

#include "edgeq/depthwise_walk_neon.h"
#include "edgeq/fixed_point_neon.h"

enum { EQ_LONG = 2 }; /* beside eq_is_single(): the form wide, biases having 64 bits */

/* Sums of eight channels. */
typedef struct {
    int32x4_t low, high;
} eq_sums8_neon;

typedef struct {
    eq_sums8_neon a, b, c, d;
} eq_four_sums8_neon;

static inline __attribute__((always_inline)) eq_sums8_neon eq_add_word_neon(eq_sums8_neon s,
                                                                            const int8_t *x,
                                                                            int16x8_t w)
{
    const int16x8_t v = vreinterpretq_s16_s8(vld1q_s8(x));
    s.low = vmlal_s16(s.low, vget_low_s16(v), vget_low_s16(w));
    s.high = vmlal_high_s16(s.high, v, w);
    return s;
}

/* The sums of four windows at x and `step` apart, or, unless `four`, of the first. */
static inline __attribute__((always_inline)) eq_four_sums8_neon
eq_walk_words_neon(const int8_t *x, int64_t step, const int8_t *w, const int8_t *list,
                   int32_t twos, eq_sums8_neon bias, int four, int int4)
{
    const int8_t *x1 = x + step, *x2 = x1 + step, *x3 = x2 + step;
    eq_four_sums8_neon s = {bias, bias, bias, bias};
    for (; twos > 0; --twos) {
        const eq_two_taps_neon at = eq_next_taps_neon(&list);
        int8x16_t v = vcombine_s8(vld1_s8(w), vld1_s8(w));
        if (int4)
            v = vcombine_s8(vget_low_s8(eq_low_nibbles_neon(v)),
                            vget_low_s8(eq_high_nibbles_neon(v)));
        else
            v = vld1q_s8(w);
        const int16x8_t w0 = vmovl_s8(vget_low_s8(v)), w1 = vmovl_high_s8(v);
        w += int4 ? 8 : 16;
        s.a = eq_add_word_neon(eq_add_word_neon(s.a, x + at.a, w0), x + at.b, w1);
        if (four) {
            s.b = eq_add_word_neon(eq_add_word_neon(s.b, x1 + at.a, w0), x1 + at.b, w1);
            s.c = eq_add_word_neon(eq_add_word_neon(s.c, x2 + at.a, w0), x2 + at.b, w1);
            s.d = eq_add_word_neon(eq_add_word_neon(s.d, x3 + at.a, w0), x3 + at.b, w1);
        }
    }
    return s;
}

/* What eight channels need after their sums; the biases where these count 64 bits. */
typedef struct {
    const int64_t *bias;
    int32x4_t mult[2], shift[2];
    int16x8_t lo, hi;
    int32_t left; /* channels that count */
} eq_words_neon;

static inline __attribute__((always_inline)) int32x4_t
eq_requantize_word_neon(int32x4_t s, int32x4_t mult, int32x4_t shift, int single)
{
    return single ? eq_requantize_x4_single(s, mult, shift)
                  : eq_requantize_x4_double(s, mult, shift);
}

/* The form wide of two accumulators below 2^47: the products of their halves, which int64 holds
 * the sum of, and one rounding. */
static inline int32x2_t eq_requantize_long_neon(int64x2_t acc, int32x2_t mult,
                                                int32x2_t shift)
{
    const int64x2_t high = vmull_s32(vshrn_n_s64(acc, 32), mult);
    const uint64x2_t low =
        vmull_u32(vmovn_u64(vreinterpretq_u64_s64(acc)), vreinterpret_u32_s32(mult));
    const int64x2_t product = vaddq_s64(vshlq_n_s64(high, 32), vreinterpretq_s64_u64(low));
    return vmovn_s64(vrshlq_s64(product, vmovl_s32(vneg_s32(shift))));
}

/* Four sums with their biases of 64 bits in the form wide. */
static inline int32x4_t eq_requantize_longs_neon(int32x4_t s, const int64_t *bias,
                                                 int32x4_t mult, int32x4_t shift)
{
    const int64x2_t low = vaddw_s32(vld1q_s64(bias), vget_low_s32(s));
    const int64x2_t high = vaddw_high_s32(vld1q_s64(bias + 2), s);
    return vcombine_s32(
        eq_requantize_long_neon(low, vget_low_s32(mult), vget_low_s32(shift)),
        eq_requantize_long_neon(high, vget_high_s32(mult), vget_high_s32(shift)));
}

/* `how` is a constant: EQ_LONG, or else eq_is_single(). */
static inline __attribute__((always_inline)) void
eq_store_words_neon(int16_t *y, eq_sums8_neon s, const eq_words_neon *f, int how)
{
    int32x4_t low, high;
    if (how == EQ_LONG) {
        low = eq_requantize_longs_neon(s.low, f->bias, f->mult[0], f->shift[0]);
        high = eq_requantize_longs_neon(s.high, f->bias + 4, f->mult[1], f->shift[1]);
    } else {
        low = eq_requantize_word_neon(s.low, f->mult[0], f->shift[0], how);
        high = eq_requantize_word_neon(s.high, f->mult[1], f->shift[1], how);
    }
    const int16x8_t v = vqmovn_high_s32(vqmovn_s32(low), high);
    eq_store_s8_x16((int8_t *)y,
                    vreinterpretq_s8_s16(vminq_s16(vmaxq_s16(v, f->lo), f->hi)),
                    2 * f->left);
}

static inline eq_words_neon eq_words_neon_of(const eq_depthwise_layer_neon *l,
                                             const int64_t *bias)
{
    const int32_t *mult = l->mult + l->blocks.o, *shift = l->shift + l->blocks.o;
    const eq_words_neon f = {bias + l->blocks.o,
                             {vld1q_s32(mult), vld1q_s32(mult + 4)},
                             {vld1q_s32(shift), vld1q_s32(shift + 4)},
                             vdupq_n_s16((int16_t)l->act_min),
                             vdupq_n_s16((int16_t)l->act_max),
                             l->blocks.channels - l->blocks.o};
    return f;
}

static inline int32x4_t eq_narrow_bias_neon(const int64_t *bias)
{
    return vcombine_s32(vmovn_s64(vld1q_s64(bias)), vmovn_s64(vld1q_s64(bias + 2)));
}

/* A layer's block; `single` and `int4` are constants. */
static inline __attribute__((always_inline)) void
eq_words_block_neon(const eq_depthwise_layer_neon *l, const int64_t *bias,
                    const int8_t *list, int32_t twos, int16_t *y, int single, int int4)
{
    const eq_band_neon *b = &l->blocks.band;
    const int32_t o = l->blocks.o;
    const eq_words_neon f = eq_words_neon_of(l, bias);
    const int32x4_t none = vdupq_n_s32(0);
    eq_sums8_neon first = {none, none};
    if (single != EQ_LONG) {
        first.low = eq_narrow_bias_neon(bias + o);
        first.high = eq_narrow_bias_neon(bias + o + 4);
    }
    const int8_t *w = l->w + o * (int4 ? 1 : 2) * twos;
    const int64_t step = (int64_t)l->stride_w * EQ_PIXEL, y_pixel = l->y_pixel;
    for (int32_t r = 0; r < l->blocks.rows; ++r) {
        const int8_t *x = l->blocks.at + r * b->lines.stride_h * b->line;
        int16_t *to = y + r * l->y_row;
        int32_t n = l->out_w;
        for (; n >= 4; n -= 4, x += 4 * step, to += 4 * y_pixel) {
            const eq_four_sums8_neon s =
                eq_walk_words_neon(x, step, w, list, twos, first, 1, int4);
            eq_store_words_neon(to, s.a, &f, single);
            eq_store_words_neon(to + y_pixel, s.b, &f, single);
            eq_store_words_neon(to + 2 * y_pixel, s.c, &f, single);
            eq_store_words_neon(to + 3 * y_pixel, s.d, &f, single);
        }
        for (; n > 0; --n, x += step, to += y_pixel) {
            const eq_four_sums8_neon s =
                eq_walk_words_neon(x, step, w, list, twos, first, 0, int4);
            eq_store_words_neon(to, s.a, &f, single);
        }
    }
}

/* A call; `single` and `int4` are constants. */
static inline __attribute__((always_inline)) void
eq_depthwise_words_neon(const eq_depthwise_call *p, const eq_depthwise_constants *k,
                        const int64_t *bias, const int16_t *x, int16_t *y, int8_t *scratch,
                        int single, int int4)
{
    eq_depthwise_layer_neon l =
        eq_listed_layer_neon_of(p, k, (const int8_t *)x, scratch, 2);
    const int32_t twos = eq_list_taps_neon(scratch, &l);
    while (eq_next_block_neon(&l.blocks)) {
        int16_t *to = y + l.blocks.h * l.y_row + l.blocks.o;
        eq_words_block_neon(&l, bias, scratch, twos, to, single, int4);
    }
}

#endif
