/* resize_bilinear_s8f for AVX2: eight channels at once.
 *
 * Exact: the contract's operations, in its order; every term passes through a volatile vector,
 * so that no compiler fuses its product with the sum.
 *
 * @requires in_c >= 8
 */
#include "edgeq/resize_bilinear_s8f.h"
#include "edgeq/bilinear_avx2.h"

eq_resize_bilinear_s8f_fn eq_resize_bilinear_s8f__avx2;

typedef struct {
    const float *row, *column;
} resize_bilinear_s8f_avx2_weights;

static inline __m256 resize_bilinear_s8f_avx2_term(__m128i x, float of_row, float of_column)
{
    const __m256i v = _mm256_add_epi32(_mm256_cvtepi8_epi32(x), _mm256_set1_epi32(128));
    const __m256 t = _mm256_mul_ps(_mm256_cvtepi32_ps(v), _mm256_set1_ps(of_row));
    const volatile __m256 term = _mm256_mul_ps(t, _mm256_set1_ps(of_column));
    return term;
}

static inline __attribute__((always_inline)) __m128i
resize_bilinear_s8f_avx2_blend(eq_corners_avx2 x, int32_t h, int32_t w, const void *weights)
{
    const resize_bilinear_s8f_avx2_weights *k = weights;
    const float v = k->row[h], u = k->column[w], v0 = 1.0F - v, u0 = 1.0F - u;
    __m256 sum = resize_bilinear_s8f_avx2_term(x.here, v0, u0);
    sum = _mm256_add_ps(sum, resize_bilinear_s8f_avx2_term(x.next, v, u0));
    sum = _mm256_add_ps(sum, resize_bilinear_s8f_avx2_term(x.here_right, v0, u));
    sum = _mm256_add_ps(sum, resize_bilinear_s8f_avx2_term(x.next_right, v, u));
    const __m256i whole = _mm256_cvttps_epi32(_mm256_add_ps(sum, _mm256_set1_ps(0.5F)));
    const __m256i low = _mm256_and_si256(whole, _mm256_set1_epi32(255));
    const __m128i y =
        _mm_packs_epi32(_mm256_castsi256_si128(low), _mm256_extracti128_si256(low, 1));
    return _mm_xor_si128(_mm_packus_epi16(y, y), _mm_set1_epi8(INT8_MIN));
}

void eq_resize_bilinear_s8f__avx2(const int8_t *restrict x, const int32_t *restrict row,
                                  const int32_t *restrict row_next,
                                  const float *restrict row_weight,
                                  const int32_t *restrict column,
                                  const int32_t *restrict column_next,
                                  const float *restrict column_weight, int8_t *restrict y,
                                  const eq_resize_bilinear_s8f_params *restrict p)
{
    const eq_bilinear_avx2 g = EQ_BILINEAR_AVX2(p);
    const resize_bilinear_s8f_avx2_weights k = {row_weight, column_weight};
    eq_bilinear_pixels_avx2(x, y, &g, &k, resize_bilinear_s8f_avx2_blend);
}
