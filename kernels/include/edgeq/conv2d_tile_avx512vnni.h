/* The tile of convolutions for AVX-512 VNNI: up to twelve pixels by 32 or 16 channels at a time.
 *
 * Windows are read where they lie, from a band (conv2d_band.h) of x + 128: four taps of a pixel are
 * broadcast, and VPDPBUSD multiplies them with four taps of sixteen channels.  Weights are packed
 * in the order in which they are read: with 32 channels (o/32, kh, kwi/4, o/4%2, o/8%4, o%4, kwi%4),
 * which two packings of sums to bytes leave side by side, with 16 (o/16, kh, kwi/4, o%16, kwi%4).
 *
 * Exact: VPDPBUSD does not saturate, and its sums are modulo 2^32.  Biases have 128 times the sum of
 * their weights taken away (@offset), so the last sum is the contract's, which is in range.
 * Where a segment is no multiple of four taps, what is read behind it meets weights of zero.
 *
 * Where weights have a zero point zw, sum (x * (w - zw)) is sum ((x + 128) * w) - 128 * sum (w)
 * - zw * (sum (x + 128) - 128 * taps): the sum of a window is made once, for all channels.
 *
 * Weights of int4 are packed (o/32, kh, kwi/4, o/8%4, o%4, kwi%4, o/4%2), so that a byte holds one
 * of either vector of channels.  Each is multiplied from the upper half of its byte, sixteen times
 * too large, and so are biases made: with at most 28 bits the sum still fits, and is shifted back.
 */
#ifndef EDGEQ_CONV2D_TILE_AVX512VNNI_H
#define EDGEQ_CONV2D_TILE_AVX512VNNI_H

#include "edgeq/band_avx512.h"
#include "edgeq/rescale_avx512.h"

enum { EQ_TILE_X512 = 12 };

/* Kinds of weights: int8, int8 with a zero point, int4. */
enum { EQ_INT8_X512 = 0, EQ_ZW_X512 = 1, EQ_INT4_X512 = 2 };

/* Constants of a layer, and how its windows lie in the band. */
typedef struct {
    const int8_t *w;
    const int32_t *bias, *mult, *shift;
    int64_t segment; /* from segment to segment of a window */
    int32_t kh, run; /* segments and taps of one, a multiple of 4 */
    int32_t taps;    /* of one without what fills it up */
    int32_t out_c, zw;
    eq_range_avx512 range;
} eq_layer_x512;

/* Pixels of a tile: their windows, what becomes of them, and what is added to each sum. */
typedef struct {
    const uint8_t *x[EQ_TILE_X512];
    int8_t *y[EQ_TILE_X512];
    int32_t more[EQ_TILE_X512];
} eq_pixels_x512;

/* Sums of a tile: a vector of channels of each pixel in a, and another in b. */
typedef struct {
    __m512i a[EQ_TILE_X512], b[EQ_TILE_X512];
} eq_tile_x512;

/* Four taps at x. */
EQ_INLINE_AVX512 __m512i eq_four_x512(const uint8_t *x)
{
    int32_t four;
    memcpy(&four, x, sizeof four);
    return _mm512_set1_epi32(four);
}

/* Low and high nibbles, times sixteen. */
EQ_INLINE_AVX512 __m512i eq_high_x512(__m512i w)
{
    return _mm512_and_si512(w, _mm512_set1_epi8(-16));
}

EQ_INLINE_AVX512 __m512i eq_low_x512(__m512i w)
{
    return eq_high_x512(_mm512_slli_epi16(w, 4));
}

/* Sixteen biases, times sixteen where weights are int4. */
EQ_INLINE_AVX512 __m512i eq_bias_x512(const int32_t *bias, int is_int4)
{
    const __m512i b = eq_load_x16(bias);
    return is_int4 ? _mm512_slli_epi32(b, 4) : b;
}

#define EQ_EACH_X512(DO)                                                                   \
    DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11)
#define EQ_BEGIN_X512(i)                                                                   \
    __m512i a##i = a, b##i = b;                                                            \
    if (kind == EQ_ZW_X512 && n > i) {                                                     \
        a##i = _mm512_add_epi32(a, _mm512_set1_epi32(g->more[i]));                         \
        b##i = _mm512_add_epi32(b, _mm512_set1_epi32(g->more[i]));                         \
    }
#define EQ_STEP_X512(i)                                                                    \
    if (n > i) {                                                                           \
        const __m512i x = eq_four_x512(g->x[i] + k);                                       \
        a##i = _mm512_dpbusd_epi32(a##i, x, u);                                            \
        if (wide)                                                                          \
            b##i = _mm512_dpbusd_epi32(b##i, x, v);                                        \
    }
