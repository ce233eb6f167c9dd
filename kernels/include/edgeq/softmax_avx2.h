/* Outputs of softmax over int8 for AVX2, eight or sixteen at once.
 *
 * Exact: a product's upper half is eq_product_q0 when one factor is doubled, it is below 2^31,
 * and shifts from 32 on give 0; packing saturates at 255.
 */
#ifndef EDGEQ_SOFTMAX_AVX2_H
#define EDGEQ_SOFTMAX_AVX2_H

#include "edgeq/reciprocal.h"
#include "edgeq/runs_avx2.h"

/* What a row divides by: twice the factor, half of what is shifted out, the shift. */
typedef struct {
    __m256i factor, half;
    __m128i right;
} eq_softmax_avx2;

static inline eq_softmax_avx2 eq_softmax_of_avx2(uint32_t sum)
{
    const eq_reciprocal r = eq_reciprocal_of(sum, 12);
    const int32_t right = r.bits + 23;
    const eq_softmax_avx2 s = {_mm256_set1_epi32((int32_t)(2 * (uint32_t)r.value)),
                               _mm256_set1_epi32(right < 32 ? 1 << (right - 1) : 0),
                               _mm_cvtsi32_si128(right)};
    return s;
}

static inline __m256i eq_softmax_load_avx2(const int32_t *e)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)e);
}

/* Eight outputs, from 0 on, for the exponentials from e on. */
static inline __m256i eq_softmax_eight_avx2(const int32_t *e, const eq_softmax_avx2 *s)
{
    const __m256i v = eq_softmax_load_avx2(e);
    const __m256i round = _mm256_set1_epi64x((int64_t)1 << 31);
    const __m256i even = _mm256_add_epi64(_mm256_mul_epu32(v, s->factor), round);
    const __m256i odd =
        _mm256_add_epi64(_mm256_mul_epu32(_mm256_srli_epi64(v, 32), s->factor), round);
    const __m256i scaled = _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa);
    return _mm256_srl_epi32(_mm256_add_epi32(scaled, s->half), s->right);
}

/* Sixteen. */
static inline __m128i eq_softmax_sixteen_avx2(const int32_t *e, const eq_softmax_avx2 *s)
{
    const __m256i v =
        _mm256_packus_epi32(eq_softmax_eight_avx2(e, s), eq_softmax_eight_avx2(e + 8, s));
    const __m256i w = _mm256_permute4x64_epi64(_mm256_packus_epi16(v, v), 0xd8);
    const __m128i y = _mm_shuffle_epi32(_mm256_castsi256_si128(w), 0xd8);
    return _mm_xor_si128(y, _mm_set1_epi8(INT8_MIN));
}

#endif
