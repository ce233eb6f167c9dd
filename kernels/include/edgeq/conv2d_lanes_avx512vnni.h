/* The tile of convolutions for AVX-512 VNNI with pixels in lanes: sixteen pixels by 16 channels,
 * or by 8.
 *
 * Four taps of sixteen pixels are one load from planes of x + 128 (planes_avx512.h), VPDPBUSD
 * multiplies them with four taps of a channel, broadcast as they are read, and so no lane idles
 * where there are few channels. Weights are packed (o/16, kh, kwi/4, o%16, kwi%4): read in order.
 *
 * Where weights have a zero point zw, sum (x * (w - zw)) is sum ((x + 128) * w) - 128 * sum (w)
 * - zw * (sum (x + 128) - 128 * taps): sixteen windows are summed up at once, for all channels.
 *
 * Exact: VPDPBUSD does not saturate, and its sums are modulo 2^32. Biases have 128 times the sum of
 * their weights taken away (@offset), so the last sum is the contract's, which is in range.
 * Where a window is no multiple of four taps, what is read behind it meets weights of zero.
 *
 * Rescaling: with s = shift >= 32 and |acc| <= 2^30 the form single is (acc * mult + 2^(s - 1)) >> s.
 * The form double is floor ((floor ((acc * mult + 2^30) / 2^31) + 2^(s - 32) - [that < 0]) / 2^(s -
 * 31)), which is (acc * mult + 2^30 + 2^(s - 1) - 2^31 * [acc < 0]) >> s: the floor of a floor is one
 * floor, and the inner one is below zero just where acc is, but for acc = -1 and mult = 2^30, which
 * give zero either way. EQ_LIVE leaves the last term out: where acc < 0 both are at most zero. 64 bits
 * hold it all, and 32 the result. A factor of zero is shifted by 62, which leaves zero.
 *
 * The asm broadcasts what it reads: gcc 12 knows no such operand of these instructions, and would
 * load it first, an instruction more for each.
 */
#ifndef EDGEQ_CONV2D_LANES_AVX512VNNI_H
#define EDGEQ_CONV2D_LANES_AVX512VNNI_H

#include "edgeq/planes_avx512.h"

/* A layer; how its windows lie in planes. */
typedef struct {
    const int8_t *w;
    const int32_t *bias, *mult, *shift;
    int64_t tap, turn; /* from column to column of the filter, and then to the next row */
    int64_t plane;     /* from group to group */
    int64_t y_pixel;
    int32_t kh, taps, groups, out_c, zw;
    int32_t window; /* taps that a sum with weights of one has */
    int32_t last;   /* four bytes of one, less those that fill up a group */
    eq_range_avx512 range;
} eq_lanes;

/* Up to sixteen channels of it, and their factors. */
typedef struct {
    const int8_t *w;
    const int32_t *bias;
    __mmask16 some; /* channels that there are */
    int is_dense;   /* these are all, and pixels of y lie side by side */
    int64_t mult[16], half[16], down[16], high[16]; /* high is down - 32 */
} eq_lanes_block;

EQ_INLINE_AVX512 __m512i eq_lanes_load(const uint8_t *x)
{
    return _mm512_loadu_si512((const void *)x);
}

/* Sums of eight channels. */
typedef struct {
    __m512i a, b, c, d, e, f, g, h;
} eq_lanes_eight;

/* Four taps of sixteen pixels times those of eight channels at w. */
EQ_INLINE_AVX512 void eq_lanes_dot(eq_lanes_eight *s, __m512i x, const int8_t *w)
{
    __asm__("vpdpbusd (%9)%{1to16%}, %8, %0\n\t"
            "vpdpbusd 4(%9)%{1to16%}, %8, %1\n\t"
            "vpdpbusd 8(%9)%{1to16%}, %8, %2\n\t"
            "vpdpbusd 12(%9)%{1to16%}, %8, %3\n\t"
            "vpdpbusd 16(%9)%{1to16%}, %8, %4\n\t"
            "vpdpbusd 20(%9)%{1to16%}, %8, %5\n\t"
            "vpdpbusd 24(%9)%{1to16%}, %8, %6\n\t"
            "vpdpbusd 28(%9)%{1to16%}, %8, %7"
            : "+v"(s->a), "+v"(s->b), "+v"(s->c), "+v"(s->d), "+v"(s->e), "+v"(s->f),
              "+v"(s->g), "+v"(s->h)
            : "v"(x), "r"(w), "m"(*(const int8_t (*)[32])(const void *)w));
}

