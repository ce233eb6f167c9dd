/* The walk through two broadcast operands for AVX2: 32 bytes at once along rows of both, or of
 * one and a number.
 *
 * Whatever is left of a row goes back to be whole; of rows of less than 32 bytes the first and
 * the last sixteen, or eight, are one vector.  All of these are read before y is written, so y
 * may be either operand.
 */
#ifndef EDGEQ_PAIRS_AVX2_H
#define EDGEQ_PAIRS_AVX2_H

#include "edgeq/runs_avx2.h"

#include <string.h>

/* Extents and strides of a contract in elements, and the bytes of one. */
typedef struct {
    int32_t d0, d1, d2, d3, a0, a1, a2, a3, b0, b1, b2, b3, size;
} eq_walk_avx2;

#define EQ_WALK_AVX2(p, size)                                                              \
    {(p)->d0, (p)->d1, (p)->d2, (p)->d3, (p)->a0, (p)->a1, (p)->a2,                        \
     (p)->a3, (p)->b0, (p)->b1, (p)->b2, (p)->b3, size}

/* What a kernel makes of 32 bytes of both operands; always inlined. */
typedef __m256i eq_pair_fn(__m256i a, __m256i b, const void *numbers);

/* The first and the last bytes of n in [8, 31] as one vector. */
static inline __attribute__((always_inline)) __m256i eq_ends_avx2(const int8_t *x,
                                                                  int32_t n)
{
    if (n >= 16)
        return _mm256_setr_m128i(eq_load_x16(x), eq_load_x16(x + n - 16));
    return _mm256_castsi128_si256(
        _mm_unpacklo_epi64(eq_load_low_x8(x), eq_load_low_x8(x + n - 8)));
}

static inline __attribute__((always_inline)) void eq_store_ends_avx2(int8_t *y, __m256i v,
                                                                     int32_t n)
{
    const __m128i low = _mm256_castsi256_si128(v);
    if (n >= 16) {
        eq_store_x16(y, low);
        eq_store_x16(y + n - 16, _mm256_extracti128_si256(v, 1));
    } else {
        eq_store_low_x8(y, low);
        eq_store_low_x8(y + n - 8, _mm_unpackhi_epi64(low, low));
    }
}

/* 32 of `bytes` bytes of an operand, from x on or, where it is a number, all alike. */
static inline __attribute__((always_inline)) __m256i eq_short_avx2(const int8_t *x,
                                                                   int32_t bytes, int step)
{
    if (!step)
        return eq_load_x32(x);
    if (bytes >= 8)
        return eq_ends_avx2(x, bytes);
    int8_t some[32] = {0};
    memcpy(some, x, (size_t)bytes);
    return eq_load_x32(some);
}

static inline __attribute__((always_inline)) void
eq_pairs_short_avx2(const int8_t *a, const int8_t *b, int8_t *y, int32_t bytes, int step_a,
                    int step_b, const void *numbers, eq_pair_fn *pair)
{
    const __m256i v =
        pair(eq_short_avx2(a, bytes, step_a), eq_short_avx2(b, bytes, step_b), numbers);
    if (bytes >= 8) {
        eq_store_ends_avx2(y, v, bytes);
        return;
    }
    int8_t some[32];
    eq_store_x32(some, v);
    memcpy(y, some, (size_t)bytes);
}

/* One row; an operand that does not go on, of step 0, is 32 equal bytes or int16. */
static inline __attribute__((always_inline)) void
eq_pairs_run_avx2(const int8_t *a, const int8_t *b, int8_t *y, int32_t bytes, int step_a,
                  int step_b, const void *numbers, eq_pair_fn *pair)
{
    if (bytes < 32) {
        eq_pairs_short_avx2(a, b, y, bytes, step_a, step_b, numbers, pair);
        return;
    }
    const int32_t back = bytes - 32;
    const __m256i last_a = eq_load_x32(step_a ? a + back : a);
    const __m256i last_b = eq_load_x32(step_b ? b + back : b);
    for (int32_t i = 0; i < back; i += 32) {
        const __m256i v = eq_load_x32(step_a ? a + i : a);
        const __m256i w = eq_load_x32(step_b ? b + i : b);
        eq_store_x32(y + i, pair(v, w, numbers));
    }
    eq_store_x32(y + back, pair(last_a, last_b, numbers));
}

/* 32 bytes of one element. */
static inline void eq_pairs_number_avx2(int8_t *many, const int8_t *one, int32_t size)
{
    for (int32_t i = 0; i < 32; i += size)
        memcpy(many + i, one, (size_t)size);
}

static inline __attribute__((always_inline)) void
eq_pairs_row_avx2(const int8_t *a, const int8_t *b, int8_t *y, const eq_walk_avx2 *w,
                  const void *numbers, eq_pair_fn *pair)
{
    const int32_t bytes = w->d3 * w->size;
    if (w->a3 == 1 && w->b3 == 1) {
        eq_pairs_run_avx2(a, b, y, bytes, 1, 1, numbers, pair);
        return;
    }
    int8_t one_a[32], one_b[32];
    eq_pairs_number_avx2(one_a, a, w->size);
    eq_pairs_number_avx2(one_b, b, w->size);
    eq_pairs_run_avx2(w->a3 ? a : one_a, w->b3 ? b : one_b, y, bytes, w->a3, w->b3, numbers,
                      pair);
}

/* All rows; the pointers are to elements of w->size bytes. */
static inline __attribute__((always_inline)) void
eq_pairs_avx2(const void *from_a, const void *from_b, void *to, const eq_walk_avx2 *w,
              const void *numbers, eq_pair_fn *pair)
{
    const int8_t *a = from_a, *b = from_b;
    int8_t *y = to;
    for (int32_t i0 = 0; i0 < w->d0; ++i0)
        for (int32_t i1 = 0; i1 < w->d1; ++i1)
            for (int32_t i2 = 0; i2 < w->d2; ++i2) {
                const int32_t at_a = i0 * w->a0 + i1 * w->a1 + i2 * w->a2;
                const int32_t at_b = i0 * w->b0 + i1 * w->b1 + i2 * w->b2;
                eq_pairs_row_avx2(a + at_a * w->size, b + at_b * w->size, y, w, numbers,
                                  pair);
                y += w->d3 * w->size;
            }
}

/* An eq_pair_fn, `name`, of one that takes the rounding form too. */
#define EQ_PAIR_AVX2(name, of_form, single)                                                \
    static inline __attribute__((always_inline)) __m256i name(__m256i a, __m256i b,        \
                                                              const void *numbers)         \
    {                                                                                      \
        return of_form(a, b, numbers, single);                                             \
    }

#endif
