/* Strips for depthwise convolution by AVX-512 VNNI: bytes of four rows side by side, column by
 * column; see depthwise_avx512vnni.h.
 */
#ifndef EDGEQ_DEPTHWISE_STRIP_AVX512VNNI_H
#define EDGEQ_DEPTHWISE_STRIP_AVX512VNNI_H

#include "edgeq/conv2d_band.h"
#include "edgeq/fused_avx512.h"

enum { EQ_COLUMNS_X512 = 128 };

/* Constants of sixteen channels, and of their layer. */
typedef struct {
    const int8_t *w;
    int32_t groups, kw;          /* of four rows; columns */
    int32_t step;                /* columns from window to window */
    int32_t length;              /* vectors, or halves, of a tap's part of the strip */
    int32_t count;               /* channels to store, at most 16, or 8 of a pair */
    int32_t at[EQ_COLUMNS_X512]; /* bytes from a window to its taps */
    __m512i bias, zw;
    __m512i ones[2]; /* of groups that are whole, of the last */
    eq_factors_x16 f;
    eq_fused_x512 fused;
    eq_range_avx512 range;
    eq_fused_range_x512 fused_range;
} eq_pass_x512;

typedef struct {
    __m512i a, b, c, d;
} eq_four_sums_x512;

/* Bytes (row, channel) of 4 x 16 as (channel, row), as x + 128. */
EQ_INLINE_AVX512 __m512i eq_rows_to_words_x512(__m128i a, __m128i b, __m128i c, __m128i d)
{
    const __m512i spread =
        _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const __m512i turn = _mm512_broadcast_i32x4(
        _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    __m512i v = _mm512_inserti32x4(_mm512_castsi128_si512(a), b, 1);
    v = _mm512_inserti32x4(_mm512_inserti32x4(v, c, 2), d, 3);
    v = _mm512_xor_si512(v, _mm512_set1_epi8(INT8_MIN));
    return _mm512_shuffle_epi8(_mm512_permutexvar_epi32(spread, v), turn);
}

EQ_INLINE_AVX512 __m128i eq_sixteen_x512(const int8_t *x)
{
    return _mm_loadu_si128((const __m128i *)(const void *)x);
}

/* Eight channels of two columns. */
EQ_INLINE_AVX512 __m128i eq_two_columns_x512(const int8_t *x, int64_t next)
{
    return _mm_unpacklo_epi64(_mm_loadl_epi64((const __m128i *)(const void *)x),
                              _mm_loadl_epi64((const __m128i *)(const void *)(x + next)));
}

/* The strip of the four rows at `rows`, `columns` columns of `in_c` channels. */
EQ_INLINE_AVX512 void eq_strip_x512(int8_t *strip, const int8_t *const rows[4],
                                    int32_t columns, int32_t in_c, const eq_pass_x512 *t,
                                    int pair)
{
    for (int32_t s = 0; s < t->step; ++s) {
        int8_t *to = strip + (int64_t)s * t->length * (pair ? 32 : 64);
        const int64_t next = (int64_t)t->step * in_c;
        for (int32_t j = s; j < columns; j += (pair ? 2 : 1) * t->step) {
            const int64_t at = (int64_t)j * in_c;
            const int64_t more = j + t->step < columns ? next : 0;
            const __m512i v =
                pair ? eq_rows_to_words_x512(eq_two_columns_x512(rows[0] + at, more),
                                             eq_two_columns_x512(rows[1] + at, more),
                                             eq_two_columns_x512(rows[2] + at, more),
                                             eq_two_columns_x512(rows[3] + at, more))
                     : eq_rows_to_words_x512(
                           eq_sixteen_x512(rows[0] + at), eq_sixteen_x512(rows[1] + at),
                           eq_sixteen_x512(rows[2] + at), eq_sixteen_x512(rows[3] + at));
            _mm512_storeu_si512((void *)to, v);
            to += 64;
        }
    }
}

#endif
