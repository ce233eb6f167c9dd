/* Sums and differences of int8 and of int16 on different scales for AVX2: 32 bytes at once.
 *
 * Both rescales have a shift of at least 31 and take doubled values: with v = 32 * (b - zb) as
 * int16, v * 2^16 is 2 * (2^20 * b + cb), and likewise 2 * (ka * a + ca) from 16 * (a - za) or
 * its negative; of int16, 2 * 2^15 * b is b * 2^16 and 2 * 2^14 * a half of a * 2^16.
 *
 * Exact: 32 * 255 fits int16, and the contracts' ranges say that doubled values fit int32.  What
 * is subtracted has its bits flipped and 1 added.
 */
#ifndef EDGEQ_ADD_AVX2_H
#define EDGEQ_ADD_AVX2_H

#include "edgeq/add_s16.h"
#include "edgeq/add_s8.h"
#include "edgeq/elementwise_avx2.h"
#include "edgeq/pairs_avx2.h"
#include "edgeq/rescale_avx2.h"

typedef struct {
    eq_scaling_x8 b, y;
    __m256i za, zb, ka; /* of int8; ka is 16 or -16 */
    __m256i flip_a,
        flip_b; /* -1 where an operand is subtracted, else 0; of int16, and of b */
    eq_limits_avx2 limits;
} eq_add_avx2;

/* Eight sums, of 2 * (ka * a + ca) and what is to be rescaled of b. */
static inline __attribute__((always_inline)) __m256i eq_add_eight_avx2(__m256i a, __m256i b,
                                                                       const eq_add_avx2 *n,
                                                                       int single)
{
    const __m256i scaled = eq_scale_shifted_x8(b, &n->b, single);
    const __m256i r = _mm256_xor_si256(_mm256_add_epi32(scaled, scaled), n->flip_b);
    const __m256i t = _mm256_add_epi32(_mm256_sub_epi32(a, n->flip_b), r);
    return eq_scale_shifted_x8(t, &n->y, single);
}

/* Sixteen, of a - za and b - zb. */
static inline __attribute__((always_inline)) eq_halves_avx2
eq_add_sixteen_avx2(__m256i a, __m256i b, const eq_add_avx2 *n, int single)
{
    const eq_halves_avx2 of_a = eq_raise_avx2(_mm256_mullo_epi16(a, n->ka));
    const eq_halves_avx2 of_b = eq_raise_avx2(_mm256_slli_epi16(b, 5));
    const eq_halves_avx2 h = {eq_add_eight_avx2(of_a.low, of_b.low, n, single),
                              eq_add_eight_avx2(of_a.high, of_b.high, n, single)};
    return h;
}

static inline __attribute__((always_inline)) __m256i eq_add_bytes_avx2(__m256i a, __m256i b,
                                                                       const eq_add_avx2 *n,
                                                                       int single)
{
    const eq_halves_avx2 v = eq_less_avx2(a, n->za), w = eq_less_avx2(b, n->zb);
    const eq_halves_avx2 p = eq_add_sixteen_avx2(v.low, w.low, n, single);
    const eq_halves_avx2 q = eq_add_sixteen_avx2(v.high, w.high, n, single);
    return eq_narrow_s8_avx2(p, q, &n->limits);
}

/* 2 * ka * a of what is 2^16 * a. */
static inline __m256i eq_add_half_avx2(__m256i a, const eq_add_avx2 *n)
{
    const __m256i v = _mm256_xor_si256(_mm256_srai_epi32(a, 1), n->flip_a);
    return _mm256_sub_epi32(v, n->flip_a);
}

static inline __attribute__((always_inline)) __m256i eq_add_words_avx2(__m256i a, __m256i b,
                                                                       const eq_add_avx2 *n,
                                                                       int single)
{
    const eq_halves_avx2 v = eq_raise_avx2(a), w = eq_raise_avx2(b);
    const eq_halves_avx2 h = {
        eq_add_eight_avx2(eq_add_half_avx2(v.low, n), w.low, n, single),
        eq_add_eight_avx2(eq_add_half_avx2(v.high, n), w.high, n, single)};
    return eq_narrow_s16_avx2(h, &n->limits);
}

/* One for each width and rounding form. */
EQ_PAIR_AVX2(eq_add_s8_double_avx2, eq_add_bytes_avx2, EQ_DOUBLE)
EQ_PAIR_AVX2(eq_add_s8_single_avx2, eq_add_bytes_avx2, EQ_SINGLE)
EQ_PAIR_AVX2(eq_add_s16_double_avx2, eq_add_words_avx2, EQ_DOUBLE)
EQ_PAIR_AVX2(eq_add_s16_single_avx2, eq_add_words_avx2, EQ_SINGLE)

static inline __attribute__((always_inline)) void eq_add_s8_avx2(const int8_t *a,
                                                                 const int8_t *b, int8_t *y,
                                                                 const eq_add_s8_params *p,
                                                                 int single)
{
    const eq_walk_avx2 w = EQ_WALK_AVX2(p, 1);
    const eq_add_avx2 n = {
        .b = eq_scaling_of_x8(p->mult_b, p->shift_b, single),
        .y = eq_scaling_of_x8(p->mult_y, p->shift_y, single),
        .za = eq_zero_avx2(-p->ca / p->ka),
        .zb = eq_zero_avx2(-p->cb / (1 << 20)),
        .ka = _mm256_set1_epi16((int16_t)(p->ka / (1 << 15))),
        .flip_b = _mm256_set1_epi32(p->kb < 0 ? -1 : 0),
        .limits = eq_limits_s8_avx2(p->zy, p->act_min, p->act_max),
    };
    eq_pairs_avx2(a, b, y, &w, &n, single ? eq_add_s8_single_avx2 : eq_add_s8_double_avx2);
}

static inline __attribute__((always_inline)) void
eq_add_s16_avx2(const int16_t *a, const int16_t *b, int16_t *y, const eq_add_s16_params *p,
                int single)
{
    const eq_walk_avx2 w = EQ_WALK_AVX2(p, 2);
    const eq_add_avx2 n = {
        .b = eq_scaling_of_x8(p->mult_b, p->shift_b, single),
        .y = eq_scaling_of_x8(p->mult_y, p->shift_y, single),
        .flip_a = _mm256_set1_epi32(p->ka < 0 ? -1 : 0),
        .flip_b = _mm256_set1_epi32(p->kb < 0 ? -1 : 0),
        .limits = eq_limits_s16_avx2(p->zy, p->act_min, p->act_max),
    };
    eq_pairs_avx2(a, b, y, &w, &n,
                  single ? eq_add_s16_single_avx2 : eq_add_s16_double_avx2);
}

#endif
