/* The tile of convolutions of many channels for AVX-512 VNNI: 64 channels by six pixels, or 32 by
 * twelve.
 *
 * Windows are read where they lie, from a band (conv2d_band.h) of x + 128: four taps of a pixel are
 * broadcast, and VPDPBUSD multiplies them with four taps of sixteen channels.  Its 24 sums stay in
 * registers until they are bytes.  A block's factors are prepared once for all pixels of a band.
 * Weights are packed in the order in which they are read, and so that two packings of sums to bytes
 * leave channels side by side: 64 as (o/64, kh, kwi/4, o/4%4, o/16%4, o%4, kwi%4), and 32 as
 * (o/32, kh, kwi/4, o/4%2, o/8%4, o%4, kwi%4).
 *
 * Exact: VPDPBUSD does not saturate, and its sums are modulo 2^32.  Biases have 128 times the sum of
 * their weights taken away (@offset), so the last sum is the contract's, which is in range.
 * Where a segment is no multiple of four taps, what is read behind it meets weights of zero.
 *
 * Weights of int4 are packed (o/32, kh, kwi/4, o/8%4, o%4, kwi%4, o/4%2), so that a byte holds one
 * of either vector of channels.  Each is multiplied from the upper half of its byte, sixteen times
 * too large, and so are biases made: with at most 28 bits the sum still fits.
 */
#ifndef EDGEQ_CONV2D_WIDE_TILE_AVX512VNNI_H
#define EDGEQ_CONV2D_WIDE_TILE_AVX512VNNI_H

#include "edgeq/scale_avx512.h"

#include <string.h>

/* Kinds of kernels: 64 channels at a time; 32; 32 with weights of int4. */
enum { EQ_64_X512 = 0, EQ_32_X512 = 1, EQ_32INT4_X512 = 2 };

/* What all tiles of a layer share.  A window is `runs` runs, `segment` bytes apart, which take
 * `taps` bytes, from step to step `next`; a step is of four taps.  Where a pixel is meant, the end
 * of its window's first run is. */
typedef struct {
    int64_t taps, next, segment;
    int64_t step, x_turn, y_pixel,
        y_turn; /* from pixel to pixel; and more, from row to row */
    int32_t runs, out_w;
    eq_range_avx512 range;
} eq_wide_x512;

/* A block of channels: their weights, biases and factors, and how many there are. */
typedef struct {
    const int8_t *w;
    int32_t channels;
    __m512i bias[4];
    eq_scale_x512 scale[4];
    eq_factors_x16 factors[4];
} eq_block_x512;

/* Where the next pixel lies, how many follow it in its row, and how many are left of all. */
typedef struct {
    const uint8_t *x;
    int8_t *y;
    int32_t row, left;
} eq_place_x512;

/* Pixels of a tile that are not beside each other. */
typedef struct {
    const uint8_t *x[12];
    int8_t *y[12];
} eq_spots_x512;

/* Sums of a tile, a vector of channels each: of pixel i, where there are 64; or in c and d those
 * of pixel 2 * i + 1, in a and b of 2 * i. */
typedef struct {
    __m512i a0, a1, a2, a3, a4, a5, b0, b1, b2, b3, b4, b5;
    __m512i c0, c1, c2, c3, c4, c5, d0, d1, d2, d3, d4, d5;
} eq_sums_x512;

#define EQ_SIX_X512(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5)

/* The windows of a tile; z is x, where pixel i is one alone. */
typedef struct {
    const uint8_t *x0, *x1, *x2, *x3, *x4, *x5, *z0, *z1, *z2, *z3, *z4, *z5;
} eq_windows_x512;

/* Four taps at x. */
EQ_INLINE_AVX512 __m512i eq_taps_x512(const uint8_t *x)
{
    int32_t four;
    memcpy(&four, x, sizeof four);
    return _mm512_set1_epi32(four);
}

/* Upper halves of bytes, which are int4 times sixteen. */
EQ_INLINE_AVX512 __m512i eq_upper_x512(__m512i w)
{
    return _mm512_and_si512(w, _mm512_set1_epi8(-16));
}

/* asm: else gcc 12 keeps a sum twice, as its own vector type and as __m512i, and has too few
 * registers. */
