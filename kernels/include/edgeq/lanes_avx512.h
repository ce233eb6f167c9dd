/* Sixteen pixels in lanes and their channels in vectors, for AVX-512: rescaled, turned into pixels of
 * channels.
 *
 * Exact: with s = shift >= 32 and |acc| <= 2^30 the form single is (acc * mult + 2^(s - 1)) >> s. The
 * form double is floor ((floor ((acc * mult + 2^30) / 2^31) + 2^(s - 32) - [that < 0]) / 2^(s - 31)),
 * which is (acc * mult + 2^30 + 2^(s - 1) - 2^31 * [acc < 0]) >> s: the floor of a floor is one
 * floor, and the inner one is below zero just where acc is, but for acc = -1 and mult = 2^30, which
 * give zero either way. 64 bits hold it all, and 32 the result. A factor of zero is shifted by 62,
 * which leaves zero. EQ_FUSED_X512 is fused_avx512.h's, EQ_ODD_X512 odd_avx512.h's; what reads its
 * addend from memory rounds as MXCSR says: to nearest, as programs begin and calling conventions keep it.
 *
 * The asm broadcasts what it reads: gcc 12 knows no such operand of these instructions, and would
 * load it first, an instruction more for each.
 */
#ifndef EDGEQ_LANES_AVX512_H
#define EDGEQ_LANES_AVX512_H

#include "edgeq/odd_avx512.h"

/* A layer; how its windows lie in planes. */
typedef struct {
    const int8_t *w;
    const int32_t *bias, *mult, *shift;
    int64_t tap, turn; /* from column to column of the filter, and then to the next row */
    int64_t plane;     /* from group to group */
    int64_t y_pixel;
    int32_t segments, taps; /* of groups: all, and those of a row of the filter */
    int32_t out_c, zw, zy;
    int32_t groups, is_odd, pairs; /* of a segment: all; one, and so many times two */
    int32_t window;                /* taps of a window, for its sum */
    int32_t clamps;                /* 0 where each byte is in the range */
    eq_range_avx512 range;
} eq_lanes;

/* Up to sixteen channels of it, and their factors. */
typedef struct {
    const int8_t *w;
    const int32_t *bias;
    const int32_t *factor, *addend; /* bits of floats, with EQ_FUSED_X512 */
    __mmask16 some;                 /* channels that there are */
    int is_dense;                   /* these are all, and pixels of y lie side by side */
    int64_t mult[16], half[16], down[16], high[16]; /* high is down - 32 */
    /* With EQ_ODD_X512: what is added to magnitudes, the addends, and 2 * zy. */
    const int32_t *turn;
    int32_t last[16], twice;
} eq_lanes_block;

/* Sums of eight channels. */
typedef struct {
    __m512i a, b, c, d, e, f, g, h;
} eq_lanes_eight;

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
    const int32_t left = t->out_c - o;
    b->w = t->w + (int64_t)o * t->segments * (2 * t->pairs + t->is_odd) * 4;
    b->bias = t->bias + o;
    b->some = (__mmask16)((1u << (left < 16 ? left : 16)) - 1);
    b->is_dense = o == 0 && t->y_pixel == t->out_c && (left == 8 || left == 16);
    b->factor = t->mult + o;
    b->addend = t->shift + o;
    if (single == EQ_FUSED_X512)
        return;
    if (single == EQ_ODD_X512) {
        const eq_odd_x512 odd = eq_load_odd_x512(t->mult + o, t->shift + o, t->zy);
        _mm512_storeu_si512((void *)b->last, _mm512_castps_si512(odd.fused.addend));
        b->addend = b->last;
        b->turn = t->shift + o;
        b->twice = 2 * t->zy;
        return;
    }
    const __m512i mult = eq_load_x16(t->mult + o), shift = eq_load_x16(t->shift + o);
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
    __m512i v = _mm512_packs_epi16(_mm512_adds_epi16(first, range->zy),
                                   _mm512_adds_epi16(second, range->zy));
    v = _mm512_min_epi8(_mm512_max_epi8(v, range->lo), range->hi);
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

