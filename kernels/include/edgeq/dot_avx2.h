/* Eight dot products at once over int8 weights blocked as (o/8, k/2, o%8, k%2), for AVX2.
 *
 * One step takes two elements of x and two of each of eight rows: widened to int16, vpmaddwd
 * forms x0 * w0 + x1 * w1 for every row.
 *
 * Exact: a pair sum is at most 2^15 in magnitude, and the contracts' proof covers partial
 * sums in any order.
 */
#ifndef EDGEQ_DOT_AVX2_H
#define EDGEQ_DOT_AVX2_H

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

/* acc + w * pair, where each 16 bits of `pair` hold two elements of x. */
static inline __m256i eq_dot_step_s8_x8(__m256i acc, const int8_t *w, __m128i pair)
{
    const __m256i weights = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)w));
    return _mm256_add_epi32(acc, _mm256_madd_epi16(_mm256_cvtepi8_epi16(pair), weights));
}

/* acc[o] + sum over k < n of x[k] * w[k / 2][o][k % 2]; the block holds (n + 1) / 2 * 16
 * weights, and nothing past x[n - 1] is read. */
static inline __m256i eq_dot_s8_x8(__m256i acc, const int8_t *x, const int8_t *w, int32_t n)
{
    int32_t k = 0;
    for (; k + 2 <= n; k += 2) {
        int16_t two;
        memcpy(&two, x + k, sizeof two);
        acc = eq_dot_step_s8_x8(acc, w + 8 * k, _mm_set1_epi16(two));
    }
    if (k < n)
        acc = eq_dot_step_s8_x8(acc, w + 8 * k, _mm_set1_epi16((int16_t)(uint8_t)x[k]));
    return acc;
}

#endif