EQ_INLINE_AVX512 __m512i eq_dot_x512(__m512i sum, __m512i x, __m512i w)
{
    sum = _mm512_dpbusd_epi32(sum, x, w);
    __asm__("" : "+v"(sum));
    return sum;
}

#define EQ_BEGIN_X512(i)                                                                   \
    s.a##i = c->bias[0], s.b##i = c->bias[1];                                              \
    s.c##i = c->bias[two == 2 ? 0 : 2], s.d##i = c->bias[two == 2 ? 1 : 3];
#define EQ_STEP_X512(i)                                                                    \
    if (n > i) {                                                                           \
        const __m512i x = eq_taps_x512(v.x##i + k);                                        \
        s.a##i = eq_dot_x512(s.a##i, x, w0);                                               \
        s.b##i = eq_dot_x512(s.b##i, x, w1);                                               \
        const __m512i z = two == 2 ? eq_taps_x512(v.z##i + k) : x;                         \
        s.c##i = eq_dot_x512(s.c##i, z, w2);                                               \
        s.d##i = eq_dot_x512(s.d##i, z, w3);                                               \
    }

#define EQ_NEXT_X512(i)                                                                    \
    v.x##i += t->segment;                                                                  \
    v.z##i += t->segment;

/* The dot products of n pixels, or n times two; n and kind are constants.  Sums have names: of an
 * array gcc 12 keeps none in registers. */
EQ_INLINE_AVX512 eq_sums_x512 eq_dots_wide_x512(const eq_wide_x512 *t,
                                                const eq_block_x512 *c, eq_windows_x512 v,
                                                int n, int kind)
{
    const int two = kind == EQ_64_X512 ? 1 : 2, is_int4 = kind == EQ_32INT4_X512;
    eq_sums_x512 s;
    EQ_SIX_X512(EQ_BEGIN_X512)
    const int8_t *w = c->w;
    int32_t r = t->runs;
    for (;;) {
        int64_t k = -t->taps;
        do {
            const __m512i first = _mm512_loadu_si512((const void *)w);
            const __m512i w0 = is_int4 ? eq_upper_x512(_mm512_slli_epi16(first, 4)) : first;
            const __m512i w1 =
                is_int4 ? eq_upper_x512(first) : _mm512_loadu_si512((const void *)(w + 64));
            const __m512i w2 = two == 2 ? w0 : _mm512_loadu_si512((const void *)(w + 128));
            const __m512i w3 = two == 2 ? w1 : _mm512_loadu_si512((const void *)(w + 192));
            EQ_SIX_X512(EQ_STEP_X512)
            w += is_int4 ? 64 : two == 2 ? 128 : 256;
            k += two == 1 ? t->next : 4;
        } while (k != 0);
        if (--r == 0)
            break;
        EQ_SIX_X512(EQ_NEXT_X512)
    }
    return s;
}

/* A sum rescaled. */
EQ_INLINE_AVX512 __m512i eq_out_x512(__m512i sum, const eq_block_x512 *c, int i, int kind,
                                     int single)
{
    const int large = kind == EQ_32INT4_X512;
    if (single < EQ_ANY)
        return eq_rescaled_x512(sum, &c->scale[i], single, large);
    return eq_rescale_x16(large ? _mm512_srai_epi32(sum, 4) : sum, &c->factors[i], single);
}

#define EQ_BYTES_X512(i)                                                                   \
    __m512i v##i = _mm512_setzero_si512();                                                 \
    if (n > i) {                                                                           \
        v##i = eq_bytes_x512(eq_out_x512(s->a##i, c, 0, kind, single),                     \
                             eq_out_x512(s->b##i, c, 1, kind, single),                     \
                             eq_out_x512(s->c##i, c, two == 2 ? 0 : 2, kind, single),      \
                             eq_out_x512(s->d##i, c, two == 2 ? 1 : 3, kind, single),      \
                             &t->range, single);                                           \
        v##i = two == 2 ? _mm512_permutexvar_epi64(order, v##i) : v##i;                    \
    }
#define EQ_STORE_FAST_X512(i)                                                              \
    if (n > i && two == 1) {                                                               \
        _mm512_storeu_si512((void *)y, v##i);                                              \
        y += t->y_pixel;                                                                   \
    } else if (n > i) {                                                                    \
        _mm256_storeu_si256((__m256i *)(void *)y, _mm512_castsi512_si256(v##i));           \
        y += t->y_pixel;                                                                   \
        _mm256_storeu_si256((__m256i *)(void *)y, _mm512_extracti64x4_epi64(v##i, 1));     \
        y += t->y_pixel;                                                                   \
    }
#define EQ_STORE_SLOW_X512(i)                                                              \
    if (n > i && two == 1) {                                                               \
        eq_store_x64_avx512(g->y[i], v##i, c->channels);                                   \
    } else if (n > i) {                                                                    \
        eq_store_x32_avx512(g->y[2 * i], _mm512_castsi512_si256(v##i), c->channels);       \
        eq_store_x32_avx512(g->y[2 * i + 1], _mm512_extracti64x4_epi64(v##i, 1),           \
                            c->channels);                                                  \
    }

/* Sums become bytes at y, or at the spots of g. */
EQ_INLINE_AVX512 void eq_finish_wide_x512(const eq_wide_x512 *t, const eq_block_x512 *c,
                                          const eq_sums_x512 *s, const eq_spots_x512 *g,
                                          int8_t *y, int n, int kind, int single)
{
    const int two = kind == EQ_64_X512 ? 1 : 2;
    const __m512i order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
    EQ_SIX_X512(EQ_BYTES_X512)
    if (y) {
        EQ_SIX_X512(EQ_STORE_FAST_X512)
    } else {
        EQ_SIX_X512(EQ_STORE_SLOW_X512)
    }
}

/* To the pixel after the last of a row. */
EQ_INLINE_AVX512 void eq_turn_x512(const eq_wide_x512 *t, eq_place_x512 *p)
{
    p->row = t->out_w;
    p->x += t->x_turn;
    p->y += t->y_turn;
}

/* The next n pixels; of fewer, the last once more. */
EQ_APART_AVX512 void eq_take_spots_x512(const eq_wide_x512 *t, eq_place_x512 *p,
                                        eq_spots_x512 *g, int32_t n)
{
    for (int32_t i = 0; i < n; ++i) {
        g->x[i] = p->x;
        g->y[i] = p->y;
        p->left -= p->left > 0;
        if (p->left == 0)
            continue;
        p->x += t->step;
        p->y += t->y_pixel;
        if (--p->row == 0)
            eq_turn_x512(t, p);
    }
}

#define EQ_NEAR_X512(i)                                                                    \
    v.x##i = p->x + two * i * t->step;                                                     \
    v.z##i = v.x##i + (two - 1) * t->step;
#define EQ_FAR_X512(i)                                                                     \
    v.x##i = g.x[two * i];                                                                 \
    v.z##i = g.x[two * i + two - 1];

/* The next n pixels, or n times two, by a block of channels. */
EQ_INLINE_AVX512 void eq_wide_tile_x512(const eq_wide_x512 *t, const eq_block_x512 *c,
                                        eq_place_x512 *p, int n, int kind, int single)
{
    const int two = kind == EQ_64_X512 ? 1 : 2;
    eq_spots_x512 g;
    eq_windows_x512 v;
    __asm__ volatile("" : "+r"(t), "+r"(c));
    int8_t *y = 0;
    if (p->row >= n * two && c->channels >= 64 / two) {
        EQ_SIX_X512(EQ_NEAR_X512)
        y = p->y;
        p->x += n * two * t->step;
        p->y += n * two * t->y_pixel;
        p->left -= n * two;
        p->row -= n * two;
        if (p->row == 0)
            eq_turn_x512(t, p);
    } else {
        eq_take_spots_x512(t, p, &g, n * two);
        EQ_SIX_X512(EQ_FAR_X512)
    }
    const eq_sums_x512 s = eq_dots_wide_x512(t, c, v, n, kind);
    eq_finish_wide_x512(t, c, &s, &g, y, n, kind, single);
}

#undef EQ_SIX_X512
#undef EQ_BEGIN_X512
#undef EQ_STEP_X512
#undef EQ_BYTES_X512
#undef EQ_STORE_FAST_X512
#undef EQ_STORE_SLOW_X512
#undef EQ_NEAR_X512
#undef EQ_FAR_X512

#endif
