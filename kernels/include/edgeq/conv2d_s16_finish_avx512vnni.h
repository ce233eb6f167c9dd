/* What becomes of the sums of a tile of conv2d_s16_tile_avx512vnni.h: rescaled, clamped and stored as
 * int16 or as bytes.
 *
 * Exact: packing and the sum with the zero point of y, at most 128 in magnitude, saturate, which moves
 * nothing out of or into the clamp.
 */
#ifndef EDGEQ_CONV2D_S16_FINISH_AVX512VNNI_H
#define EDGEQ_CONV2D_S16_FINISH_AVX512VNNI_H

#include "edgeq/rescale16_avx512.h"

/* What a tile is of: int8 weights, int4 weights, or taps that reach it (conv_transpose2d), of int16
 * or, made int16 less their zero point, of bytes. */
enum {
    EQ_WINDOWS16_X512 = 0,
    EQ_NIBBLES16_X512 = 1,
    EQ_REACH16_X512 = 2,
    EQ_BYTES16_X512 = 3
};

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

/* One of sixteen, of int64 sums. */
EQ_INLINE_AVX512 void eq_finish_far16_x512(const eq_finish16_x512 *t, int i, eq_long_x16 a,
                                           const eq_factors16_x16 *f, int kind, int form)
{
    const __m512i order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
    const __m512i v =
        _mm512_shuffle_epi32(eq_rescale_long_x16(a, f, form), (_MM_PERM_ENUM)0xd8);
    const __m512i words =
        _mm512_permutexvar_epi64(order, eq_narrow_s16_x32(v, v, &t->range));
    eq_put16_x16(t, t->y + i * t->y_step, _mm512_castsi512_si256(words), kind);
}

/* A pixel of 32 channels. */
EQ_INLINE_AVX512 void eq_finish_wide16_x512(const eq_finish16_x512 *t, int i, __m512i a,
                                            __m512i b, const eq_factors16_x16 *f,
                                            const eq_factors16_x16 *h, int kind, int form)
{
    const __m512i v = eq_finished16_x512(t, a, b, f, h, kind, form);
    eq_put16_x32(t, t->y + i * t->y_step, v, kind);
}

#endif
