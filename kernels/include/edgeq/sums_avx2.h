/* Sums over pixels for AVX2: of sixteen channels of int8, or of eight of int16.
 *
 * Exact: up to EQ_SUM_TERMS bytes are added in int16, as 252 * 128 fits it, then in int32,
 * which the compiler proved to hold every sum.
 */
#ifndef EDGEQ_SUMS_AVX2_H
#define EDGEQ_SUMS_AVX2_H

#include "edgeq/pool_avx2.h"

enum { EQ_SUM_TERMS = 252 };

/* Channels 0..7 and 8..15 in int32, all of them in int16 as long as there is room; int16 ones
 * are all in `low`. */
typedef struct {
    __m256i low, high, narrow;
    int32_t room; /* bytes that the int16 still hold */
} eq_pool_sums_avx2;

static inline eq_pool_sums_avx2 eq_sums_from_avx2(int32_t start)
{
    const __m256i all = _mm256_set1_epi32(start);
    const eq_pool_sums_avx2 s = {all, all, _mm256_setzero_si256(), EQ_SUM_TERMS};
    return s;
}

static inline void eq_sums_widen_avx2(eq_pool_sums_avx2 *s)
{
    const __m128i low = _mm256_castsi256_si128(s->narrow);
    const __m128i high = _mm256_extracti128_si256(s->narrow, 1);
    s->low = _mm256_add_epi32(s->low, _mm256_cvtepi16_epi32(low));
    s->high = _mm256_add_epi32(s->high, _mm256_cvtepi16_epi32(high));
    s->narrow = _mm256_setzero_si256();
    s->room = EQ_SUM_TERMS;
}

/* Sixteen channels of a pixel in int16. */
static inline __attribute__((always_inline)) __m256i eq_pixel_s8_avx2(const int8_t *x,
                                                                      int32_t channels,
                                                                      int few)
{
    return _mm256_cvtepi8_epi16(eq_load_channels_avx2(x, channels, few));
}

/* The sum of two, which fits int16. */
static inline __attribute__((always_inline)) __m256i eq_pixels_s8_avx2(const int8_t *x,
                                                                       int32_t step,
                                                                       int32_t channels,
                                                                       int few)
{
    return _mm256_add_epi16(eq_pixel_s8_avx2(x, channels, few),
                            eq_pixel_s8_avx2(x + step, channels, few));
}

/* Adds n pixels of int8, `step` bytes apart. */
static inline __attribute__((always_inline)) void
eq_sums_add_s8_avx2(eq_pool_sums_avx2 *s, const int8_t *x, int32_t step, int32_t n,
                    int32_t channels, int few)
{
    while (n > 0) {
        const int32_t now = n < s->room ? n : s->room;
        __m256i sum = s->narrow;
        int32_t i = now;
        for (; i >= 4; i -= 4) {
            const __m256i a = eq_pixels_s8_avx2(x, step, channels, few);
            const __m256i b = eq_pixels_s8_avx2(x + 2 * step, step, channels, few);
            sum = _mm256_add_epi16(sum, _mm256_add_epi16(a, b));
            x += 4 * step;
        }
        for (; i > 0; --i) {
            sum = _mm256_add_epi16(sum, eq_pixel_s8_avx2(x, channels, few));
            x += step;
        }
        s->narrow = sum;
        s->room -= now;
        n -= now;
        if (s->room == 0)
            eq_sums_widen_avx2(s);
    }
}

/* Adds n pixels of int16; `channels` are bytes. */
static inline __attribute__((always_inline)) void
eq_sums_add_s16_avx2(eq_pool_sums_avx2 *s, const int8_t *x, int32_t step, int32_t n,
                     int32_t channels, int few)
{
    for (; n > 0; --n) {
        const __m128i v = eq_load_channels_avx2(x, channels, few);
        s->low = _mm256_add_epi32(s->low, _mm256_cvtepi16_epi32(v));
        x += step;
    }
}

#endif
