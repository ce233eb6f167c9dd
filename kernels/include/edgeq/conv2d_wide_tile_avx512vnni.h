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
 * Where weights have a zero point zw, sum (x * (w - zw)) is sum ((x + 128) * w) - 128 * sum (w)
 * - zw * (sum (x + 128) - 128 * window): a window is summed up once for a block of channels.
 *
 * Weights of int4 are packed (o/32, kh, kwi/4, o/8%4, o%4, kwi%4, o/4%2), so that a byte holds one
 * of either vector of channels.  Each is multiplied from the upper half of its byte, sixteen times
 * too large, and so are biases made: with at most 28 bits the sum still fits.
 *
 * With EQ_FUSED_X512 and EQ_ODD_X512 the order of channels is that of eq_fused_narrow_x64: (o/8%2,
 * o/32%2, o/16%2, o%8) of 64, (o/8%2, o/16%2, o%8) of 32.  A bias of int4 is rotated by four bits,
 * and so its uppermost four, which products do not reach, are there again as the sum is rotated
 * back.
 */
#ifndef EDGEQ_CONV2D_WIDE_TILE_AVX512VNNI_H
#define EDGEQ_CONV2D_WIDE_TILE_AVX512VNNI_H

#include "edgeq/odd_avx512.h"
#include "edgeq/scale_avx512.h"

#include <string.h>

/* Kinds of kernels: 64 channels at a time; 32; 32 with weights of int4, or with a zero point. */
enum { EQ_64_X512 = 0, EQ_32_X512 = 1, EQ_32INT4_X512 = 2, EQ_32ZW_X512 = 3 };

/* What all tiles of a layer share.  A window is `runs` runs, `segment` bytes apart, which take
 * `taps` bytes, from step to step `next`; a step is of four taps.  Where a pixel is meant, the end
 * of its window's first run is. */
typedef struct {
    int64_t taps, next, segment;
    int64_t rest;            /* what is left of them, below zero, after steps by four */
    int64_t step, x_turn;    /* from pixel to pixel, and more from row to row */
    int64_t y_pixel, y_turn; /* the same of y */
    int32_t runs, out_w;
    int32_t run, zw; /* taps of a run that count, the zero point of weights */
    int32_t clamps;  /* 0 where each byte is in the range */
    eq_range_avx512 range;
} eq_wide_x512;

/* A block of channels: their weights, biases and factors, and how many there are. */
typedef struct {
    const int8_t *w;
    int32_t channels;
    __mmask64 some; /* of their bytes */
    __m512i bias[4];
    eq_fused_x512 fused[4];
    eq_odd_x512 odd[4];
    eq_scale_x512 scale[4];
    eq_factors_x16 factors[4];
} eq_block_x512;

/* Pixels of a tile that are not beside each other. */
typedef struct {
    const uint8_t *x[12];
    int8_t *y[12];
    int32_t more[12]; /* what the zero point of weights adds to sums */
} eq_spots_x512;

/* Sums of a tile, a vector of channels each: of pixel i, where there are 64; or in c and d those
 * of pixel 2 * i + 1, in a and b of 2 * i. */
typedef struct {
    __m512i a0, a1, a2, a3, a4, a5, b0, b1, b2, b3, b4, b5;
    __m512i c0, c1, c2, c3, c4, c5, d0, d1, d2, d3, d4, d5;
} eq_sums_x512;

/* Taken back by conv2d_wide_avx512vnni.h. */
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
EQ_INLINE_AVX512 __m512i eq_wide_dot_x512(__m512i sum, __m512i x, __m512i w)
{
    sum = _mm512_dpbusd_epi32(sum, x, w);
    __asm__("" : "+v"(sum));
    return sum;
}

EQ_INLINE_AVX512 __m512i eq_wide_begin_x512(const eq_block_x512 *c, const eq_spots_x512 *g,
                                            int vector, int i, int kind)
{
    return kind == EQ_32ZW_X512
               ? _mm512_add_epi32(c->bias[vector], _mm512_set1_epi32(g->more[i]))
               : c->bias[vector];
}

