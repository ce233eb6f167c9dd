/* Rescaling of eight channels for AVX2 in seven instructions, nine where ties go away from zero:
 * where every factor but zero has a shift of at least 32 and accumulators hold at most 31 bits.
 *
 * Accumulators come with 2^31 on top, as numbers without sign: VPMULUDQ then takes twice the
 * mantissa, and what that adds to the product, 2^31 * 2 * mult, leaves with the constants of
 * rounding.  The four lanes of a half hold channels 0, 2, 1, 3, for a VSHUFPS brings the upper
 * halves of two times two products back in the order 0, 1, 2, 3.
 *
 * Same bits as fixed_point.h.  With r = shift - 31 >= 1, |acc| <= 2^30, mult < 2^31 and
 * P = 2 * acc * mult, in which no sum leaves 64 bits, nor 32 in their upper halves:
 *
 *   double  eq_high_mul is h = floor((P + 2^31) / 2^32), and the shift that rounds ties away is
 *           floor((h + 2^(r - 1) - [h < 0]) / 2^r), where h < 0 is h + 2^(r - 1) < 2^(r - 1).
 *   single  floor((P + 2^(r - 1) * 2^32) / 2^(32 + r)).
 *
 * A floor of a floor is that of the quotient, so both constants are added to P at once.  A
 * factor of zero, whose shift is 31 or, in what packing fills up, 0, counts as r = 1, and
 * floor(1 / 2) is 0.
 */
#ifndef EDGEQ_SCALE_AVX2_H
#define EDGEQ_SCALE_AVX2_H

#include "edgeq/rescale_avx2.h"

/* Of eight channels: 2 * mult, the same of odd lanes in even ones; what is added to products
 * of even and of odd lanes; and, in order, r and 2^(r - 1). */
typedef struct {
    __m256i mult, odd, add_even, add_odd, down, half;
} eq_scale_avx2;

/* The biases of eight channels with 2^31 on top. */
EQ_INLINE_AVX2 __m256i eq_load_bias_avx2(const int32_t *bias)
{
    return _mm256_xor_si256(eq_load_x8(bias), _mm256_set1_epi32(INT32_MIN));
}

/* Lanes 0, 2, 1, 3 of either half. */
EQ_INLINE_AVX2 __m256i eq_in_order_avx2(__m256i v)
{
    return _mm256_shuffle_epi32(v, 0xd8);
}

/* Those of mantissas m and shifts. */
EQ_INLINE_AVX2 eq_scale_avx2 eq_scale_of_avx2(__m256i m, __m256i shift, int single)
{
    const __m256i one = _mm256_set1_epi32(1);
    const __m256i r = _mm256_max_epi32(_mm256_sub_epi32(shift, _mm256_set1_epi32(31)), one);
    const __m256i half = _mm256_srli_epi32(_mm256_sllv_epi32(one, r), 1);
    const __m256i upper = _mm256_sub_epi32(half, m), twice = _mm256_add_epi32(m, m);
    const __m256i lower =
        single == EQ_SINGLE ? _mm256_setzero_si256() : _mm256_set1_epi32(INT32_MIN);
    const eq_scale_avx2 f = {twice,
                             _mm256_srli_epi64(twice, 32),
                             _mm256_blend_epi32(lower, _mm256_slli_epi64(upper, 32), 0xaa),
                             _mm256_blend_epi32(lower, upper, 0xaa),
                             eq_in_order_avx2(r),
                             eq_in_order_avx2(half)};
    return f;
}

EQ_INLINE_AVX2 eq_scale_avx2 eq_load_scale_avx2(const int32_t *mult, const int32_t *shift,
                                                int single)
{
    return eq_scale_of_avx2(eq_load_x8(mult), eq_load_x8(shift), single);
}

/* acc with 2^31 on top, lanes in the order 0, 2, 1, 3; rescaled, in order. */
EQ_INLINE_AVX2 __m256i eq_scaled_avx2(__m256i acc, const eq_scale_avx2 *f, int single)
{
    const __m256i p = _mm256_mul_epu32(acc, f->mult);
    const __m256i q = _mm256_mul_epu32(_mm256_srli_epi64(acc, 32), f->odd);
    const __m256 even = _mm256_castsi256_ps(_mm256_add_epi64(p, f->add_even));
    const __m256 odd = _mm256_castsi256_ps(_mm256_add_epi64(q, f->add_odd));
    const __m256i sum = _mm256_castps_si256(_mm256_shuffle_ps(even, odd, 0xdd));
    const __m256i away = _mm256_add_epi32(sum, _mm256_cmpgt_epi32(f->half, sum));
    return _mm256_srav_epi32(single == EQ_DOUBLE ? away : sum, f->down);
}

/* Two vectors of int16 as bytes, half by half: the zero point of y added, then clamped.  The sum
 * and the packing saturate, which for |zy| <= 128 moves nothing out of or into the clamp. */
EQ_INLINE_AVX2 __m256i eq_bytes_avx2(__m256i a, __m256i b, const eq_range_avx2 *r)
{
    const __m256i v =
        _mm256_packs_epi16(_mm256_adds_epi16(a, r->zy), _mm256_adds_epi16(b, r->zy));
    return _mm256_min_epi8(_mm256_max_epi8(v, r->lo), r->hi);
}

/* Two pixels of which v holds channels 0, 2, 1, 3, then 4, 6, 5, 7 of either, in order. */
EQ_INLINE_AVX2 __m256i eq_two_in_order_avx2(__m256i v)
{
    const __m256i order = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15));
    return _mm256_permute4x64_epi64(_mm256_shuffle_epi8(v, order), 0xd8);
}

#endif
