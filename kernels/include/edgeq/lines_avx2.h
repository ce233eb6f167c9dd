/* Straight lines between the 513 points of a table of int16, for AVX2: sixteen at once.
 *
 * A gather takes the points on both sides as one number of 32 bits, and VPMADDWD weighs them.
 *
 * Exact: with f = v mod 2^7, t[0] + floor(((t[1] - t[0]) * f + 64) / 2^7) is
 * floor((t[0] * (128 - f) + t[1] * f + 64) / 2^7), whose sum is below 2^23.
 */
#ifndef EDGEQ_LINES_AVX2_H
#define EDGEQ_LINES_AVX2_H

#include "edgeq/runs_avx2.h"

static inline __attribute__((always_inline)) __m256i
eq_line_of_eight_avx2(const int16_t *table, __m256i at, __m256i weights)
{
    const __m256i points = _mm256_i32gather_epi32((const int *)(const void *)table, at, 2);
    const __m256i sum = _mm256_madd_epi16(points, weights);
    return _mm256_srai_epi32(_mm256_add_epi32(sum, _mm256_set1_epi32(64)), 7);
}

/* What the table says of sixteen int16. */
static inline __attribute__((always_inline)) __m256i eq_lines_avx2(const int16_t *table,
                                                                   __m256i v)
{
    const __m256i none = _mm256_setzero_si256();
    const __m256i at = _mm256_add_epi16(_mm256_srai_epi16(v, 7), _mm256_set1_epi16(256));
    const __m256i f = _mm256_and_si256(v, _mm256_set1_epi16(127));
    const __m256i rest = _mm256_sub_epi16(_mm256_set1_epi16(128), f);
    const __m256i low = eq_line_of_eight_avx2(table, _mm256_unpacklo_epi16(at, none),
                                              _mm256_unpacklo_epi16(rest, f));
    const __m256i high = eq_line_of_eight_avx2(table, _mm256_unpackhi_epi16(at, none),
                                               _mm256_unpackhi_epi16(rest, f));
    return _mm256_packs_epi32(low, high);
}

static inline __m256i eq_load_s16_avx2(const int16_t *x)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)x);
}

static inline void eq_store_s16_avx2(int16_t *y, __m256i v)
{
    _mm256_storeu_si256((__m256i *)(void *)y, v);
}

#endif
