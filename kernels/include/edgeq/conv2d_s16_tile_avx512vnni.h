/* The tile of convolutions of int16 activations for AVX-512 VNNI: up to twelve pixels by 32 or
 * sixteen channels at a time.
 *
 * Two taps of a pixel are broadcast, and VPDPWSSD multiplies them with two taps of sixteen channels,
 * which stay in registers until they are rescaled and stored.  Weights, widened from int8, are
 * packed in the order in which they are read: with 32 channels (o/32, kh, kwi/4, kwi/2%2, o/4%2,
 * o/8%4, o%2, o/2%2, kwi%2), which rescaling and packing of sums to int16 put in order, with sixteen
 * (o/16, kh, kwi/4, kwi/2%2, o/4%4, o%2, o/2%2, kwi%2).  A byte of int4 weights holds taps k and k + 2 of a channel: what is left
 * of it, widened to int16, by a shift right by four, and by twelve after one left by twelve.
 *
 * Exact: VPDPWSSD does not saturate, and its sums, modulo 2^32, are the contract's in the end.
 * Where a segment is no multiple of four taps, what is read behind it meets weights of zero.
 */
#ifndef EDGEQ_CONV2D_S16_TILE_AVX512VNNI_H
#define EDGEQ_CONV2D_S16_TILE_AVX512VNNI_H

#include "edgeq/rescale16_avx512.h"
#include "edgeq/words_avx512vnni.h"

enum { EQ_TILE16_X512 = 12 };

/* What a tile is of: int8 weights, int4 weights, or taps that reach it (conv_transpose2d), of int16
 * or, made int16 less their zero point, of bytes. */
enum {
    EQ_WINDOWS16_X512 = 0,
    EQ_NIBBLES16_X512 = 1,
    EQ_REACH16_X512 = 2,
    EQ_BYTES16_X512 = 3
};

/* A layer: its weights, biases and factors by sixteen channels, and how windows lie, in bytes. */
typedef struct {
    const int8_t *w, *constants;
    int64_t segment;    /* from segment to segment of a window */
    int32_t kh, run;    /* segments and bytes of one, a multiple of 8 */
    int32_t out_c, all; /* channels; segments of which there are weights */
    eq_range16_avx512 range;
    __m512i zy; /* of bytes */
    /* Of taps that reach: how many of a row, from tap to tap of x, from the first weight, from row
     * to row and from tap to tap of them, in weights of one tap. */
    int32_t taps;
    int64_t x_tap, w_first, w_row, w_tap;
} eq_layer16_x512;

enum { EQ_CONSTANTS16_X512 = EQ_FACTORS16_X512 + 64 }; /* bytes for sixteen channels */

/* Pixels of a tile: where the first window lies and what becomes of it, and how far it is to the
 * next ones, in bytes. */
typedef struct {
    const int8_t *x;
    int8_t *y;
    int64_t step, y_step;
} eq_pixels16_x512;

/* Two taps at x. */
EQ_INLINE_AVX512 __m512i eq_two_x512(const int8_t *x)
{
    int32_t two;
    memcpy(&two, x, sizeof two);
    return _mm512_set1_epi32(two);
}

/* Two taps at x by those of sixteen or 32 channels. */
EQ_INLINE_AVX512 void eq_pixel16_x512(__m512i *a, __m512i *b, const int8_t *x, __m512i u,
                                      __m512i v, int wide)
{
    if (wide) {
        const __m512i two = eq_two_x512(x);
        eq_mac_two_x512(a, two, u);
        eq_mac_two_x512(b, two, v);
    } else {
        eq_mac_two_at_x512(a, x, u);
    }
}

/* Where outputs of a tile go: all channels of a pixel to y, or some, the next one's y_step behind. */
typedef struct {
    int8_t *y;
    int64_t y_step;
    int whole;
    __mmask32 some;
    eq_range16_avx512 range;
    __m512i zy;
} eq_finish16_x512;

/* Sixteen channels of two pixels, or 32 of one, as int16; of bytes with the zero point of y. */
EQ_INLINE_AVX512 __m512i eq_finished16_x512(const eq_finish16_x512 *t, __m512i a, __m512i b,
                                            const eq_factors16_x16 *f,
                                            const eq_factors16_x16 *h, int kind, int form)
{
    const __m512i u = eq_rescale16_swapped(a, f, form);
    const __m512i v = eq_rescale16_swapped(b, h, form);
    if (kind != EQ_BYTES16_X512)
        return eq_narrow_s16_x32(u, v, &t->range);
    const __m512i sum = _mm512_adds_epi16(_mm512_packs_epi32(u, v), t->zy);
    return _mm512_min_epi16(_mm512_max_epi16(sum, t->range.lo), t->range.hi);
}