#define EQ_BEGIN_X512(i)                                                                   \
    if (n > i) {                                                                           \
        s.a##i = eq_wide_begin_x512(c, g, 0, two * i, kind);                               \
        s.b##i = eq_wide_begin_x512(c, g, 1, two * i, kind);                               \
        s.c##i = eq_wide_begin_x512(c, g, two == 2 ? 0 : 2, two * i + two - 1, kind);      \
        s.d##i = eq_wide_begin_x512(c, g, two == 2 ? 1 : 3, two * i + two - 1, kind);      \
    }
#define EQ_STEP_X512(i)                                                                    \
    if (n > i) {                                                                           \
        const __m512i x = eq_taps_x512(v->x##i + k);                                       \
        s->a##i = eq_wide_dot_x512(s->a##i, x, w0);                                        \
        s->b##i = eq_wide_dot_x512(s->b##i, x, w1);                                        \
        const __m512i z = two == 2 ? eq_taps_x512(v->z##i + k) : x;                        \
        s->c##i = eq_wide_dot_x512(s->c##i, z, w2);                                        \
        s->d##i = eq_wide_dot_x512(s->d##i, z, w3);                                        \
    }
#define EQ_NEXT_X512(i)                                                                    \
    v.x##i += t->segment;                                                                  \
    v.z##i += t->segment;

/* Bytes of weights of a step. */
EQ_INLINE_AVX512 int eq_step_bytes_x512(int kind)
{
    return kind == EQ_64_X512 ? 256 : kind == EQ_32INT4_X512 ? 64 : 128;
}

/* Four taps of n pixels, or n times two. */
EQ_INLINE_AVX512 void eq_step_x512(eq_sums_x512 *s, const eq_windows_x512 *v,
                                   const int8_t *w, int64_t k, int n, int kind)
{
    const int two = kind == EQ_64_X512 ? 1 : 2, is_int4 = kind == EQ_32INT4_X512;
    const __m512i first = _mm512_loadu_si512((const void *)w);
    const __m512i w0 = is_int4 ? eq_upper_x512(_mm512_slli_epi16(first, 4)) : first;
    const __m512i w1 =
        is_int4 ? eq_upper_x512(first) : _mm512_loadu_si512((const void *)(w + 64));
    const __m512i w2 = two == 2 ? w0 : _mm512_loadu_si512((const void *)(w + 128));
    const __m512i w3 = two == 2 ? w1 : _mm512_loadu_si512((const void *)(w + 192));
    EQ_SIX_X512(EQ_STEP_X512)
}

/* The dot products of n pixels, or n times two; n and kind are constants.  Sums have names: of an
 * array gcc 12 keeps none in registers.  asm: else it would count where w ends beforehand. */
EQ_INLINE_AVX512 eq_sums_x512 eq_dots_wide_x512(const eq_wide_x512 *t,
                                                const eq_block_x512 *c,
                                                const eq_spots_x512 *g, eq_windows_x512 v,
                                                int n, int kind)
{
    const int two = kind == EQ_64_X512 ? 1 : 2, bytes = eq_step_bytes_x512(kind);
    const int64_t next = kind == EQ_64_X512 ? t->next : 4;
    eq_sums_x512 s;
    EQ_SIX_X512(EQ_BEGIN_X512)
    const int8_t *w = c->w;
    for (int32_t r = t->runs;;) {
        int64_t k = -t->taps;
        while (k != t->rest) {
            eq_step_x512(&s, &v, w, k, n, kind);
            eq_step_x512(&s, &v, w + bytes, k + 4, n, kind);
            eq_step_x512(&s, &v, w + 2 * bytes, k + 8, n, kind);
            eq_step_x512(&s, &v, w + 3 * bytes, k + 12, n, kind);
            k += 16;
            w += 4 * bytes;
            __asm__("" : "+r"(w));
        }
        while (k != 0) {
            eq_step_x512(&s, &v, w, k, n, kind);
            k += next;
            w += bytes;
            __asm__("" : "+r"(w));
        }
        if (--r == 0)
            break;
        EQ_SIX_X512(EQ_NEXT_X512)
    }
    return s;
}

#undef EQ_BEGIN_X512
#undef EQ_STEP_X512
#undef EQ_NEXT_X512

#endif
