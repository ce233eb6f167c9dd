/* Rescaling by one factor of eight int32 at once: the AVX2 twin of elementwise.h, and what
 * whole vectors of elements need before and after it.
 *
 * Same preparation, same range, same bits: acc * 2^(1 + max(0, 31 - shift)) fits int32.
 *
 *   double  the upper half of the product plus 2^31 is its high multiply, at most 2^30 in
 *           magnitude; where a shift to the right follows, 1 is taken from what is below zero.
 *   single  where such a shift follows, the product's upper half h = floor(p / 2^32) is enough:
 *           (h + 2^(right - 1)) >> right = floor((p + 2^(31 + right)) / 2^(32 + right)), and
 *           where none does the upper half of p + 2^31 is the result.
 */
#ifndef EDGEQ_ELEMENTWISE_AVX2_H
#define EDGEQ_ELEMENTWISE_AVX2_H

#include "edgeq/elementwise.h"

#include <immintrin.h>

typedef struct {
    __m256i mult, round, half, away, left, right;
} eq_scaling_x8;

/* `single` is a constant, as everywhere, and 0 for the form double. */
static inline eq_scaling_x8 eq_scaling_of_x8(int32_t mult, int32_t shift, int single)
{
    const eq_scaling s = eq_scaling_of(mult, shift);
    const int64_t round = !single || s.right == 0 ? (int64_t)1 << 31 : 0;
    const eq_scaling_x8 v = {
        _mm256_set1_epi32(s.mult), _mm256_set1_epi64x(round), _mm256_set1_epi32(s.half),
        _mm256_set1_epi32(s.away), _mm256_set1_epi32(s.left), _mm256_set1_epi32(s.right),
    };
    return v;
}

/* Of accumulators shifted left by s->left; that is 1, so they are doubled, for every shift from
 * 31 on. */
static inline __attribute__((always_inline)) __m256i
eq_scale_shifted_x8(__m256i shifted, const eq_scaling_x8 *s, int single)
{
    const __m256i even = _mm256_add_epi64(_mm256_mul_epi32(shifted, s->mult), s->round);
    const __m256i odd = _mm256_add_epi64(
        _mm256_mul_epi32(_mm256_srli_epi64(shifted, 32), s->mult), s->round);
    const __m256i high = _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa);
    const __m256i sum = _mm256_add_epi32(high, s->half);
    if (single)
        return _mm256_srav_epi32(sum, s->right);
    const __m256i negative = _mm256_cmpgt_epi32(_mm256_setzero_si256(), high);
    const __m256i down = _mm256_and_si256(negative, s->away);
    return _mm256_srav_epi32(_mm256_add_epi32(sum, down), s->right);
}

static inline __attribute__((always_inline)) __m256i eq_scale_x8(__m256i acc,
                                                                 const eq_scaling_x8 *s,
                                                                 int single)
{
    return eq_scale_shifted_x8(_mm256_sllv_epi32(acc, s->left), s, single);
}

/* Halves of 128 bits are worked on by themselves, so that packing restores the order: of bytes
 * 0..7 and 16..23 are the low ones, of int16 0..3 and 8..11. */
typedef struct {
    __m256i low, high;
} eq_halves_avx2;

/* What eq_less_avx2 takes away: z, and the 128 that make bytes unsigned. */
static inline __m256i eq_zero_avx2(int32_t z)
{
    return _mm256_set1_epi16((int16_t)(z + 128));
}

/* v - z of 32 int8 in int16. */
static inline eq_halves_avx2 eq_less_avx2(__m256i v, __m256i z)
{
    const __m256i u = _mm256_xor_si256(v, _mm256_set1_epi8(INT8_MIN));
    const __m256i none = _mm256_setzero_si256();
    const eq_halves_avx2 h = {_mm256_sub_epi16(_mm256_unpacklo_epi8(u, none), z),
                              _mm256_sub_epi16(_mm256_unpackhi_epi8(u, none), z)};
    return h;
}

/* v * 2^16 of sixteen int16. */
static inline eq_halves_avx2 eq_raise_avx2(__m256i v)
{
    const __m256i none = _mm256_setzero_si256();
    const eq_halves_avx2 h = {_mm256_unpacklo_epi16(none, v),
                              _mm256_unpackhi_epi16(none, v)};
    return h;
}

/* Products of sixteen int16. */
static inline eq_halves_avx2 eq_products_avx2(__m256i a, __m256i b)
{
    const __m256i low = _mm256_mullo_epi16(a, b), high = _mm256_mulhi_epi16(a, b);
    const eq_halves_avx2 h = {_mm256_unpacklo_epi16(low, high),
                              _mm256_unpackhi_epi16(low, high)};
    return h;
}

/* What follows a rescale to int16, or in int16 a rescale to int8: the zero point of y in the
 * type of the sums, and the clamp. */
typedef struct {
    __m256i zy, lo, hi;
} eq_limits_avx2;

static inline eq_limits_avx2 eq_limits_s16_avx2(int32_t zy, int32_t lo, int32_t hi)
{
    const eq_limits_avx2 r = {_mm256_set1_epi32(zy), _mm256_set1_epi16((int16_t)lo),
                              _mm256_set1_epi16((int16_t)hi)};
    return r;
}

static inline eq_limits_avx2 eq_limits_s8_avx2(int32_t zy, int32_t lo, int32_t hi)
{
    const eq_limits_avx2 r = {_mm256_set1_epi16((int16_t)zy), _mm256_set1_epi8((int8_t)lo),
                              _mm256_set1_epi8((int8_t)hi)};
    return r;
}

/* Sixteen int16; the sums with zy fit int32, and packing saturates beyond the clamp. */
static inline __m256i eq_narrow_s16_avx2(eq_halves_avx2 h, const eq_limits_avx2 *r)
{
    const __m256i v =
        _mm256_packs_epi32(_mm256_add_epi32(h.low, r->zy), _mm256_add_epi32(h.high, r->zy));
    return _mm256_min_epi16(_mm256_max_epi16(v, r->lo), r->hi);
}

/* 32 int8.  Both packings and the sum saturate, which for |zy| <= 128 moves nothing out of or
 * into the clamp. */
static inline __m256i eq_narrow_s8_avx2(eq_halves_avx2 p, eq_halves_avx2 q,
                                        const eq_limits_avx2 *r)
{
    const __m256i low = _mm256_adds_epi16(_mm256_packs_epi32(p.low, p.high), r->zy);
    const __m256i high = _mm256_adds_epi16(_mm256_packs_epi32(q.low, q.high), r->zy);
    const __m256i v = _mm256_packs_epi16(low, high);
    return _mm256_min_epi8(_mm256_max_epi8(v, r->lo), r->hi);
}

#endif
