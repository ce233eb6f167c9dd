/* Products of int8 and of int16, and of int8 with a slope below zero, for AVX2: 32 bytes at
 * once.
 *
 * Exact: differences of bytes fit int16, and their products, shifted left for a factor of 1 and
 * more and once again, int32, as elementwise_avx2.h needs it; those of int16 may be 2^30 and
 * are rescaled by fixed_point_avx2.h.
 */
#ifndef EDGEQ_MUL_AVX2_H
#define EDGEQ_MUL_AVX2_H

#include "edgeq/elementwise_avx2.h"
#include "edgeq/fixed_point_avx2.h"
#include "edgeq/mul_s16.h"
#include "edgeq/mul_s8.h"
#include "edgeq/pairs_avx2.h"
#include "edgeq/prelu_s8.h"
#include "edgeq/rescale_avx2.h"

typedef struct {
    eq_scaling_x8 scaling, below;
    __m256i za, zb, mult, shift;
    eq_limits_avx2 limits;
} eq_mul_avx2;

static inline __attribute__((always_inline)) eq_halves_avx2
eq_mul_scale_avx2(eq_halves_avx2 v, const eq_scaling_x8 *s, int single)
{
    const eq_halves_avx2 h = {eq_scale_x8(v.low, s, single),
                              eq_scale_x8(v.high, s, single)};
    return h;
}

static inline __attribute__((always_inline)) __m256i eq_mul_bytes_avx2(__m256i a, __m256i b,
                                                                       const eq_mul_avx2 *n,
                                                                       int single)
{
    const eq_halves_avx2 v = eq_less_avx2(a, n->za), w = eq_less_avx2(b, n->zb);
    const eq_halves_avx2 p =
        eq_mul_scale_avx2(eq_products_avx2(v.low, w.low), &n->scaling, single);
    const eq_halves_avx2 q =
        eq_mul_scale_avx2(eq_products_avx2(v.high, w.high), &n->scaling, single);
    return eq_narrow_s8_avx2(p, q, &n->limits);
}

static inline __m256i eq_mul_requantize_avx2(__m256i v, const eq_mul_avx2 *n, int single)
{
    return single ? eq_requantize_x8_single(v, n->mult, n->shift)
                  : eq_requantize_x8_double(v, n->mult, n->shift);
}

static inline __attribute__((always_inline)) __m256i eq_mul_words_avx2(__m256i a, __m256i b,
                                                                       const eq_mul_avx2 *n,
                                                                       int single)
{
    const eq_halves_avx2 v = eq_products_avx2(a, b);
    const eq_halves_avx2 h = {eq_mul_requantize_avx2(v.low, n, single),
                              eq_mul_requantize_avx2(v.high, n, single)};
    return eq_narrow_s16_avx2(h, &n->limits);
}

/* Sixteen differences to za: rescaled, those below zero after a product with their slope. */
static inline __attribute__((always_inline)) eq_halves_avx2
eq_prelu_sixteen_avx2(__m256i a, __m256i slope, const eq_mul_avx2 *n, int single)
{
    const __m256i negative = _mm256_srai_epi16(a, 15);
    const eq_halves_avx2 above = {_mm256_unpacklo_epi16(a, negative),
                                  _mm256_unpackhi_epi16(a, negative)};
    const eq_halves_avx2 p = eq_mul_scale_avx2(above, &n->scaling, single);
    const eq_halves_avx2 q =
        eq_mul_scale_avx2(eq_products_avx2(a, slope), &n->below, single);
    const eq_halves_avx2 h = {
        _mm256_blendv_epi8(p.low, q.low, _mm256_unpacklo_epi16(negative, negative)),
        _mm256_blendv_epi8(p.high, q.high, _mm256_unpackhi_epi16(negative, negative))};
    return h;
}

static inline __attribute__((always_inline)) __m256i
eq_prelu_bytes_avx2(__m256i a, __m256i b, const eq_mul_avx2 *n, int single)
{
    const eq_halves_avx2 v = eq_less_avx2(a, n->za), w = eq_less_avx2(b, n->zb);
    const eq_halves_avx2 p = eq_prelu_sixteen_avx2(v.low, w.low, n, single);
    const eq_halves_avx2 q = eq_prelu_sixteen_avx2(v.high, w.high, n, single);
    return eq_narrow_s8_avx2(p, q, &n->limits);
}

/* One for each kind and rounding form. */
EQ_PAIR_AVX2(eq_mul_s8_double_avx2, eq_mul_bytes_avx2, EQ_DOUBLE)
EQ_PAIR_AVX2(eq_mul_s8_single_avx2, eq_mul_bytes_avx2, EQ_SINGLE)
EQ_PAIR_AVX2(eq_mul_s16_double_avx2, eq_mul_words_avx2, EQ_DOUBLE)
EQ_PAIR_AVX2(eq_mul_s16_single_avx2, eq_mul_words_avx2, EQ_SINGLE)
EQ_PAIR_AVX2(eq_prelu_s8_double_avx2, eq_prelu_bytes_avx2, EQ_DOUBLE)
EQ_PAIR_AVX2(eq_prelu_s8_single_avx2, eq_prelu_bytes_avx2, EQ_SINGLE)

static inline __attribute__((always_inline)) void eq_mul_s8_avx2(const int8_t *a,
                                                                 const int8_t *b, int8_t *y,
                                                                 const eq_mul_s8_params *p,
                                                                 int single)
{
    const eq_walk_avx2 w = EQ_WALK_AVX2(p, 1);
    const eq_mul_avx2 n = {
        .scaling = eq_scaling_of_x8(p->mult, p->shift, single),
        .za = eq_zero_avx2(p->za),
        .zb = eq_zero_avx2(p->zb),
        .limits = eq_limits_s8_avx2(p->zy, p->act_min, p->act_max),
    };
    eq_pairs_avx2(a, b, y, &w, &n, single ? eq_mul_s8_single_avx2 : eq_mul_s8_double_avx2);
}

static inline __attribute__((always_inline)) void
eq_mul_s16_avx2(const int16_t *a, const int16_t *b, int16_t *y, const eq_mul_s16_params *p,
                int single)
{
    const eq_walk_avx2 w = EQ_WALK_AVX2(p, 2);
    const eq_mul_avx2 n = {
        .mult = _mm256_set1_epi32(p->mult),
        .shift = _mm256_set1_epi32(p->shift),
        .limits = eq_limits_s16_avx2(p->zy, p->act_min, p->act_max),
    };
    eq_pairs_avx2(a, b, y, &w, &n,
                  single ? eq_mul_s16_single_avx2 : eq_mul_s16_double_avx2);
}

static inline __attribute__((always_inline)) void
eq_prelu_s8_avx2(const int8_t *a, const int8_t *b, int8_t *y, const eq_prelu_s8_params *p,
                 int single)
{
    const eq_walk_avx2 w = EQ_WALK_AVX2(p, 1);
    const eq_mul_avx2 n = {
        .scaling = eq_scaling_of_x8(p->mult, p->shift, single),
        .below = eq_scaling_of_x8(p->mult_neg, p->shift_neg, single),
        .za = eq_zero_avx2(p->za),
        .zb = eq_zero_avx2(p->zb),
        .limits = eq_limits_s8_avx2(p->zy, INT8_MIN, INT8_MAX),
    };
    eq_pairs_avx2(a, b, y, &w, &n,
                  single ? eq_prelu_s8_single_avx2 : eq_prelu_s8_double_avx2);
}

#endif