/* What counts of sixteen or 32 int16 to y, as they are or as bytes. */
EQ_INLINE_AVX512 void eq_put16_x16(const eq_finish16_x512 *t, int8_t *y, __m256i v,
                                   int kind)
{
    const __m128i bytes = _mm256_cvtepi16_epi8(v);
    if (kind == EQ_BYTES16_X512 && t->whole)
        _mm_storeu_si128((__m128i *)(void *)y, bytes);
    else if (kind == EQ_BYTES16_X512)
        _mm_mask_storeu_epi8(y, (__mmask16)t->some, bytes);
    else if (t->whole)
        _mm256_storeu_si256((__m256i *)(void *)y, v);
    else
        _mm256_mask_storeu_epi16(y, (__mmask16)t->some, v);
}

EQ_INLINE_AVX512 void eq_put16_x32(const eq_finish16_x512 *t, int8_t *y, __m512i v,
                                   int kind)
{
    const __m256i bytes = _mm512_cvtepi16_epi8(v);
    if (kind == EQ_BYTES16_X512 && t->whole)
        _mm256_storeu_si256((__m256i *)(void *)y, bytes);
    else if (kind == EQ_BYTES16_X512)
        _mm256_mask_storeu_epi8(y, t->some, bytes);
    else if (t->whole)
        _mm512_storeu_si512((void *)y, v);
    else
        _mm512_mask_storeu_epi16(y, t->some, v);
}

/* Two pixels of sixteen channels, rescaled, clamped and stored. */
EQ_INLINE_AVX512 void eq_finish_two16_x512(const eq_finish16_x512 *t, int i, __m512i a,
                                           __m512i b, const eq_factors16_x16 *f, int kind,
                                           int form)
{
    const __m512i order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
    const __m512i v =
        _mm512_permutexvar_epi64(order, eq_finished16_x512(t, a, b, f, f, kind, form));
    int8_t *const y = t->y + i * t->y_step;
    eq_put16_x16(t, y, _mm512_castsi512_si256(v), kind);
    eq_put16_x16(t, y + t->y_step, _mm512_extracti64x4_epi64(v, 1), kind);
}

/* One of sixteen. */
EQ_INLINE_AVX512 void eq_finish_one16_x512(const eq_finish16_x512 *t, __m512i a,
                                           const eq_factors16_x16 *f, int kind, int form)
{
    const __m512i order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
    const __m512i v =
        _mm512_permutexvar_epi64(order, eq_finished16_x512(t, a, a, f, f, kind, form));
    eq_put16_x16(t, t->y, _mm512_castsi512_si256(v), kind);
}

/* A pixel of 32 channels. */
EQ_INLINE_AVX512 void eq_finish_wide16_x512(const eq_finish16_x512 *t, int i, __m512i a,
                                            __m512i b, const eq_factors16_x16 *f,
                                            const eq_factors16_x16 *h, int kind, int form)
{
    const __m512i v = eq_finished16_x512(t, a, b, f, h, kind, form);
    eq_put16_x32(t, t->y + i * t->y_step, v, kind);
}

#define EQ_EACH16_X512(DO) DO(p, 0, 1, 2, 3) DO(q, 4, 5, 6, 7) DO(r, 8, 9, 10, 11)
#define EQ_BEGIN16_X512(x, i, j, k, l)                                                     \
    __m512i a##i = a, a##j = a, a##k = a, a##l = a;                                        \
    __m512i b##i = b, b##j = b, b##k = b, b##l = b;
