/* softmax_s8 for AVX2, rows of two: eight rows at once.
 *
 * Of a pair one exponential is that of 0; the other one is looked up, and all else is done for
 * eight rows at once.
 *
 * Exact: the contract's steps.  The sum is in [2^19, 2^20], so its top bit is bit 19, and the
 * last shift 23, but for 2^20 itself, where it is 24.  A product is below 2^31, so that the half
 * of what is shifted out is added without a sign; what is above 255 counts as that.
 *
 * @requires depth == 2
 * @inplace x
 */
#include "edgeq/reciprocal_avx2.h"
#include "edgeq/runs_avx2.h"
#include "edgeq/softmax_s8.h"

#include <string.h>

eq_softmax_s8_fn eq_softmax_s8__avx2_pairs;

/* round(e / 2^12) */
static inline __m256i softmax_s8_avx2_pairs_term(__m256i e)
{
    return _mm256_srli_epi32(_mm256_add_epi32(e, _mm256_set1_epi32(1 << 11)), 12);
}

/* Outputs, from 0 to 255. */
static inline __m256i softmax_s8_avx2_pairs_share(__m256i e, __m256i factor, __m256i right)
{
    const __m256i one = _mm256_set1_epi32(1);
    const __m256i half = _mm256_sllv_epi32(one, _mm256_sub_epi32(right, one));
    const __m256i v = _mm256_add_epi32(eq_product_q0_x8(factor, e), half);
    return _mm256_min_epi32(_mm256_srlv_epi32(v, right), _mm256_set1_epi32(255));
}

/* Eight rows, in int16. */
static inline __m128i softmax_s8_avx2_pairs_eight(__m128i x, const int32_t *restrict table)
{
    const __m256i a = _mm256_cvtepi16_epi32(_mm_srai_epi16(_mm_slli_epi16(x, 8), 8));
    const __m256i b = _mm256_cvtepi16_epi32(_mm_srai_epi16(x, 8));
    const __m256i apart = _mm256_abs_epi32(_mm256_sub_epi32(a, b));
    const __m256i one = _mm256_set1_epi32(table[0]);
    const __m256i e = _mm256_i32gather_epi32(table, apart, 4);
    const __m256i sum =
        _mm256_add_epi32(softmax_s8_avx2_pairs_term(one), softmax_s8_avx2_pairs_term(e));
    const __m256i extra = _mm256_srli_epi32(sum, 20);
    const __m256i top =
        _mm256_sllv_epi32(sum, _mm256_sub_epi32(_mm256_set1_epi32(12), extra));
    const __m256i right = _mm256_add_epi32(_mm256_set1_epi32(23), extra);
    const __m256i factor = eq_reciprocal_of_top_x8(top);
    const __m256i larger = softmax_s8_avx2_pairs_share(one, factor, right);
    const __m256i smaller = softmax_s8_avx2_pairs_share(e, factor, right);
    const __m256i second = _mm256_cmpgt_epi32(b, a);
    const __m256i of_a = _mm256_blendv_epi8(larger, smaller, second);
    const __m256i of_b = _mm256_blendv_epi8(smaller, larger, second);
    const __m256i both = _mm256_or_si256(of_a, _mm256_slli_epi32(of_b, 8));
    const __m128i y =
        _mm_packus_epi32(_mm256_castsi256_si128(both), _mm256_extracti128_si256(both, 1));
    return _mm_xor_si128(y, _mm_set1_epi8(INT8_MIN));
}

void eq_softmax_s8__avx2_pairs(const int8_t *x, const int32_t *restrict table, int8_t *y,
                               const eq_softmax_s8_params *restrict p)
{
    int32_t rows = p->rows;
    for (; rows >= 8; rows -= 8) {
        eq_store_x16(y, softmax_s8_avx2_pairs_eight(eq_load_x16(x), table));
        x += 16;
        y += 16;
    }
    if (rows > 0) {
        int8_t some[16] = {0};
        memcpy(some, x, 2 * (size_t)rows);
        eq_store_x16(some, softmax_s8_avx2_pairs_eight(eq_load_x16(some), table));
        memcpy(y, some, 2 * (size_t)rows);
    }
}