#define EQ_END_X512(i)                                                                     \
    s->a[i] = a##i;                                                                        \
    if (wide)                                                                              \
        s->b[i] = b##i;

/* The dot products of n pixels by 32 channels from o on, or 16.  Sums have names: of an array gcc
 * 12 keeps none in registers. */
EQ_INLINE_AVX512 void eq_dots_x512(const eq_layer_x512 *t, const eq_pixels_x512 *g,
                                   eq_tile_x512 *s, int32_t o, int n, int wide, int kind)
{
    const int is_int4 = kind == EQ_INT4_X512;
    const __m512i a = eq_bias_x512(t->bias + o, is_int4);
    const __m512i b = wide ? eq_bias_x512(t->bias + o + 16, is_int4) : a;
    EQ_EACH_X512(EQ_BEGIN_X512)
    const int8_t *w = t->w + (int64_t)o * t->kh * t->run / (is_int4 ? 2 : 1);
    for (int32_t r = 0; r < t->kh; ++r) {
        const int64_t at = r * t->segment;
        for (int64_t k = at; k < at + t->run; k += 4) {
            const __m512i first = _mm512_loadu_si512((const void *)w);
            const __m512i u = is_int4 ? eq_low_x512(first) : first;
            const __m512i v = is_int4 ? eq_high_x512(first)
                              : wide  ? _mm512_loadu_si512((const void *)(w + 64))
                                      : first;
            EQ_EACH_X512(EQ_STEP_X512)
            w += wide && !is_int4 ? 128 : 64;
        }
    }
    EQ_EACH_X512(EQ_END_X512)
}

/* Functions of their own, so that nothing else takes registers. */
#define EQ_DOTS_X512(name, n, wide, kind)                                                  \
    EQ_APART_AVX512 void name(const eq_layer_x512 *t, const eq_pixels_x512 *g,             \
                              eq_tile_x512 *s, int32_t o)                                  \
    {                                                                                      \
        eq_dots_x512(t, g, s, o, n, wide, kind);                                           \
    }

EQ_DOTS_X512(eq_dots_12x32, 12, 1, EQ_INT8_X512)
EQ_DOTS_X512(eq_dots_6x32, 6, 1, EQ_INT8_X512)
EQ_DOTS_X512(eq_dots_2x32, 2, 1, EQ_INT8_X512)
EQ_DOTS_X512(eq_dots_12x16, 12, 0, EQ_INT8_X512)
EQ_DOTS_X512(eq_dots_4x16, 4, 0, EQ_INT8_X512)
EQ_DOTS_X512(eq_dots_12x32_zw, 12, 1, EQ_ZW_X512)
EQ_DOTS_X512(eq_dots_4x32_zw, 4, 1, EQ_ZW_X512)
EQ_DOTS_X512(eq_dots_12x16_zw, 12, 0, EQ_ZW_X512)
EQ_DOTS_X512(eq_dots_12x32_int4, 12, 1, EQ_INT4_X512)
EQ_DOTS_X512(eq_dots_4x32_int4, 4, 1, EQ_INT4_X512)

#undef EQ_EACH_X512
#undef EQ_BEGIN_X512
#undef EQ_STEP_X512
#undef EQ_END_X512
#undef EQ_DOTS_X512

/* The tile for n pixels; the sums of more pixels are of no value. */
EQ_INLINE_AVX512 void eq_tile_of_x512(const eq_layer_x512 *t, const eq_pixels_x512 *g,
                                      eq_tile_x512 *s, int32_t o, int32_t n, int wide,
                                      int kind)
{
    if (kind == EQ_INT4_X512)
        n > 4 ? eq_dots_12x32_int4(t, g, s, o) : eq_dots_4x32_int4(t, g, s, o);
    else if (kind == EQ_ZW_X512 && wide)
        n > 4 ? eq_dots_12x32_zw(t, g, s, o) : eq_dots_4x32_zw(t, g, s, o);
    else if (kind == EQ_ZW_X512)
        eq_dots_12x16_zw(t, g, s, o);
    else if (wide)
        n > 6   ? eq_dots_12x32(t, g, s, o)
        : n > 2 ? eq_dots_6x32(t, g, s, o)
                : eq_dots_2x32(t, g, s, o);
    else
        n > 4 ? eq_dots_12x16(t, g, s, o) : eq_dots_4x16(t, g, s, o);
}

#endif
