/* Rows of weights by a vector for AVX2: 32 outputs at once, four inputs a step.
 *
 * Four inputs are broadcast, VPMADDUBSW multiplies their magnitudes with weights of their signs, and
 * VPMADDWD by ones adds what is left of an output's four products.  Weights are packed
 * (o/32, i/4, o/4%4, o/16%2, o%2, o/2%2, i%4), of a fused rescale
 * (o/32, i/4, o/8%2, o%2, o/16%2, o/2%4, i%4), so they are read once, in order, no sums lie across,
 * and narrowing leaves outputs in order.
 *
 * Exact: |x| <= 128 is no number above 255, weights of at least -127 change sign within int8,
 * and two products are at most 2 * 128 * 127 = 32512 < 2^15 in magnitude, so that nothing saturates;
 * int32 holds sums in any order by the contract's proof.  Inputs behind the last are zero.
 */
#ifndef EDGEQ_DENSE_WIDE_AVX2_H
#define EDGEQ_DENSE_WIDE_AVX2_H

#include "edgeq/fused_avx2.h"
#include "edgeq/scale_avx2.h"

/* Sums of 32 outputs: 0..3 and 16..19 and so on; of a fused rescale 0, 2, 4, 6 and 16, 18, 20, 22 and
 * so on. */
typedef struct {
    __m256i a, b, c, d;
} eq_wide_avx2;

/* Four products of eight outputs on top of their sums; m are the magnitudes of x. */
EQ_INLINE_AVX2 __m256i eq_quad_avx2(__m256i sum, __m256i x, __m256i m, const int8_t *w)
{
    const __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)w);
    const __m256i two = _mm256_maddubs_epi16(m, _mm256_sign_epi8(v, x));
    return _mm256_add_epi32(sum, _mm256_madd_epi16(two, _mm256_set1_epi16(1)));
}

EQ_INLINE_AVX2 eq_wide_avx2 eq_wide_step_avx2(eq_wide_avx2 s, int32_t four, const int8_t *w)
{
    const __m256i x = _mm256_set1_epi32(four), m = _mm256_abs_epi8(x);
    s.a = eq_quad_avx2(s.a, x, m, w);
    s.b = eq_quad_avx2(s.b, x, m, w + 32);
    s.c = eq_quad_avx2(s.c, x, m, w + 64);
    s.d = eq_quad_avx2(s.d, x, m, w + 96);
    return s;
}

/* n inputs at x by 32 outputs. */
EQ_INLINE_AVX2 eq_wide_avx2 eq_wide_dots_avx2(eq_wide_avx2 s, const int8_t *x, int32_t n,
                                              const int8_t *w)
{
    int32_t four, i = 0;
    for (; i + 8 <= n; i += 8) {
        memcpy(&four, x + i, sizeof four);
        s = eq_wide_step_avx2(s, four, w + (int64_t)32 * i);
        memcpy(&four, x + i + 4, sizeof four);
        s = eq_wide_step_avx2(s, four, w + (int64_t)32 * i + 128);
    }
    for (; i + 4 <= n; i += 4) {
        memcpy(&four, x + i, sizeof four);
        s = eq_wide_step_avx2(s, four, w + (int64_t)32 * i);
    }
    if (i == n)
        return s;
    four = 0;
    memcpy(&four, x + i, (size_t)(n - i));
    return eq_wide_step_avx2(s, four, w + (int64_t)32 * i);
}

/* A layer: its constants and sizes. */
typedef struct {
    const int8_t *w;
    const int32_t *bias, *mult, *shift;
    int32_t in_dim, out_dim;
    eq_range_avx2 range;
} eq_dense_wide_avx2;

/* How the dot products of n inputs at x with 32 rows of weights at w are put on top of sums; always
 * inlined. */
typedef eq_wide_avx2 eq_wide_dots_fn(eq_wide_avx2 s, const int8_t *x, int32_t n,
                                     const int8_t *w);

/* Eight sums rescaled; by EQ_FUSED as it leaves them. */
EQ_INLINE_AVX2 __m256i eq_wide_scaled_avx2(const eq_dense_wide_avx2 *t, __m256i sum,
                                           int32_t o, int mode)
{
    if (mode == EQ_FUSED) {
        const eq_fused_x256 f = eq_load_fused_x256(t->mult + o, t->shift + o);
        return eq_fused_x8(sum, &f);
    }
    const eq_scale_avx2 f = eq_load_scale_avx2(t->mult + o, t->shift + o, mode);
    return eq_scaled_avx2(sum, &f, mode);
}

/* 32 sums, of the outputs from o on, as bytes. */
EQ_INLINE_AVX2 __m256i eq_wide_bytes_avx2(const eq_dense_wide_avx2 *t,
                                          const eq_wide_avx2 *s, int32_t o, int mode)
{
    const __m256i a = eq_wide_scaled_avx2(t, s->a, o, mode);
    const __m256i b = eq_wide_scaled_avx2(t, s->b, o + 8, mode);
    const __m256i c = eq_wide_scaled_avx2(t, s->c, o + 16, mode);
    const __m256i d = eq_wide_scaled_avx2(t, s->d, o + 24, mode);
    if (mode != EQ_FUSED)
        return eq_bytes_avx2(_mm256_packs_epi32(a, b), _mm256_packs_epi32(c, d), &t->range);
    const __m256i v =
        _mm256_packs_epi16(eq_fused_words_x16(a, b), eq_fused_words_x16(c, d));
    return _mm256_min_epi8(_mm256_max_epi8(v, t->range.lo), t->range.hi);
}

/* The biases of the eight outputs from o on. */
EQ_INLINE_AVX2 __m256i eq_wide_bias_avx2(const eq_dense_wide_avx2 *t, int32_t o, int mode)
{
    return mode == EQ_FUSED ? eq_load_x8(t->bias + o) : eq_load_bias_avx2(t->bias + o);
}

/* The 32 outputs from o on. */
EQ_INLINE_AVX2 __m256i eq_wide_outputs_avx2(const eq_dense_wide_avx2 *t, const int8_t *x,
                                            int32_t o, eq_wide_dots_fn *dots, int mode)
{
    const eq_wide_avx2 bias = {
        eq_wide_bias_avx2(t, o, mode), eq_wide_bias_avx2(t, o + 8, mode),
        eq_wide_bias_avx2(t, o + 16, mode), eq_wide_bias_avx2(t, o + 24, mode)};
    const int64_t room = (t->in_dim + 3) / 4 * 4;
    const eq_wide_avx2 s = dots(bias, x, t->in_dim, t->w + o * room);
    return eq_wide_bytes_avx2(t, &s, o, mode);
}

/* One row of outputs. */
EQ_INLINE_AVX2 void eq_dense_wide_row_avx2(const eq_dense_wide_avx2 *t, const int8_t *x,
                                           int8_t *y, eq_wide_dots_fn *dots, int mode)
{
    int32_t o = 0;
    for (; o + 32 <= t->out_dim; o += 32)
        _mm256_storeu_si256((__m256i *)(void *)(y + o),
                            eq_wide_outputs_avx2(t, x, o, dots, mode));
    if (o < t->out_dim) {
        int8_t some[32];
        _mm256_storeu_si256((__m256i *)(void *)some,
                            eq_wide_outputs_avx2(t, x, o, dots, mode));
        memcpy(y + o, some, (size_t)(t->out_dim - o));
    }
}

#endif