#define EQ_STEP16_X512(x, i, j, k, l, at, u, v)                                            \
    if (n > i)                                                                             \
        eq_pixel16_x512(&a##i, &b##i, x + at, u, v, wide);                                 \
    if (n > j) {                                                                           \
        eq_pixel16_x512(&a##j, &b##j, x + at + step, u, v, wide);                          \
        eq_pixel16_x512(&a##k, &b##k, x + at + 2 * step, u, v, wide);                      \
        eq_pixel16_x512(&a##l, &b##l, x + at + 3 * step, u, v, wide);                      \
    }
#define EQ_FIRST16_X512(x, i, j, k, l) EQ_STEP16_X512(x, i, j, k, l, 0, u.first, v.first)
#define EQ_SECOND16_X512(x, i, j, k, l) EQ_STEP16_X512(x, i, j, k, l, 4, u.second, v.second)
#define EQ_FENCE16_X512(x, i, j, k, l)                                                     \
    if (n > i)                                                                             \
        __asm__("" : "+v"(a##i), "+v"(a##j), "+v"(a##k), "+v"(a##l));                      \
    if (n > i && wide)                                                                     \
        __asm__("" : "+v"(b##i), "+v"(b##j), "+v"(b##k), "+v"(b##l));
#define EQ_END16_X512(x, i, j, k, l)                                                       \
    if (n > i && wide)                                                                     \
        eq_finish_wide16_x512(&z, i, a##i, b##i, &f, &h, kind, form);                      \
    if (n > j && wide) {                                                                   \
        eq_finish_wide16_x512(&z, j, a##j, b##j, &f, &h, kind, form);                      \
        eq_finish_wide16_x512(&z, k, a##k, b##k, &f, &h, kind, form);                      \
        eq_finish_wide16_x512(&z, l, a##l, b##l, &f, &h, kind, form);                      \
    }                                                                                      \
    if (n > j && !wide) {                                                                  \
        eq_finish_two16_x512(&z, i, a##i, a##j, &f, kind, form);                           \
        eq_finish_two16_x512(&z, k, a##k, a##l, &f, kind, form);                           \
    } else if (n > i && !wide) {                                                           \
        eq_finish_one16_x512(&z, a##i, &f, kind, form);                                    \
    }

/* 12, 8, 4 pixels or 1 by 32 channels from o on, or sixteen.  Sums have names: of an array gcc 12
 * keeps none in registers. */
EQ_INLINE_AVX512 void eq_tile16_x512(const eq_layer16_x512 *t, const eq_pixels16_x512 *g,
                                     int32_t o, int n, int wide, int kind, int form)
{
    const int8_t *const c = t->constants + o / 16 * EQ_CONSTANTS16_X512;
    const int8_t *const d = c + EQ_CONSTANTS16_X512;
    const __m512i a = _mm512_loadu_si512((const void *)(c + EQ_FACTORS16_X512));
    const __m512i b = wide ? _mm512_loadu_si512((const void *)(d + EQ_FACTORS16_X512)) : a;
    EQ_EACH16_X512(EQ_BEGIN16_X512)
    const int is_int4 = kind == EQ_NIBBLES16_X512, reach = kind >= EQ_REACH16_X512;
    const int32_t bytes = (is_int4 ? 32 : 64) * (wide ? 2 : 1), steps = t->run / 8;
    const int64_t tap = (int64_t)steps * bytes;
    const int8_t *w = t->w + (int64_t)(o / (wide ? 32 : 16)) * t->all * tap;
    const int8_t *row = w + t->w_first * tap;
    const int8_t *x = g->x;
    const int64_t step = g->step;
    int32_t left = t->kh;
    do {
        const int8_t *at = x, *some = row;
        int32_t taps = reach ? t->taps : 1;
        do {
            const int8_t *p = at, *q = at + 4 * step, *r = at + 8 * step;
            int32_t more = steps;
            w = reach ? some : w;
            do {
                const eq_weights16_x512 u = eq_weights_x512(w, wide ? 64 : 32, is_int4);
                const eq_weights16_x512 v = wide ? eq_weights_x512(w + 32, 64, is_int4) : u;
                EQ_EACH16_X512(EQ_FIRST16_X512)
                EQ_EACH16_X512(EQ_SECOND16_X512)
                w += bytes;
                p += 8;
                q += 8;
                r += 8;
            } while (--more != 0);
            at += t->x_tap;
            some += t->w_tap * tap;
        } while (reach && --taps != 0);
        x += t->segment;
        row += t->w_row * tap;
    } while (--left != 0);
    EQ_EACH16_X512(EQ_FENCE16_X512)
    const eq_factors16_x16 f = eq_kept_factors16(c);
    const eq_factors16_x16 h = wide ? eq_kept_factors16(d) : f;
    const int32_t count = t->out_c - o, most = wide ? 32 : 16;
    const eq_finish16_x512 z = {
        g->y + o * (kind == EQ_BYTES16_X512 ? 1 : 2), g->y_step, count >= most,
        count >= most ? 0 : (1u << count) - 1,        t->range,  t->zy};
    EQ_EACH16_X512(EQ_END16_X512)
}

#undef EQ_EACH16_X512
#undef EQ_BEGIN16_X512
#undef EQ_STEP16_X512
#undef EQ_FIRST16_X512
#undef EQ_SECOND16_X512
#undef EQ_END16_X512

/* A tile as a function of its own, `name`, so that nothing else takes registers. */
typedef void eq_tile16_fn(const eq_layer16_x512 *t, const eq_pixels16_x512 *g, int32_t o);

#define EQ_TILE16_OF_X512(name, n, wide, kind, form)                                       \
    EQ_APART_AVX512 void name(const eq_layer16_x512 *t, const eq_pixels16_x512 *g,         \
                              int32_t o)                                                   \
    {                                                                                      \
        eq_tile16_x512(t, g, o, n, wide, kind, form);                                      \
    }

#endif