/* The even lanes of x times m. */
EQ_INLINE_AVX512 __m512i eq_lanes_product(__m512i x, const int64_t *m)
{
    __m512i y;
    __asm__("vpmuldq %2%{1to8%}, %1, %0" : "=v"(y) : "v"(x), "m"(*m));
    return y;
}

EQ_INLINE_AVX512 __m512i eq_lanes_sum(__m512i x, const int64_t *a)
{
    __m512i y;
    __asm__("vpaddq %2%{1to8%}, %1, %0" : "=v"(y) : "v"(x), "m"(*a));
    return y;
}

EQ_INLINE_AVX512 __m512i eq_lanes_shift(__m512i x, const int64_t *s)
{
    __m512i y;
    __asm__("vpsravq %2%{1to8%}, %1, %0" : "=v"(y) : "v"(x), "m"(*s));
    return y;
}

/* Eight factors, from the first of them on. */
EQ_INLINE_AVX512 void eq_lanes_factors(eq_lanes_block *b, __m256i mult, __m256i shift,
                                       int at, int single)
{
    const __m512i one = _mm512_set1_epi64(1), m = _mm512_cvtepi32_epi64(mult);
    const __mmask8 none = _mm512_cmpeq_epi64_mask(m, _mm512_setzero_si512());
    const __m512i s =
        _mm512_mask_mov_epi64(_mm512_cvtepi32_epi64(shift), none, _mm512_set1_epi64(62));
    const __m512i half = _mm512_sllv_epi64(one, _mm512_sub_epi64(s, one));
    const __m512i first = _mm512_set1_epi64(single == EQ_SINGLE ? 0 : (int64_t)1 << 30);
    _mm512_storeu_si512((void *)(b->mult + at), m);
    _mm512_storeu_si512((void *)(b->half + at), _mm512_add_epi64(half, first));
    _mm512_storeu_si512((void *)(b->down + at), s);
    _mm512_storeu_si512((void *)(b->high + at), _mm512_sub_epi64(s, _mm512_set1_epi64(32)));
}

/* The channels from o on. */
EQ_INLINE_AVX512 void eq_lanes_block_of(eq_lanes_block *b, const eq_lanes *t, int32_t o,
                                        int single)
{
    const __m512i mult = eq_load_x16(t->mult + o), shift = eq_load_x16(t->shift + o);
    const int32_t left = t->out_c - o;
    b->w = t->w + (int64_t)o * t->kh * t->taps * t->groups * 4;
    b->bias = t->bias + o;
    b->some = (__mmask16)((1u << (left < 16 ? left : 16)) - 1);
    b->is_dense = o == 0 && t->y_pixel == t->out_c && (left == 8 || left == 16);
    eq_lanes_factors(b, _mm512_castsi512_si256(mult), _mm512_castsi512_si256(shift), 0,
                     single);
    eq_lanes_factors(b, _mm512_extracti64x4_epi64(mult, 1),
                     _mm512_extracti64x4_epi64(shift, 1), 8, single);
}

/* Even lanes of sums, times their factor: the numerator of the form. */
EQ_INLINE_AVX512 __m512i eq_lanes_scaled(__m512i acc, const eq_lanes_block *b, int i,
                                         int single)
{
    const __m512i sum = eq_lanes_sum(eq_lanes_product(acc, b->mult + i), b->half + i);
    if (single != EQ_DOUBLE)
        return sum;
    return _mm512_sub_epi64(sum,
                            _mm512_and_si512(acc, _mm512_set1_epi64((int64_t)1 << 31)));
}

/* Sixteen sums of channel i, rescaled. */
EQ_INLINE_AVX512 __m512i eq_lanes_rescale(__m512i acc, const eq_lanes_block *b, int i,
                                          int single)
{
    const __m512i even = eq_lanes_shift(eq_lanes_scaled(acc, b, i, single), b->down + i);
    const __m512i odd = eq_lanes_shift(
        eq_lanes_scaled(_mm512_srli_epi64(acc, 32), b, i, single), b->high + i);
    return eq_join_x16(even, odd);
}

