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
 * Exact: VPDPWSSD does not saturate, and its sums, modulo 2^32, are the contract's in the end; in
 * tiles that are `far`, of sixteen channels, int32 holds those of 508 taps, 254 times two products of
 * at most 2^23 in magnitude together, which are added as int64.  Where a segment is no multiple of four taps, what is read behind it meets weights of zero.
 */
#ifndef EDGEQ_CONV2D_S16_TILE_AVX512VNNI_H
#define EDGEQ_CONV2D_S16_TILE_AVX512VNNI_H

#include "edgeq/conv2d_s16_finish_avx512vnni.h"
#include "edgeq/words_avx512vnni.h"

enum { EQ_TILE16_X512 = 12 };

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

/* Bytes of constants for sixteen channels: factors, then biases, as int32 or, of far tiles, as the
 * int64 of even channels and of odd ones; steps of four taps that int32 holds. */
enum { EQ_CONSTANTS16_X512 = EQ_FACTORS16_X512 + 128, EQ_STEPS16_X512 = 127 };

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
/* Four taps at a time of `more` steps. */
#define EQ_QUADS16_X512                                                                    \
    do {                                                                                   \
        const eq_weights16_x512 u = eq_weights_x512(w, wide ? 64 : 32, is_int4);           \
        const eq_weights16_x512 v = wide ? eq_weights_x512(w + 32, 64, is_int4) : u;       \
        EQ_EACH16_X512(EQ_FIRST16_X512)                                                    \
        EQ_EACH16_X512(EQ_SECOND16_X512)                                                   \
        w += bytes;                                                                        \
        p += 8;                                                                            \
        q += 8;                                                                            \
        r += 8;                                                                            \
    } while (--more != 0);
#define EQ_FLUSH16_X512(x, i, j, k, l)                                                     \
    if (n > i)                                                                             \
        eq_flush16_x512(&sums[i], &a##i);                                                  \
    if (n > j) {                                                                           \
        eq_flush16_x512(&sums[j], &a##j);                                                  \
        eq_flush16_x512(&sums[k], &a##k);                                                  \
        eq_flush16_x512(&sums[l], &a##l);                                                  \
    }
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

/* sum += *part, which begins anew. */
EQ_INLINE_AVX512 void eq_flush16_x512(eq_long_x16 *sum, __m512i *part)
{
    *sum = eq_add_long_x16(*sum, *part);
    *part = _mm512_setzero_si512();
}

/* The bias of sixteen channels from `c` on, their constants; of far tiles zero. */
EQ_INLINE_AVX512 __m512i eq_bias16_x512(const int8_t *c, int far)
{
    return far ? _mm512_setzero_si512()
               : _mm512_loadu_si512((const void *)(c + EQ_FACTORS16_X512));
}

EQ_INLINE_AVX512 eq_long_x16 eq_far_bias16_x512(const int8_t *c)
{
    const eq_long_x16 bias = {
        _mm512_loadu_si512((const void *)(c + EQ_FACTORS16_X512)),
        _mm512_loadu_si512((const void *)(c + EQ_FACTORS16_X512 + 64))};
    return bias;
}

EQ_INLINE_AVX512 eq_finish16_x512 eq_finish16_of(const eq_layer16_x512 *t,
                                                 const eq_pixels16_x512 *g, int32_t o,
                                                 int wide, int kind)
{
    const int32_t count = t->out_c - o, most = wide ? 32 : 16;
    const eq_finish16_x512 z = {
        g->y + o * (kind == EQ_BYTES16_X512 ? 1 : 2), g->y_step, count >= most,
        count >= most ? 0 : (1u << count) - 1,        t->range,  t->zy};
    return z;
}

/* 12, 8, 4 pixels or 1 by 32 channels from o on, or sixteen.  Sums have names: of an array gcc 12
 * keeps none in registers. */
EQ_INLINE_AVX512 void eq_tile16_x512(const eq_layer16_x512 *t, const eq_pixels16_x512 *g,
                                     int32_t o, int n, int wide, int far, int kind,
                                     int form)
{
    const int8_t *const c = t->constants + o / 16 * EQ_CONSTANTS16_X512;
    const int8_t *const d = c + EQ_CONSTANTS16_X512;
    const __m512i a = eq_bias16_x512(c, far), b = wide ? eq_bias16_x512(d, far) : a;
    EQ_EACH16_X512(EQ_BEGIN16_X512)
    eq_long_x16 sums[EQ_TILE16_X512];
    for (int i = 0; far && i < n; ++i)
        sums[i] = eq_far_bias16_x512(c);
    const int is_int4 = kind == EQ_NIBBLES16_X512, reach = kind >= EQ_REACH16_X512;
    const int32_t bytes = (is_int4 ? 32 : 64) * (wide ? 2 : 1), steps = t->run / 8;
    const int64_t tap = (int64_t)steps * bytes, step = g->step;
    const int8_t *w = t->w + (int64_t)(o / (wide ? 32 : 16)) * t->all * tap;
    const int8_t *row = w + t->w_first * tap, *x = g->x;
    int32_t left = t->kh;
    do {
        const int8_t *at = x, *some = row;
        int32_t taps = reach ? t->taps : 1;
        do {
            const int8_t *p = at, *q = at + 4 * step, *r = at + 8 * step;
            int32_t rest = steps;
            w = reach ? some : w;
            do {
                int32_t more = far && rest > EQ_STEPS16_X512 ? EQ_STEPS16_X512 : rest;
                rest -= more;
                EQ_QUADS16_X512
                if (far) {
                    EQ_EACH16_X512(EQ_FLUSH16_X512)
                }
            } while (far && rest != 0);
            at += t->x_tap;
            some += t->w_tap * tap;
        } while (reach && --taps != 0);
        x += t->segment;
        row += t->w_row * tap;
    } while (--left != 0);
    EQ_EACH16_X512(EQ_FENCE16_X512)
    const eq_factors16_x16 f = eq_kept_factors16(c);
    const eq_factors16_x16 h = wide ? eq_kept_factors16(d) : f;
    const eq_finish16_x512 z = eq_finish16_of(t, g, o, wide, kind);
    for (int i = 0; far && i < n; ++i)
        eq_finish_far16_x512(&z, i, sums[i], &f, kind, form);
    if (!far) {
        EQ_EACH16_X512(EQ_END16_X512)
    }
}

#undef EQ_EACH16_X512
#undef EQ_BEGIN16_X512
#undef EQ_STEP16_X512
#undef EQ_FIRST16_X512
#undef EQ_QUADS16_X512
#undef EQ_FLUSH16_X512
#undef EQ_SECOND16_X512
#undef EQ_END16_X512

/* A tile as a function of its own, `name`, so that nothing else takes registers. */
typedef void eq_tile16_fn(const eq_layer16_x512 *t, const eq_pixels16_x512 *g, int32_t o);

#define EQ_TILE16_OF_X512(name, n, wide, far, kind, form)                                  \
    EQ_APART_AVX512 void name(const eq_layer16_x512 *t, const eq_pixels16_x512 *g,         \
                              int32_t o)                                                   \
    {                                                                                      \
        eq_tile16_x512(t, g, o, n, wide, far, kind, form);                                 \
    }

#endif
