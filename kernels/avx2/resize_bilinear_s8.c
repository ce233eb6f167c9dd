/* resize_bilinear_s8 for AVX2: eight channels at once.
 *
 * VPMADDWD weighs a pixel and that of the next row, left and right of the output; with these a
 * and b, and the column's weight u, the sum is 1024 * a + u * (b - a).
 *
 * Exact: |a|, |b| <= 2^17, and the sum is at most 2^27.  Half of 2^20 is added, 1 less below
 * zero, so that the shift rounds ties away from zero.
 *
 * @requires in_c >= 8
 */
#include "edgeq/resize_bilinear_s8.h"
#include "edgeq/bilinear_avx2.h"

eq_resize_bilinear_s8_fn eq_resize_bilinear_s8__avx2;

typedef struct {
    const int32_t *row, *column;
} resize_bilinear_s8_avx2_weights;

static inline __m256i resize_bilinear_s8_avx2_rows(__m128i here, __m128i next,
                                                   __m256i weights)
{
    return _mm256_madd_epi16(_mm256_cvtepi8_epi16(_mm_unpacklo_epi8(here, next)), weights);
}

static inline __attribute__((always_inline)) __m128i
resize_bilinear_s8_avx2_blend(eq_corners_avx2 x, int32_t h, int32_t w, const void *weights)
{
    const resize_bilinear_s8_avx2_weights *k = weights;
    const __m256i rows = _mm256_set1_epi32(k->row[h] << 16 | (1024 - k->row[h]));
    const __m256i a = resize_bilinear_s8_avx2_rows(x.here, x.next, rows);
    const __m256i b = resize_bilinear_s8_avx2_rows(x.here_right, x.next_right, rows);
    const __m256i part =
        _mm256_mullo_epi32(_mm256_sub_epi32(b, a), _mm256_set1_epi32(k->column[w]));
    const __m256i sum = _mm256_add_epi32(_mm256_slli_epi32(a, 10), part);
    const __m256i half =
        _mm256_add_epi32(_mm256_srai_epi32(sum, 31), _mm256_set1_epi32(1 << 19));
    const __m256i v = _mm256_srai_epi32(_mm256_add_epi32(sum, half), 20);
    const __m128i y =
        _mm_packs_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    return _mm_packs_epi16(y, y);
}

void eq_resize_bilinear_s8__avx2(const int8_t *restrict x, const int32_t *restrict row,
                                 const int32_t *restrict row_next,
                                 const int32_t *restrict row_weight,
                                 const int32_t *restrict column,
                                 const int32_t *restrict column_next,
                                 const int32_t *restrict column_weight, int8_t *restrict y,
                                 const eq_resize_bilinear_s8_params *restrict p)
{
    const eq_bilinear_avx2 g = EQ_BILINEAR_AVX2(p);
    const resize_bilinear_s8_avx2_weights k = {row_weight, column_weight};
    eq_bilinear_pixels_avx2(x, y, &g, &k, resize_bilinear_s8_avx2_blend);
}
