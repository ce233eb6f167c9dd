/* Between float and int8 or int16 for AVX2: sixteen elements at once.
 *
 * Exact: VDIVPS and VMULPS round as C does.  VMAXPS gives its second operand for NaN, which is
 * the lower end.  After the clamp values fit int32, so that the difference to what is cut off
 * is exact, and a tie is seen as exactly 1/2.
 */
#ifndef EDGEQ_FLOAT_AVX2_H
#define EDGEQ_FLOAT_AVX2_H

#include "edgeq/runs_avx2.h"

typedef struct {
    __m256 scale, lo, hi; /* the clamp is that of y - zy */
    __m256i zero;         /* zero point, in int32 */
} eq_float_avx2;

static inline eq_float_avx2 eq_float_of_avx2(float scale, int32_t zero, int32_t lo,
                                             int32_t hi)
{
    const eq_float_avx2 n = {_mm256_set1_ps(scale), _mm256_set1_ps((float)(lo - zero)),
                             _mm256_set1_ps((float)(hi - zero)), _mm256_set1_epi32(zero)};
    return n;
}

/* Eight int32 within int16. */
static inline __m256i eq_quantize_eight_avx2(const float *x, const eq_float_avx2 *n)
{
    const __m256 q = _mm256_div_ps(_mm256_loadu_ps(x), n->scale);
    const __m256 v = _mm256_min_ps(_mm256_max_ps(q, n->lo), n->hi);
    const __m256i whole = _mm256_cvttps_epi32(v);
    const __m256 rest = _mm256_sub_ps(v, _mm256_cvtepi32_ps(whole));
    const __m256 up = _mm256_cmp_ps(rest, _mm256_set1_ps(0.5F), _CMP_GE_OQ);
    const __m256 down = _mm256_cmp_ps(rest, _mm256_set1_ps(-0.5F), _CMP_LE_OQ);
    const __m256i sum = _mm256_sub_epi32(whole, _mm256_castps_si256(up));
    return _mm256_add_epi32(_mm256_add_epi32(sum, _mm256_castps_si256(down)), n->zero);
}

/* Sixteen, to int8 or int16: `size` bytes of one. */
static inline __attribute__((always_inline)) void
eq_quantize_sixteen_avx2(const float *x, int8_t *y, const eq_float_avx2 *n, int size)
{
    const __m256i v =
        _mm256_packs_epi32(eq_quantize_eight_avx2(x, n), eq_quantize_eight_avx2(x + 8, n));
    const __m256i w = _mm256_permute4x64_epi64(v, 0xd8);
    if (size == 2)
        eq_store_x32(y, w);
    else
        eq_store_x16(
            y, _mm_packs_epi16(_mm256_castsi256_si128(w), _mm256_extracti128_si256(w, 1)));
}

/* `count` elements, at least sixteen, of which the last go back to be whole. */
static inline __attribute__((always_inline)) void
eq_quantize_avx2(const float *x, void *to_y, int32_t count, const eq_float_avx2 *n,
                 int size)
{
    int8_t *y = to_y;
    const int32_t back = count - 16;
    for (int32_t i = 0; i < back; i += 16)
        eq_quantize_sixteen_avx2(x + i, y + i * size, n, size);
    eq_quantize_sixteen_avx2(x + back, y + back * size, n, size);
}

static inline void eq_dequantize_eight_avx2(__m256i x, float *y, const eq_float_avx2 *n)
{
    const __m256 v = _mm256_cvtepi32_ps(_mm256_sub_epi32(x, n->zero));
    _mm256_storeu_ps(y, _mm256_mul_ps(v, n->scale));
}

/* Sixteen, of int8 or int16. */
static inline __attribute__((always_inline)) void
eq_dequantize_sixteen_avx2(const int8_t *x, float *y, const eq_float_avx2 *n, int size)
{
    const __m128i low = eq_load_x16(x);
    if (size == 2) {
        eq_dequantize_eight_avx2(_mm256_cvtepi16_epi32(low), y, n);
        eq_dequantize_eight_avx2(_mm256_cvtepi16_epi32(eq_load_x16(x + 16)), y + 8, n);
    } else {
        eq_dequantize_eight_avx2(_mm256_cvtepi8_epi32(low), y, n);
        eq_dequantize_eight_avx2(_mm256_cvtepi8_epi32(_mm_bsrli_si128(low, 8)), y + 8, n);
    }
}

/* `count` elements, at least sixteen, of which the last go back to be whole. */
static inline __attribute__((always_inline)) void
eq_dequantize_avx2(const void *from_x, float *y, int32_t count, const eq_float_avx2 *n,
                   int size)
{
    const int8_t *x = from_x;
    const int32_t back = count - 16;
    for (int32_t i = 0; i < back; i += 16)
        eq_dequantize_sixteen_avx2(x + i * size, y + i, n, size);
    eq_dequantize_sixteen_avx2(x + back * size, y + back, n, size);
}

#endif
