/* Means of int8 and int16 for AVX2: sixteen or eight outputs at once where they lie side by
 * side in x, of which the last go back to be whole.
 *
 * Exact: sums_avx2.h says why the sums are, fixed_point_avx2.h the rescale.  The sum with zy is
 * taken in int32, and narrowings saturate at the contract's limits.
 */
#ifndef EDGEQ_MEAN_AVX2_H
#define EDGEQ_MEAN_AVX2_H

#include "edgeq/fixed_point_avx2.h"
#include "edgeq/mean_s16.h"
#include "edgeq/mean_s8.h"
#include "edgeq/rescale_avx2.h"
#include "edgeq/sums_avx2.h"

/* Numbers of a call, as in the contracts, but strides of x and d1 in bytes. */
typedef struct {
    int32_t d0, d1, x0, r0, r1, r2, s0, s1, s2, zsum;
    __m256i mult, shift, zy;
} eq_mean_avx2;

#define EQ_MEAN_AVX2(p, size)                                                              \
    {(p)->d0,                                                                              \
     (p)->d1 * (size),                                                                     \
     (p)->x0 * (size),                                                                     \
     (p)->r0,                                                                              \
     (p)->r1,                                                                              \
     (p)->r2,                                                                              \
     (p)->s0 * (size),                                                                     \
     (p)->s1 * (size),                                                                     \
     (p)->s2 * (size),                                                                     \
     (p)->zsum,                                                                            \
     _mm256_set1_epi32((p)->mult),                                                         \
     _mm256_set1_epi32((p)->shift),                                                        \
     _mm256_set1_epi32((p)->zy)}

/* Eight means in int16. */
static inline __attribute__((always_inline)) __m128i
eq_mean_eight_avx2(__m256i sum, const eq_mean_avx2 *m, int single)
{
    const __m256i v = single ? eq_requantize_x8_single(sum, m->mult, m->shift)
                             : eq_requantize_x8_double(sum, m->mult, m->shift);
    const __m256i y = _mm256_add_epi32(v, m->zy);
    return _mm_packs_epi32(_mm256_castsi256_si128(y), _mm256_extracti128_si256(y, 1));
}

static inline __attribute__((always_inline)) __m128i eq_mean_sixteen_avx2(
    const int8_t *x, const eq_mean_avx2 *m, int few, int narrow, int single)
{
    eq_pool_sums_avx2 s = eq_sums_from_avx2(-m->zsum);
    for (int32_t j0 = 0; j0 < m->r0; ++j0)
        for (int32_t j1 = 0; j1 < m->r1; ++j1) {
            const int8_t *from = x + (j0 * m->s0 + j1 * m->s1);
            if (narrow)
                eq_sums_add_s8_avx2(&s, from, m->s2, m->r2, m->d1, few);
            else
                eq_sums_add_s16_avx2(&s, from, m->s2, m->r2, m->d1, few);
        }
    if (!narrow)
        return eq_mean_eight_avx2(s.low, m, single);
    eq_sums_widen_avx2(&s);
    return _mm_packs_epi16(eq_mean_eight_avx2(s.low, m, single),
                           eq_mean_eight_avx2(s.high, m, single));
}

static inline __attribute__((always_inline)) void
eq_mean_rows_avx2(const int8_t *x, int8_t *y, const eq_mean_avx2 *m, int few, int narrow,
                  int single)
{
    for (int32_t i0 = 0; i0 < m->d0; ++i0)
        for (int32_t i1 = 0; i1 < m->d1; i1 += 16) {
            const int32_t i = few || i1 + 16 <= m->d1 ? i1 : m->d1 - 16;
            const __m128i v =
                eq_mean_sixteen_avx2(x + i0 * m->x0 + i, m, few, narrow, single);
            eq_store_channels_avx2(y + i0 * m->d1 + i, v, m->d1, few);
        }
}

/* x and y in bytes; `narrow` for int8. */
static inline __attribute__((always_inline)) void
eq_mean_all_avx2(const void *x, void *y, const eq_mean_avx2 *m, int narrow, int single)
{
    if (m->d1 < 16)
        eq_mean_rows_avx2(x, y, m, 1, narrow, single);
    else
        eq_mean_rows_avx2(x, y, m, 0, narrow, single);
}

#endif
