/* Fixed-point rescaling of eight int32 at once: the AVX2 twin of fixed_point.h.
 *
 * Same forms, same ranges, same bits.  A lane with acc 0, mult 0 and shift 0, which is what
 * padding leaves, gives 0.
 */
#ifndef EDGEQ_FIXED_POINT_AVX2_H
#define EDGEQ_FIXED_POINT_AVX2_H

#include "edgeq/fixed_point.h"

#include <immintrin.h>
#include <string.h>

#define eq_requantize_x8 EQ_SYM(eq_requantize_x8)

/* The even lanes of `even` and, from their low halves, the odd lanes of `odd`: two vectors of
 * four int64 whose low 32 bits count become one of eight int32. */
static inline __m256i eq_join_x8(__m256i even, __m256i odd)
{
    return _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa);
}

/* round(x / 2^shift), ties away from zero; shift in [0, 31].  The remainder decides, so that
 * no sum can leave int32; below zero a tie, remainder = half, must not round up. */
static inline __m256i eq_shift_right_away_x8(__m256i x, __m256i shift)
{
    const __m256i one = _mm256_set1_epi32(1);
    const __m256i mask = _mm256_sub_epi32(_mm256_sllv_epi32(one, shift), one);
    const __m256i remainder = _mm256_and_si256(x, mask);
    const __m256i half = _mm256_srli_epi32(mask, 1);
    const __m256i negative = _mm256_srai_epi32(x, 31);
    const __m256i round_up =
        _mm256_cmpgt_epi32(remainder, _mm256_sub_epi32(half, negative));
    return _mm256_sub_epi32(_mm256_srav_epi32(x, shift), round_up);
}

/* Bits [31, 62] of a + 2^30 are round(a / 2^31) modulo 2^32, whatever shifts in above. */
static inline __m256i eq_requantize_x8_double(__m256i acc, __m256i mult, __m256i shift)
{
    const __m256i zero = _mm256_setzero_si256();
    const __m256i split = _mm256_set1_epi32(31);
    const __m256i left = _mm256_max_epi32(_mm256_sub_epi32(split, shift), zero);
    const __m256i right = _mm256_max_epi32(_mm256_sub_epi32(shift, split), zero);
    const __m256i shifted = _mm256_sllv_epi32(acc, left);
    const __m256i half = _mm256_set1_epi64x((int64_t)1 << 30);
    const __m256i even = _mm256_mul_epi32(shifted, mult);
    const __m256i odd =
        _mm256_mul_epi32(_mm256_srli_epi64(shifted, 32), _mm256_srli_epi64(mult, 32));
    const __m256i high = eq_join_x8(_mm256_srli_epi64(_mm256_add_epi64(even, half), 31),
                                    _mm256_srli_epi64(_mm256_add_epi64(odd, half), 31));
    return eq_shift_right_away_x8(high, right);
}

/* floor(product / 2^shift + 1/2) of four int64, |product| <= 2^62, shift in [0, 62] in the low
 * 32 bits of each.  AVX2 shifts int64 right logically alone: adding 2^63 first makes that
 * an arithmetic shift of a number too large by 2^(63 - shift). */
static inline __m256i eq_round_shift_x4(__m256i product, __m256i shift)
{
    const __m256i sign = _mm256_set1_epi64x(INT64_MIN);
    const __m256i one = _mm256_set1_epi64x(1);
    const __m256i half = _mm256_srli_epi64(_mm256_sllv_epi64(one, shift), 1);
    const __m256i sum = _mm256_xor_si256(_mm256_add_epi64(product, half), sign);
    return _mm256_sub_epi64(_mm256_srlv_epi64(sum, shift), _mm256_srlv_epi64(sign, shift));
}

static inline __m256i eq_requantize_x8_single(__m256i acc, __m256i mult, __m256i shift)
{
    const __m256i low = _mm256_set1_epi64x(0xffffffff);
    const __m256i even = _mm256_mul_epi32(acc, mult);
    const __m256i odd =
        _mm256_mul_epi32(_mm256_srli_epi64(acc, 32), _mm256_srli_epi64(mult, 32));
    return eq_join_x8(eq_round_shift_x4(even, _mm256_and_si256(shift, low)),
                      eq_round_shift_x4(odd, _mm256_srli_epi64(shift, 32)));
}

/* The first n <= 8 lanes of clamp(v + zy, lo, hi) to y, with [lo, hi] in [-128, 127]. */
static inline void eq_store_s8_x8(int8_t *y, __m256i v, int32_t n, int32_t zy, int32_t lo,
                                  int32_t hi)
{
    const __m256i sum = _mm256_add_epi32(v, _mm256_set1_epi32(zy));
    const __m256i clamped = _mm256_min_epi32(_mm256_max_epi32(sum, _mm256_set1_epi32(lo)),
                                             _mm256_set1_epi32(hi));
    const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(clamped),
                                          _mm256_extracti128_si256(clamped, 1));
    const int64_t bytes = _mm_cvtsi128_si64(_mm_packs_epi16(words, words));
    memcpy(y, &bytes, n < 8 ? (size_t)n : 8);
}

#endif
