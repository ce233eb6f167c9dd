/* Rows of weights by a vector for AVX-VNNI: eight outputs at once, 32 inputs a step.
 *
 * Weights are packed (o/8, i/32, o%8, i%32): inputs become x + 128 once for eight rows, VPDPBUSD
 * takes weights from memory, and the eight sums are added up across at the end.  Those of int4
 * are packed (o/8, i/32, o/2%4, i%32, o%2), so a byte holds one of either of two rows.
 *
 * Exact: VPDPBUSD does not saturate, and its sums are modulo 2^32.  Biases have 128 times the sum of
 * their weights taken away (@offset), so the last sum is the contract's, which is in range; a zero
 * point zw of the weights takes zw times the sum of the inputs from it.  Inputs behind the last
 * meet weights of zero.  16-fold sums of nibbles: see dots_avxvnni.h; those of 28 bits fit.
 */
#ifndef EDGEQ_DENSE_AVXVNNI_H
#define EDGEQ_DENSE_AVXVNNI_H

#include "edgeq/dense_avx2.h"
#include "edgeq/dots_avxvnni.h"

EQ_INLINE_AVX2 __m256i eq_row_step_avxvnni(__m256i sum, __m256i x, const int8_t *w)
{
    return _mm256_dpbusd_epi32(sum, x, eq_load_bytes_avxvnni(w));
}

/* Two rows of int4. */
EQ_INLINE_AVX2 void eq_two_rows_step_avxvnni(__m256i *low, __m256i *high, __m256i x,
                                             const int8_t *w)
{
    const eq_weights_avxvnni v = eq_load_weights_avxvnni(w, 1);
    *low = _mm256_dpbusd_epi32(*low, x, v.u);
    *high = _mm256_dpbusd_epi32(*high, x, v.v);
}

EQ_INLINE_AVX2 void eq_rows_step_avxvnni(eq_rows_avx2 *s, __m256i x, const int8_t *w,
                                         int is_int4)
{
    if (is_int4) {
        eq_two_rows_step_avxvnni(&s->a, &s->b, x, w);
        eq_two_rows_step_avxvnni(&s->c, &s->d, x, w + 32);
        eq_two_rows_step_avxvnni(&s->e, &s->f, x, w + 64);
        eq_two_rows_step_avxvnni(&s->g, &s->h, x, w + 96);
        return;
    }
    s->a = eq_row_step_avxvnni(s->a, x, w);
    s->b = eq_row_step_avxvnni(s->b, x, w + 32);
    s->c = eq_row_step_avxvnni(s->c, x, w + 64);
    s->d = eq_row_step_avxvnni(s->d, x, w + 96);
    s->e = eq_row_step_avxvnni(s->e, x, w + 128);
    s->f = eq_row_step_avxvnni(s->f, x, w + 160);
    s->g = eq_row_step_avxvnni(s->g, x, w + 192);
    s->h = eq_row_step_avxvnni(s->h, x, w + 224);
}

/* The n < 32 bytes at x, and zeros. */
EQ_INLINE_AVX2 __m256i eq_last_bytes_avxvnni(const int8_t *x, int32_t n)
{
    const __m256i at = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    const __m256i fours = _mm256_set1_epi32(n / 4);
    const __m256i whole =
        _mm256_maskload_epi32((const int *)(const void *)x, _mm256_cmpgt_epi32(fours, at));
    if (n % 4 == 0)
        return whole;
    const uint8_t *rest = (const uint8_t *)x + n / 4 * 4;
    const int32_t third = n % 4 == 3 ? rest[2] * 65536 : 0;
    const int32_t four = rest[0] + (n % 4 > 1 ? rest[1] * 256 : 0) + third;
    return _mm256_blendv_epi8(whole, _mm256_set1_epi32(four),
                              _mm256_cmpeq_epi32(fours, at));
}

