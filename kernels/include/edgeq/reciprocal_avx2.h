/* 1 / x in fixed point of eight values at once: the AVX2 twin of reciprocal.h.
 *
 * Exact: bits 31 to 62 of a product and 2^30 are eq_product_q0, half of 1 + a is x shifted to
 * the top and back by one, and what is not below 1 is set to 2^31 - 1 after doubling.
 */
#ifndef EDGEQ_RECIPROCAL_AVX2_H
#define EDGEQ_RECIPROCAL_AVX2_H

#include <immintrin.h>
#include <stdint.h>

/* round(a * b / 2^31), ties toward +infinity; |a * b| < 2^62. */
static inline __m256i eq_product_q0_x8(__m256i a, __m256i b)
{
    const __m256i half = _mm256_set1_epi64x((int64_t)1 << 30);
    const __m256i even = _mm256_add_epi64(_mm256_mul_epi32(a, b), half);
    const __m256i odd = _mm256_add_epi64(
        _mm256_mul_epi32(_mm256_srli_epi64(a, 32), _mm256_srli_epi64(b, 32)), half);
    return _mm256_blend_epi32(_mm256_srli_epi64(even, 31), _mm256_slli_epi64(odd, 1), 0xaa);
}

/* 1 / x in Q0, times the power of two that x was shifted by to have its top bit set: `top`. */
static inline __m256i eq_reciprocal_of_top_x8(__m256i top)
{
    const __m256i d = _mm256_srli_epi32(top, 1);
    const __m256i slope = _mm256_set1_epi32(-1010580540);
    const __m256i most = _mm256_set1_epi32((1 << 30) - 1);
    __m256i x = _mm256_add_epi32(_mm256_set1_epi32(1515870810), eq_product_q0_x8(d, slope));
    for (int32_t step = 0; step < 3; ++step) {
        const __m256i error =
            _mm256_sub_epi32(_mm256_set1_epi32(1 << 29), eq_product_q0_x8(d, x));
        x = _mm256_add_epi32(x, _mm256_slli_epi32(eq_product_q0_x8(x, error), 2));
    }
    return _mm256_blendv_epi8(_mm256_add_epi32(x, x), _mm256_set1_epi32(INT32_MAX),
                              _mm256_cmpgt_epi32(x, most));
}

#endif
