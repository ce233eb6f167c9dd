/* Rescaling of sixteen channels for AVX2 where every factor but zero has a shift of at least 32,
 * so nothing is shifted left, and accumulators hold at most 31 bits; and narrowing to int8.
 *
 * Channels are in the order in which packing two vectors leaves them side by side: the first
 * vector holds 0..3 and 8..11, the second 4..7 and 12..15.
 *
 * Same bits as fixed_point.h.  With r = shift - 31 >= 1, |acc| <= 2^30 and mult < 2^31:
 *
 *   double  the upper half of 2 * acc * mult + 2^31 is eq_high_mul, below 2^30 in magnitude; 1
 *           is taken from what is below zero, 2^(r - 1) added, and a shift right is
 *           then rounding with ties away.  No sum leaves int32, for 2^(r - 1) <= 2^30.
 *   single  the upper half of 2 * acc * mult is floor(p / 2^31) for the product p, and adding
 *           2^(r - 1) and shifting by r gives floor((p + 2^(shift - 1)) / 2^shift).
 *
 * A factor of zero has shift 31, r = 0, and adds 0.
 *
 * Added to double or single, `any` is that form of whatever the contracts allow, as in
 * fixed_point_avx2.h.
 */
#ifndef EDGEQ_RESCALE_AVX2_H
#define EDGEQ_RESCALE_AVX2_H

#include "edgeq/fixed_point_avx2.h"
#include "edgeq/rescale_modes.h"

#include <immintrin.h>
#include <string.h>

#define EQ_INLINE_AVX2 static inline __attribute__((always_inline))
#define EQ_APART_AVX2 static __attribute__((noinline, unused))

/* Sixteen bytes as int16. */
EQ_INLINE_AVX2 __m256i eq_widen_avx2(const int8_t *x)
{
    return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)x));
}

/* mult of eight channels, of the odd ones once more in even lanes; r and 2^(r - 1), or 0. */
typedef struct {
    __m256i mult, odd, down, half;
} eq_factors_x8;

static inline __m256i eq_load_x8(const int32_t *q)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)q);
}

static inline eq_factors_x8 eq_load_factors_x8(const int32_t *mult, const int32_t *shift)
{
    const __m256i m = eq_load_x8(mult);
    const __m256i down = _mm256_max_epi32(
        _mm256_sub_epi32(eq_load_x8(shift), _mm256_set1_epi32(31)), _mm256_setzero_si256());
    const __m256i one = _mm256_sllv_epi32(_mm256_set1_epi32(1), down);
    const eq_factors_x8 f = {m, _mm256_srli_epi64(m, 32), down, _mm256_srli_epi32(one, 1)};
    return f;
}

/* Those that eq_rescale_x8 wants for `single`: any has the shift in the place of r. */
EQ_INLINE_AVX2 eq_factors_x8 eq_load_factors_of(const int32_t *mult, const int32_t *shift,
                                                int single)
{
    eq_factors_x8 f = eq_load_factors_x8(mult, shift);
    if (single >= EQ_ANY)
        f.down = eq_load_x8(shift);
    return f;
}

static inline __m256i eq_rescale_x8(__m256i acc, const eq_factors_x8 *f, int single)
{
    if (single == EQ_ANY + EQ_DOUBLE)
        return eq_requantize_x8_double(acc, f->mult, f->down);
    if (single == EQ_ANY + EQ_SINGLE)
        return eq_requantize_x8_single(acc, f->mult, f->down);
    const __m256i round =
        single == EQ_SINGLE ? _mm256_setzero_si256() : _mm256_set1_epi64x((int64_t)1 << 31);
    const __m256i twice = _mm256_add_epi32(acc, acc);
    const __m256i even = _mm256_add_epi64(_mm256_mul_epi32(twice, f->mult), round);
    const __m256i odd =
        _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(twice, 32), f->odd), round);
    const __m256i high = _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa);
    const __m256i sum = _mm256_add_epi32(high, f->half);
    const __m256i towards =
        single == EQ_DOUBLE ? _mm256_add_epi32(sum, _mm256_srai_epi32(high, 31)) : sum;
    return _mm256_srav_epi32(towards, f->down);
}

/* What follows a rescale: the zero point of y and the clamp. */
typedef struct {
    __m256i zy, lo, hi;
} eq_range_avx2;

static inline eq_range_avx2 eq_load_range_avx2(int32_t zy, int32_t lo, int32_t hi)
{
    const eq_range_avx2 r = {_mm256_set1_epi16((int16_t)zy), _mm256_set1_epi8((int8_t)lo),
                             _mm256_set1_epi8((int8_t)hi)};
    return r;
}

/* Sixteen channels of two pixels, (a, b) and (c, d), in order.  Both packings and the sum
 * saturate, which for |zy| <= 128 moves nothing out of or into the clamp. */
static inline __m256i eq_narrow_s8_x32(__m256i a, __m256i b, __m256i c, __m256i d,
                                       const eq_range_avx2 *r)
{
    const __m256i first = _mm256_adds_epi16(_mm256_packs_epi32(a, b), r->zy);
    const __m256i second = _mm256_adds_epi16(_mm256_packs_epi32(c, d), r->zy);
    const __m256i v = _mm256_permute4x64_epi64(_mm256_packs_epi16(first, second), 0xd8);
    return _mm256_min_epi8(_mm256_max_epi8(v, r->lo), r->hi);
}

/* The first n <= 16 bytes of either half. */
static inline void eq_store_two_avx2(int8_t *y0, int8_t *y1, __m256i v, int32_t n)
{
    if (n >= 16) {
        _mm_storeu_si128((__m128i *)(void *)y0, _mm256_castsi256_si128(v));
        _mm_storeu_si128((__m128i *)(void *)y1, _mm256_extracti128_si256(v, 1));
        return;
    }
    if (n == 8) {
        _mm_storel_epi64((__m128i *)(void *)y0, _mm256_castsi256_si128(v));
        _mm_storel_epi64((__m128i *)(void *)y1, _mm256_extracti128_si256(v, 1));
        return;
    }
    int8_t bytes[32];
    _mm256_storeu_si256((__m256i *)(void *)bytes, v);
    memcpy(y0, bytes, (size_t)n);
    memcpy(y1, bytes + 16, (size_t)n);
}

#endif