/* Sixteen sums of channel i, fused; other sixteen of it take the same factor. */
EQ_INLINE_AVX512 __m512i eq_lanes_fused(__m512i acc, const eq_lanes_block *b, int i)
{
    const __m512i factor = _mm512_set1_epi32(b->factor[i]);
    __asm__("vfmadd213ps %2%{1to16%}, %1, %0" : "+v"(acc) : "v"(factor), "m"(b->addend[i]));
    return acc;
}

/* Sixteen sums of channel i, rescaled by floats: fused, or what is left of them without a sign. */
EQ_INLINE_AVX512 __m512i eq_lanes_float(__m512i acc, const eq_lanes_block *b, int i,
                                        int single)
{
    if (single == EQ_FUSED_X512)
        return eq_lanes_fused(acc, b, i);
    const __m512i turn = _mm512_set1_epi32(b->turn[i]);
    const __mmask16 below = _mm512_cmplt_epi32_mask(acc, _mm512_setzero_si512());
    const __m512i y = eq_lanes_fused(_mm512_add_epi32(_mm512_abs_epi32(acc), turn), b, i);
    return _mm512_mask_sub_epi32(y, below, _mm512_set1_epi32(b->twice), y);
}

/* Two channels from i on as words, in turns. */
EQ_INLINE_AVX512 __m512i eq_lanes_fused_words(__m512i p, __m512i q, const eq_lanes_block *b,
                                              int i, int single)
{
    const __m512i words = _mm512_setr_epi32(0x00200000, 0x00220002, 0x00240004, 0x00260006,
                                            0x00280008, 0x002a000a, 0x002c000c, 0x002e000e,
                                            0x00300010, 0x00320012, 0x00340014, 0x00360016,
                                            0x00380018, 0x003a001a, 0x003c001c, 0x003e001e);
    return _mm512_permutex2var_epi16(eq_lanes_float(p, b, i, single), words,
                                     eq_lanes_float(q, b, i + 1, single));
}

/* Bytes of four channels from i on: of four pixels two and two, in each 128 bits. */
EQ_INLINE_AVX512 __m512i eq_lanes_fused_bytes(__m512i p, __m512i q, __m512i r, __m512i s,
                                              const eq_lanes *t, const eq_lanes_block *b,
                                              int i, int single)
{
    const __m512i v = _mm512_packs_epi16(eq_lanes_fused_words(p, q, b, i, single),
                                         eq_lanes_fused_words(r, s, b, i + 2, single));
    if (!t->clamps)
        return v;
    return _mm512_min_epi8(_mm512_max_epi8(v, t->range.lo), t->range.hi);
}

/* Eight channels of the first eight pixels, or of the last, of p and of q. */
EQ_INLINE_AVX512 __m512i eq_lanes_fused_turns(__m512i p, __m512i q, int last)
{
    const __m512i first = _mm512_setr_epi32(0x00040000, 0x00240020, 0x00050001, 0x00250021,
                                            0x00060002, 0x00260022, 0x00070003, 0x00270023,
                                            0x000c0008, 0x002c0028, 0x000d0009, 0x002d0029,
                                            0x000e000a, 0x002e002a, 0x000f000b, 0x002f002b);
    return _mm512_permutex2var_epi16(
        p, last ? _mm512_add_epi16(first, _mm512_set1_epi16(16)) : first, q);
}

/* Bytes of eight channels from i on: those of the first eight pixels, and those of the last. */
EQ_INLINE_AVX512 void eq_lanes_finish(const eq_lanes *t, const eq_lanes_block *b,
                                      const eq_lanes_eight *s, int i, __m512i *first,
                                      __m512i *last, int single)
{
    if (eq_is_float_x512(single)) {
        const __m512i u = eq_lanes_fused_bytes(s->a, s->b, s->c, s->d, t, b, i, single);
        const __m512i v = eq_lanes_fused_bytes(s->e, s->f, s->g, s->h, t, b, i + 4, single);
        *first = eq_lanes_fused_turns(u, v, 0);
        *last = eq_lanes_fused_turns(u, v, 1);
        return;
    }
    const __m512i p = eq_lanes_bytes(s->a, s->b, s->c, s->d, b, i, &t->range, single);
    const __m512i q = eq_lanes_bytes(s->e, s->f, s->g, s->h, b, i + 4, &t->range, single);
    *first = eq_lanes_turns(p, q, 0);
    *last = eq_lanes_turns(p, q, 1);
}

#endif