/* The dot products of n inputs at x with eight rows, first of the last 32, or less. */
EQ_INLINE_AVX2 __m256i eq_dense_avxvnni(const int8_t *x, const int8_t *w, int32_t n,
                                        int is_int4)
{
    const __m256i zero = _mm256_setzero_si256(), top = _mm256_set1_epi8(INT8_MIN);
    const int64_t bytes = is_int4 ? 128 : 256;
    const int32_t steps = (n - 1) / 32;
    const int8_t *const last = x + 32 * (int64_t)steps;
    const __m256i v =
        n % 32 == 0 ? eq_load_bytes_avxvnni(last) : eq_last_bytes_avxvnni(last, n % 32);
    eq_rows_avx2 s = {zero, zero, zero, zero, zero, zero, zero, zero};
    eq_rows_step_avxvnni(&s, _mm256_xor_si256(v, top), w + steps * bytes, is_int4);
    eq_stay_avxvnni(&s.a, &s.b, &s.c, &s.d);
    eq_stay_avxvnni(&s.e, &s.f, &s.g, &s.h);
    for (; x < last; x += 32) {
        eq_rows_step_avxvnni(&s, eq_above_avxvnni(x), w, is_int4);
        w += bytes;
        eq_stay_avxvnni(&s.a, &s.b, &s.c, &s.d);
        eq_stay_avxvnni(&s.e, &s.f, &s.g, &s.h);
    }
    return eq_across_avx2(s);
}

/* Functions of their own, so that nothing else takes registers. */
EQ_APART_AVX2 __m256i eq_dense_int8_avxvnni(const int8_t *x, const int8_t *w, int32_t n)
{
    return eq_dense_avxvnni(x, w, n, 0);
}

EQ_APART_AVX2 __m256i eq_dense_int4_avxvnni(const int8_t *x, const int8_t *w, int32_t n)
{
    return eq_dense_avxvnni(x, w, n, 1);
}

/* The sum of n inputs. */
static inline int32_t eq_sum_avxvnni(const int8_t *x, int32_t n)
{
    const __m256i one = _mm256_set1_epi8(1);
    __m256i sum = _mm256_setzero_si256();
    for (; n >= 32; n -= 32) {
        sum = eq_row_step_avxvnni(sum, one, x);
        x += 32;
    }
    return eq_total_avxvnni(_mm256_dpbusd_epi32(sum, one, eq_last_bytes_avxvnni(x, n)));
}

/* Eight outputs of a row of inputs; `more` is added to their sums. */
EQ_INLINE_AVX2 void eq_dense_eight_avxvnni(const eq_dense_layer_avx2 *t, const int8_t *x,
                                           int8_t *y, int32_t o, int32_t more, int is_int4,
                                           int single)
{
    const int64_t row = (int64_t)(t->in_dim + 31) / 32 * (is_int4 ? 16 : 32);
    const __m256i bias =
        _mm256_add_epi32(eq_bias_avxvnni(t->bias + o, _mm256_setzero_si256(), is_int4),
                         _mm256_set1_epi32(more));
    const int8_t *const w = t->w + o * row;
    const __m256i dots = is_int4 ? eq_dense_int4_avxvnni(x, w, t->in_dim)
                                 : eq_dense_int8_avxvnni(x, w, t->in_dim);
    const __m256i sum = _mm256_add_epi32(dots, bias);
    const __m256i acc = is_int4 ? _mm256_srai_epi32(sum, 4) : sum;
    eq_store_x8_avx2(y + o, eq_dense_scaled_avx2(acc, t->mult + o, t->shift + o, single),
                     t->out_dim - o, &t->range);
}

/* All rows of inputs, one after another for each eight outputs. */
EQ_INLINE_AVX2 void eq_dense_rows_avxvnni(const eq_dense_layer_avx2 *t, const int8_t *x,
                                          int8_t *y, int is_int4, int single)
{
    for (int32_t o = 0; o < t->out_dim; o += 8)
        for (int32_t n = 0; n < t->batch; ++n)
            eq_dense_eight_avxvnni(t, x + (int64_t)n * t->in_dim,
                                   y + (int64_t)n * t->out_dim, o, 0, is_int4, single);
}

/* The same of weights with a zero point, all outputs for each row, whose sum is made once. */
EQ_INLINE_AVX2 void eq_dense_rows_zw_avxvnni(const eq_dense_layer_avx2 *t, const int8_t *x,
                                             int8_t *y, int32_t zw, int single)
{
    for (int32_t n = 0; n < t->batch; ++n) {
        const int32_t more = -zw * eq_sum_avxvnni(x, t->in_dim);
        for (int32_t o = 0; o < t->out_dim; o += 8)
            eq_dense_eight_avxvnni(t, x, y, o, more, 0, single);
        x += t->in_dim;
        y += t->out_dim;
    }
}

#endif