/* Bytes of four channels from i on, the four of a pixel side by side. */
EQ_INLINE_AVX512 __m512i eq_lanes_bytes(__m512i p, __m512i q, __m512i r, __m512i s,
                                        const eq_lanes_block *b, int i,
                                        const eq_range_avx512 *range, int single)
{
    const __m512i first = _mm512_packs_epi32(eq_lanes_rescale(p, b, i, single),
                                             eq_lanes_rescale(q, b, i + 1, single));
    const __m512i second = _mm512_packs_epi32(eq_lanes_rescale(r, b, i + 2, single),
                                              eq_lanes_rescale(s, b, i + 3, single));
    const __m512i order = _mm512_broadcast_i32x4(
        _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    __m512i v;
    if (single == EQ_LIVE) {
        v = _mm512_xor_si512(_mm512_packus_epi16(first, second),
                             _mm512_set1_epi8(INT8_MIN));
    } else {
        v = _mm512_packs_epi16(_mm512_adds_epi16(first, range->zy),
                               _mm512_adds_epi16(second, range->zy));
        v = _mm512_min_epi8(_mm512_max_epi8(v, range->lo), range->hi);
    }
    return _mm512_shuffle_epi8(v, order);
}

/* Lanes of 32 bits, those of p and of q in turns: the first half of either, or the last. */
EQ_INLINE_AVX512 __m512i eq_lanes_turns(__m512i p, __m512i q, int last)
{
    const __m512i turns =
        _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    return _mm512_permutex2var_epi32(
        p, last ? _mm512_add_epi32(turns, _mm512_set1_epi32(8)) : turns, q);
}

/* The same of 64 bits. */
EQ_INLINE_AVX512 __m512i eq_lanes_wide_turns(__m512i p, __m512i q, int last)
{
    const __m512i turns = _mm512_setr_epi64(0, 8, 1, 9, 2, 10, 3, 11);
    return _mm512_permutex2var_epi64(
        p, last ? _mm512_add_epi64(turns, _mm512_set1_epi64(4)) : turns, q);
}

/* Bytes of sixteen pixels, two vectors where there are 8 channels. */
typedef struct {
    __m512i a, b, c, d;
} eq_lanes_out;

EQ_INLINE_AVX512 void eq_lanes_store_whole(const eq_lanes_out *v, int8_t *y, int channels)
{
    _mm512_storeu_si512((void *)y, v->a);
    _mm512_storeu_si512((void *)(y + 64), v->b);
    if (channels == 16) {
        _mm512_storeu_si512((void *)(y + 128), v->c);
        _mm512_storeu_si512((void *)(y + 192), v->d);
    }
}

/* Four pixels of 16 channels. */
EQ_INLINE_AVX512 void eq_lanes_store_four(__m512i v, int8_t *y, int64_t step)
{
    _mm_storeu_si128((__m128i *)(void *)y, _mm512_castsi512_si128(v));
    _mm_storeu_si128((__m128i *)(void *)(y + step), _mm512_extracti32x4_epi32(v, 1));
    _mm_storeu_si128((__m128i *)(void *)(y + 2 * step), _mm512_extracti32x4_epi32(v, 2));
    _mm_storeu_si128((__m128i *)(void *)(y + 3 * step), _mm512_extracti32x4_epi32(v, 3));
}

/* n pixels, whole vectors where nothing parts them. */
EQ_INLINE_AVX512 void eq_lanes_store(const eq_lanes *t, const eq_lanes_block *b,
                                     const eq_lanes_out *v, int8_t *y, int32_t n,
                                     int channels)
{
    const int64_t step = t->y_pixel;
    if (n == 16 && b->is_dense) {
        eq_lanes_store_whole(v, y, channels);
    } else if (n == 16 && channels == 16 && b->some == 0xffff) {
        eq_lanes_store_four(v->a, y, step);
        eq_lanes_store_four(v->b, y + 4 * step, step);
        eq_lanes_store_four(v->c, y + 8 * step, step);
        eq_lanes_store_four(v->d, y + 12 * step, step);
    } else {
        int8_t bytes[16 * 16 + 8];
        eq_lanes_store_whole(v, bytes, channels);
        for (const int8_t *from = bytes; n > 0; --n, from += channels, y += step)
            _mm_mask_storeu_epi8(y, b->some,
                                 _mm_loadu_si128((const __m128i *)(const void *)from));
    }
}

/* What eight channels begin with. */
EQ_INLINE_AVX512 __m512i eq_lanes_begin(const int32_t *bias, __m512i more, int has_zw)
{
    const __m512i b = _mm512_set1_epi32(*bias);
    return has_zw ? _mm512_add_epi32(more, b) : b;
}

EQ_INLINE_AVX512 eq_lanes_eight eq_lanes_begins(const int32_t *bias, __m512i more,
                                                int has_zw)
{
    const eq_lanes_eight s = {
        eq_lanes_begin(bias, more, has_zw),     eq_lanes_begin(bias + 1, more, has_zw),
        eq_lanes_begin(bias + 2, more, has_zw), eq_lanes_begin(bias + 3, more, has_zw),
        eq_lanes_begin(bias + 4, more, has_zw), eq_lanes_begin(bias + 5, more, has_zw),
        eq_lanes_begin(bias + 6, more, has_zw), eq_lanes_begin(bias + 7, more, has_zw)};
    return s;
}

/* The sums of the sixteen windows from x on, of 8 channels, or 16. */
EQ_INLINE_AVX512 void eq_lanes_dots(const eq_lanes *t, const int8_t *w, const uint8_t *x,
                                    eq_lanes_eight *s, eq_lanes_eight *z, int channels)
{
    int32_t left = t->kh * t->taps, k = t->taps;
    do {
        const uint8_t *from = x;
        int32_t g = t->groups;
        for (; g > 1; g -= 2, w += 128, from += 2 * t->plane) {
            const __m512i v = eq_lanes_load(from), u = eq_lanes_load(from + t->plane);
            eq_lanes_dot(s, v, w);
            if (channels == 16)
                eq_lanes_dot(z, v, w + 32);
            eq_lanes_dot(s, u, w + 64);
            if (channels == 16)
                eq_lanes_dot(z, u, w + 96);
        }
        if (g > 0) {
            const __m512i v = eq_lanes_load(from);
            eq_lanes_dot(s, v, w);
            if (channels == 16)
                eq_lanes_dot(z, v, w + 32);
            w += 64;
        }
        x += t->tap;
        if (--k == 0) {
            x += t->turn;
            k = t->taps;
        }
    } while (--left > 0);
}

/* Bytes of eight channels from i on: those of the first eight pixels, and those of the last. */
EQ_INLINE_AVX512 void eq_lanes_finish(const eq_lanes *t, const eq_lanes_block *b,
                                      const eq_lanes_eight *s, int i, __m512i *first,
                                      __m512i *last, int single)
{
    const __m512i p = eq_lanes_bytes(s->a, s->b, s->c, s->d, b, i, &t->range, single);
    const __m512i q = eq_lanes_bytes(s->e, s->f, s->g, s->h, b, i + 4, &t->range, single);
    *first = eq_lanes_turns(p, q, 0);
    *last = eq_lanes_turns(p, q, 1);
}

/* n <= 16 pixels, whose windows begin at x, by the channels of b; has_zw, channels and single
 * are constants. */
EQ_INLINE_AVX512 void eq_lanes_tile(const eq_lanes *t, const eq_lanes_block *b,
                                    const uint8_t *x, const uint8_t *more, int8_t *y,
                                    int32_t n, int has_zw, int channels, int single)
{
    const __m512i sums = has_zw ? eq_lanes_load(more) : _mm512_setzero_si512();
    eq_lanes_eight s = eq_lanes_begins(b->bias, sums, has_zw);
    eq_lanes_eight z = channels == 16 ? eq_lanes_begins(b->bias + 8, sums, has_zw) : s;
    eq_lanes_out out;
    eq_lanes_dots(t, b->w, x, &s, &z, channels);
    eq_lanes_finish(t, b, &s, 0, &out.a, &out.b, single);
    out.c = out.a;
    out.d = out.b;
    if (channels == 16) {
        __m512i e, f;
        eq_lanes_finish(t, b, &z, 8, &e, &f, single);
        out.d = eq_lanes_wide_turns(out.b, f, 1);
        out.c = eq_lanes_wide_turns(out.b, f, 0);
        out.b = eq_lanes_wide_turns(out.a, e, 1);
        out.a = eq_lanes_wide_turns(out.a, e, 0);
    }
    eq_lanes_store(t, b, &out, y, n, channels);
}

/* Functions of their own: inlined, constants of all channels would be loaded ahead of a loop over
 * tiles, and take the registers of sums. */
#define EQ_LANES_TILE(name, has_zw, channels, single)                                      \
    EQ_APART_AVX512 void name(const eq_lanes *t, const eq_lanes_block *b,                  \
                              const uint8_t *x, const uint8_t *more, int8_t *y, int32_t n) \
    {                                                                                      \
        eq_lanes_tile(t, b, x, more, y, n, has_zw, channels, single);                      \
    }

EQ_LANES_TILE(eq_lanes_8_double, 0, 8, EQ_DOUBLE)
EQ_LANES_TILE(eq_lanes_8_single, 0, 8, EQ_SINGLE)
EQ_LANES_TILE(eq_lanes_8_live, 0, 8, EQ_LIVE)
EQ_LANES_TILE(eq_lanes_16_double, 0, 16, EQ_DOUBLE)
EQ_LANES_TILE(eq_lanes_16_single, 0, 16, EQ_SINGLE)
EQ_LANES_TILE(eq_lanes_16_live, 0, 16, EQ_LIVE)
EQ_LANES_TILE(eq_lanes_8_zw_double, 1, 8, EQ_DOUBLE)
EQ_LANES_TILE(eq_lanes_8_zw_single, 1, 8, EQ_SINGLE)
EQ_LANES_TILE(eq_lanes_8_zw_live, 1, 8, EQ_LIVE)
EQ_LANES_TILE(eq_lanes_16_zw_double, 1, 16, EQ_DOUBLE)
EQ_LANES_TILE(eq_lanes_16_zw_single, 1, 16, EQ_SINGLE)
EQ_LANES_TILE(eq_lanes_16_zw_live, 1, 16, EQ_LIVE)

#undef EQ_LANES_TILE

typedef void eq_lanes_fn(const eq_lanes *t, const eq_lanes_block *b, const uint8_t *x,
                         const uint8_t *more, int8_t *y, int32_t n);

/* The one of three constants. */
EQ_INLINE_AVX512 eq_lanes_fn *eq_lanes_of(int has_zw, int channels, int single)
{
    if (has_zw && channels == 8)
        return single == EQ_LIVE     ? eq_lanes_8_zw_live
               : single == EQ_SINGLE ? eq_lanes_8_zw_single
                                     : eq_lanes_8_zw_double;
    if (has_zw)
        return single == EQ_LIVE     ? eq_lanes_16_zw_live
               : single == EQ_SINGLE ? eq_lanes_16_zw_single
                                     : eq_lanes_16_zw_double;
    if (channels == 8)
        return single == EQ_LIVE     ? eq_lanes_8_live
               : single == EQ_SINGLE ? eq_lanes_8_single
                                     : eq_lanes_8_double;
    return single == EQ_LIVE     ? eq_lanes_16_live
           : single == EQ_SINGLE ? eq_lanes_16_single
                                 : eq_lanes_16_double;
}

/* What the zero point of weights adds to the sums of the sixteen windows from x on, to more. */
EQ_APART_AVX512 void eq_lanes_more(const eq_lanes *t, const uint8_t *x, uint8_t *more)
{
    const __m512i ones = _mm512_set1_epi8(1), last = _mm512_set1_epi32(t->last);
    __m512i sum = _mm512_setzero_si512();
    int32_t left = t->kh * t->taps, k = t->taps;
    do {
        const uint8_t *from = x;
        for (int32_t g = t->groups; g > 1; --g, from += t->plane)
            sum = _mm512_dpbusd_epi32(sum, eq_lanes_load(from), ones);
        sum = _mm512_dpbusd_epi32(sum, eq_lanes_load(from), last);
        x += t->tap;
        if (--k == 0) {
            x += t->turn;
            k = t->taps;
        }
    } while (--left > 0);
    const __m512i centred = _mm512_sub_epi32(sum, _mm512_set1_epi32(128 * t->window));
    _mm512_storeu_si512((void *)more,
                        _mm512_mullo_epi32(centred, _mm512_set1_epi32(-t->zw)));
}

#endif
