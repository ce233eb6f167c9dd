/* Rescales of whole tensors for AVX2: sixteen elements at once.
 *
 * Exact: differences to zx fit int32, those of int8 and int16 with the headroom that
 * elementwise_avx2.h needs; int32 are rescaled by fixed_point_avx2.h.  The clamp comes before
 * the sum with zy, so that neither it nor packing saturates.
 */
#ifndef EDGEQ_REQUANTIZE_AVX2_H
#define EDGEQ_REQUANTIZE_AVX2_H

#include "edgeq/elementwise_avx2.h"
#include "edgeq/fixed_point_avx2.h"
#include "edgeq/rescale_avx2.h"
#include "edgeq/runs_avx2.h"

/* What x and y are made of. */
enum { EQ_BYTES = 1, EQ_HALVES = 2, EQ_WORDS = 4 };

typedef struct {
    eq_scaling_x8 scaling;
    __m256i zx, mult, shift, lo, hi, zy; /* the clamp is that of y - zy */
} eq_requantize_avx2;

/* Of the params of any of the contracts. */
#define EQ_REQUANTIZE_AVX2(p, single)                                                      \
    {eq_scaling_of_x8((p)->mult, (p)->shift, single),                                      \
     _mm256_set1_epi32((p)->zx),                                                           \
     _mm256_set1_epi32((p)->mult),                                                         \
     _mm256_set1_epi32((p)->shift),                                                        \
     _mm256_set1_epi32((p)->act_min - (p)->zy),                                            \
     _mm256_set1_epi32((p)->act_max - (p)->zy),                                            \
     _mm256_set1_epi32((p)->zy)}

static inline __attribute__((always_inline)) __m256i
eq_requantize_eight_avx2(__m256i x, const eq_requantize_avx2 *n, int from, int single)
{
    const __m256i d = _mm256_sub_epi32(x, n->zx);
    const __m256i v = from != EQ_WORDS ? eq_scale_x8(d, &n->scaling, single)
                      : single         ? eq_requantize_x8_single(d, n->mult, n->shift)
                                       : eq_requantize_x8_double(d, n->mult, n->shift);
    const __m256i clamped = _mm256_min_epi32(_mm256_max_epi32(v, n->lo), n->hi);
    return _mm256_add_epi32(clamped, n->zy);
}

/* Sixteen elements from x on, in int16. */
static inline __attribute__((always_inline)) __m256i eq_requantize_sixteen_avx2(
    const int8_t *x, const eq_requantize_avx2 *n, int from, int single)
{
    if (from == EQ_WORDS) {
        const __m256i low = eq_requantize_eight_avx2(eq_load_x32(x), n, from, single);
        const __m256i high = eq_requantize_eight_avx2(eq_load_x32(x + 32), n, from, single);
        return _mm256_permute4x64_epi64(_mm256_packs_epi32(low, high), 0xd8);
    }
    const __m256i v =
        from == EQ_BYTES ? _mm256_cvtepi8_epi16(eq_load_x16(x)) : eq_load_x32(x);
    const __m256i sign = _mm256_srai_epi16(v, 15);
    const __m256i low =
        eq_requantize_eight_avx2(_mm256_unpacklo_epi16(v, sign), n, from, single);
    const __m256i high =
        eq_requantize_eight_avx2(_mm256_unpackhi_epi16(v, sign), n, from, single);
    return _mm256_packs_epi32(low, high);
}

static inline __attribute__((always_inline)) void
eq_requantize_store_avx2(int8_t *y, __m256i v, int to)
{
    if (to == EQ_HALVES)
        eq_store_x32(y, v);
    else
        eq_store_x16(
            y, _mm_packs_epi16(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1)));
}

/* `count` elements, at least sixteen; the last, taken from x before y is written, go back to be
 * whole, so y may be x where both are of one size. */
static inline __attribute__((always_inline)) void
eq_requantize_all_avx2(const void *from_x, void *to_y, int32_t count,
                       const eq_requantize_avx2 *n, int from, int to, int single)
{
    const int8_t *x = from_x;
    int8_t *y = to_y;
    const int32_t back = count - 16;
    const __m256i last = eq_requantize_sixteen_avx2(x + back * from, n, from, single);
    for (int32_t i = 0; i < back; i += 16)
        eq_requantize_store_avx2(
            y + i * to, eq_requantize_sixteen_avx2(x + i * from, n, from, single), to);
    eq_requantize_store_avx2(y + back * to, last, to);
}

#endif
