/* Runs of bytes for AVX2: 32 at once, of shorter runs sixteen or eight; the last of them go
 * back to be whole.
 */
#ifndef EDGEQ_RUNS_AVX2_H
#define EDGEQ_RUNS_AVX2_H

#include <immintrin.h>
#include <stdint.h>

static inline __m128i eq_load_x16(const int8_t *x)
{
    return _mm_loadu_si128((const __m128i *)(const void *)x);
}

static inline void eq_store_x16(int8_t *y, __m128i v)
{
    _mm_storeu_si128((__m128i *)(void *)y, v);
}

static inline __m256i eq_load_x32(const int8_t *x)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)x);
}

static inline void eq_store_x32(int8_t *y, __m256i v)
{
    _mm256_storeu_si256((__m256i *)(void *)y, v);
}

static inline __m128i eq_load_low_x8(const int8_t *x)
{
    return _mm_loadl_epi64((const __m128i *)(const void *)x);
}

static inline void eq_store_low_x8(int8_t *y, __m128i v)
{
    _mm_storel_epi64((__m128i *)(void *)y, v);
}

/* n in [8, 64] bytes from x to y, which do not overlap; memcpy takes more as fast. */
static inline __attribute__((always_inline)) void eq_copy_run_avx2(const int8_t *x,
                                                                   int8_t *y, int32_t n)
{
    if (n < 16) {
        const __m128i end = eq_load_low_x8(x + n - 8);
        eq_store_low_x8(y, eq_load_low_x8(x));
        eq_store_low_x8(y + n - 8, end);
    } else if (n < 32) {
        const __m128i end = eq_load_x16(x + n - 16);
        eq_store_x16(y, eq_load_x16(x));
        eq_store_x16(y + n - 16, end);
    } else {
        const __m256i end = eq_load_x32(x + n - 32);
        eq_store_x32(y, eq_load_x32(x));
        eq_store_x32(y + n - 32, end);
    }
}

/* n >= 8 bytes of v to y. */
static inline __attribute__((always_inline)) void eq_fill_run_avx2(int8_t *y, __m256i v,
                                                                   int32_t n)
{
    const __m128i half = _mm256_castsi256_si128(v);
    if (n < 16) {
        eq_store_low_x8(y, half);
        eq_store_low_x8(y + n - 8, half);
    } else if (n < 32) {
        eq_store_x16(y, half);
        eq_store_x16(y + n - 16, half);
    } else {
        for (int32_t i = 0; i < n - 32; i += 32)
            eq_store_x32(y + i, v);
        eq_store_x32(y + n - 32, v);
    }
}

#endif
