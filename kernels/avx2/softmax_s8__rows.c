/* softmax_s8 for AVX2, rows of 16 to 127: eight elements at once.
 *
 * The exponentials of a row are gathered once; the last eight go back to be whole, and those of
 * them that were there before do not count in the sum.
 *
 * Exact: the contract's steps, see softmax_avx2.h.  A sum of 127 exponentials, at most 2^19
 * each, fits int32.
 *
 * @requires depth >= 16 and depth < 128
 * @inplace x
 */
#include "edgeq/softmax_avx2.h"
#include "edgeq/softmax_s8.h"

eq_softmax_s8_fn eq_softmax_s8__avx2_rows;

/* The largest of 16 to 127. */
static inline int32_t softmax_s8_avx2_rows_max(const int8_t *x, int32_t count)
{
    __m128i most = eq_load_x16(x + count - 16);
    for (int32_t i = 0; i + 16 <= count; i += 16)
        most = _mm_max_epi8(most, eq_load_x16(x + i));
    most = _mm_max_epi8(most, _mm_bsrli_si128(most, 8));
    most = _mm_max_epi8(most, _mm_bsrli_si128(most, 4));
    most = _mm_max_epi8(most, _mm_bsrli_si128(most, 2));
    most = _mm_max_epi8(most, _mm_bsrli_si128(most, 1));
    return (int8_t)_mm_cvtsi128_si32(most);
}

/* Eight exponentials to e; their terms of the sum. */
static inline __m256i softmax_s8_avx2_rows_eight(const int8_t *x, __m256i max,
                                                 const int32_t *restrict table, int32_t *e)
{
    const __m256i apart = _mm256_sub_epi32(max, _mm256_cvtepi8_epi32(eq_load_low_x8(x)));
    const __m256i v = _mm256_i32gather_epi32(table, apart, 4);
    _mm256_storeu_si256((__m256i *)(void *)e, v);
    return _mm256_srli_epi32(_mm256_add_epi32(v, _mm256_set1_epi32(1 << 11)), 12);
}

static inline uint32_t softmax_s8_avx2_rows_total(__m256i v)
{
    __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    sum = _mm_add_epi32(sum, _mm_bsrli_si128(sum, 8));
    return (uint32_t)_mm_cvtsi128_si32(_mm_add_epi32(sum, _mm_bsrli_si128(sum, 4)));
}

static inline void softmax_s8_avx2_rows_row(const int8_t *x, const int32_t *restrict table,
                                            int8_t *y, int32_t count)
{
    const __m256i max = _mm256_set1_epi32(softmax_s8_avx2_rows_max(x, count));
    const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    const int32_t rest = count % 8;
    int32_t e[128];
    __m256i sum = _mm256_setzero_si256();
    for (int32_t i = 0; i + 8 <= count; i += 8)
        sum = _mm256_add_epi32(sum, softmax_s8_avx2_rows_eight(x + i, max, table, e + i));
    if (rest > 0) {
        const int32_t back = count - 8;
        const __m256i last = softmax_s8_avx2_rows_eight(x + back, max, table, e + back);
        const __m256i is_new = _mm256_cmpgt_epi32(lanes, _mm256_set1_epi32(7 - rest));
        sum = _mm256_add_epi32(sum, _mm256_and_si256(last, is_new));
    }
    const eq_softmax_avx2 s = eq_softmax_of_avx2(softmax_s8_avx2_rows_total(sum));
    for (int32_t i = 0; i + 16 <= count; i += 16)
        eq_store_x16(y + i, eq_softmax_sixteen_avx2(e + i, &s));
    eq_store_x16(y + count - 16, eq_softmax_sixteen_avx2(e + count - 16, &s));
}

void eq_softmax_s8__avx2_rows(const int8_t *x, const int32_t *restrict table, int8_t *y,
                              const eq_softmax_s8_params *restrict p)
{
    for (int32_t n = 0; n < p->rows; ++n)
        softmax_s8_avx2_rows_row(x + n * p->depth, table, y + n * p->depth, p->depth);
}
