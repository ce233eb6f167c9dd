/* Rows of weights by a vector of int16 for AVX2: eight outputs at once, sixteen inputs a step.
 *
 * Weights are packed as those of dense_avx2.h.
 *
 * Exact: VPMADDWD adds two products to at most 2^23 in magnitude, so the 248 of 31 steps, added
 * across, stay within int32; those of 31 steps at a time are added as int64.  Inputs behind the
 * last are zero.
 */
#ifndef EDGEQ_DENSE_S16_AVX2_H
#define EDGEQ_DENSE_S16_AVX2_H

#include "edgeq/dense_avx2.h"
#include "edgeq/rescale16_avx2.h"

enum { EQ_PART16_AVX2 = 31 * 16 };

/* A layer: its constants and sizes. */
typedef struct {
    const int8_t *w;
    const int64_t *bias;
    const int32_t *mult, *shift;
    int32_t batch, in_dim, out_dim;
    eq_range16_avx2 range;
} eq_dense_layer16_avx2;

EQ_INLINE_AVX2 __m256i eq_sixteen_words_avx2(const int16_t *x)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)x);
}

/* Sixteen inputs by sixteen weights of eight rows. */
EQ_INLINE_AVX2 eq_rows_avx2 eq_rows_step_kind_avx2(eq_rows_avx2 s, __m256i x,
                                                   const int8_t *w, int is_int4)
{
    return is_int4 ? eq_rows_step_int4_avx2(s, x, w) : eq_rows_step_avx2(s, x, w, NULL);
}

/* n inputs at x, at most 31 steps, of which the last n % 16 are at `tail`, with zeros behind
 * them. */
EQ_INLINE_AVX2 __m256i eq_dense16_avx2(const int16_t *x, const int16_t *tail,
                                       const int8_t *w, int32_t n, int is_int4)
{
    const __m256i zero = _mm256_setzero_si256();
    const int32_t bytes = is_int4 ? 64 : 128;
    eq_rows_avx2 s = {zero, zero, zero, zero, zero, zero, zero, zero};
    int32_t i = 0;
    for (; i + 16 <= n; i += 16) {
        s = eq_rows_step_kind_avx2(s, eq_sixteen_words_avx2(x + i), w, is_int4);
        w += bytes;
    }
    if (i < n)
        s = eq_rows_step_kind_avx2(s, eq_sixteen_words_avx2(tail), w, is_int4);
    return eq_across_avx2(s);
}

/* Eight outputs from o on of one row of inputs. */
EQ_INLINE_AVX2 __m256i eq_dense_eight16_avx2(const eq_dense_layer16_avx2 *t,
                                             const int16_t *x, const int16_t *tail,
                                             int32_t o, int is_int4, int form)
{
    const int32_t room = (t->in_dim + 15) / 16 * 16, halves = is_int4 ? 1 : 2;
    const int8_t *w = t->w + (int64_t)o * room / 2 * halves;
    const eq_factors16_x8 f = eq_load_factors16(t->mult + o, t->shift + o, form);
    eq_long_x8 sum = eq_load_long_x8(t->bias + o);
    for (int32_t i = 0; i < t->in_dim; i += EQ_PART16_AVX2) {
        const int32_t left = t->in_dim - i;
        const int32_t n = left < EQ_PART16_AVX2 ? left : EQ_PART16_AVX2;
        sum = eq_add_long_x8(sum, eq_dense16_avx2(x + i, tail, w, n, is_int4));
        w += 4 * EQ_PART16_AVX2 * halves;
    }
    return eq_rescale_long_x8(sum, &f, form);
}

/* The first n <= 8 channels of v, in order. */
EQ_INLINE_AVX2 void eq_store8_avx2(int16_t *y, __m256i v, int32_t n,
                                   const eq_range16_avx2 *r)
{
    const __m128i words =
        _mm_packs_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    const __m128i all = _mm_min_epi16(_mm_max_epi16(words, _mm256_castsi256_si128(r->lo)),
                                      _mm256_castsi256_si128(r->hi));
    memcpy(y, &all, n < 8 ? (size_t)n * sizeof *y : sizeof all);
}

EQ_INLINE_AVX2 void eq_dense_rows16_avx2(const eq_dense_layer16_avx2 *t, const int16_t *x,
                                         int16_t *y, int is_int4, int form)
{
    const int32_t rest = t->in_dim % 16;
    for (int32_t n = 0; n < t->batch; ++n) {
        int16_t tail[16] = {0};
        memcpy(tail, x + t->in_dim - rest, (size_t)rest * sizeof *x);
        for (int32_t o = 0; o < t->out_dim; o += 8)
            eq_store8_avx2(y + o, eq_dense_eight16_avx2(t, x, tail, o, is_int4, form),
                           t->out_dim - o, &t->range);
        x += t->in_dim;
        y += t->out_dim;
    }
}

#endif
