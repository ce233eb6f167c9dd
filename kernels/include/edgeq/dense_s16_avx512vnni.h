/* Rows of weights by a vector of int16 for AVX-512 VNNI: up to 64 outputs at once, four inputs a
 * step.
 *
 * Two inputs are broadcast from memory, and VPDPWSSD multiplies them with those of sixteen outputs.
 * Weights are packed (o/16, i/4, i/2%2, o%16, i%2), those of int4 (o/16, i/4, o%16, i%2, i/2%2).
 *
 * Exact: a sum of two products is at most 2^23 in magnitude, so int32 holds those of 510 inputs,
 * and parts of 508 are added as int64.  Inputs behind the last are zero.
 */
#ifndef EDGEQ_DENSE_S16_AVX512VNNI_H
#define EDGEQ_DENSE_S16_AVX512VNNI_H

#include "edgeq/rescale16_avx512.h"
#include "edgeq/words_avx512vnni.h"

enum { EQ_PART16_X512 = 508 };

/* A layer: its constants and sizes. */
typedef struct {
    const int8_t *w;
    const int64_t *bias;
    const int32_t *mult, *shift;
    int32_t batch, in_dim, out_dim;
    eq_range16_avx512 range;
} eq_dense16_layer_x512;

/* Sums of sixteen outputs from the first and from the other two inputs of each four. */
typedef struct {
    __m512i first, second;
} eq_fours16_x512;

/* Four inputs of sixteen outputs. */
EQ_INLINE_AVX512 void eq_four_inputs16_x512(eq_fours16_x512 *s, const int8_t *x,
                                            const int8_t *w, int is_int4)
{
    const eq_weights16_x512 v = eq_weights_x512(w, 32, is_int4);
    eq_mac_two_at_x512(&s->first, x, v.first);
    eq_mac_two_at_x512(&s->second, x + 4, v.second);
}

/* Sums of 64 outputs. */
typedef struct {
    eq_fours16_x512 a, b, c, d;
} eq_dense16_sums_x512;

EQ_INLINE_AVX512 void eq_dense16_step_x512(eq_dense16_sums_x512 *s, const int8_t *x,
                                           const int8_t *w, int64_t block, int four,
                                           int is_int4)
{
    eq_four_inputs16_x512(&s->a, x, w, is_int4);
    if (four) {
        eq_four_inputs16_x512(&s->b, x, w + block, is_int4);
        eq_four_inputs16_x512(&s->c, x, w + 2 * block, is_int4);
        eq_four_inputs16_x512(&s->d, x, w + 3 * block, is_int4);
    }
}

/* n inputs at x, at most 508, of which the last n % 4 are at `tail`, by 64 outputs or sixteen. */
EQ_INLINE_AVX512 eq_dense16_sums_x512 eq_dense16_part_x512(const int16_t *x,
                                                           const int16_t *tail,
                                                           const int8_t *w, int32_t n,
                                                           int64_t block, int four,
                                                           int is_int4)
{
    const eq_fours16_x512 none = {_mm512_setzero_si512(), _mm512_setzero_si512()};
    const int8_t *const from = (const int8_t *)(const void *)x;
    const int32_t bytes = is_int4 ? 32 : 64;
    eq_dense16_sums_x512 s = {none, none, none, none};
    int32_t i = 0;
    for (; i + 4 <= n; i += 4, w += bytes)
        eq_dense16_step_x512(&s, from + 2 * (int64_t)i, w, block, four, is_int4);
    if (i < n)
        eq_dense16_step_x512(&s, (const int8_t *)(const void *)tail, w, block, four,
                             is_int4);
    return s;
}

/* int64 sums of 64 outputs. */
typedef struct {
    eq_long_x16 a, b, c, d;
} eq_dense16_far_x512;

EQ_INLINE_AVX512 eq_long_x16 eq_add_fours16_x512(eq_long_x16 sum, const eq_fours16_x512 *s)
{
    return eq_add_long_x16(sum, _mm512_add_epi32(s->first, s->second));
}

EQ_INLINE_AVX512 void eq_dense16_add_x512(eq_dense16_far_x512 *y,
                                          const eq_dense16_sums_x512 *s, int four)
{
    y->a = eq_add_fours16_x512(y->a, &s->a);
    if (four) {
        y->b = eq_add_fours16_x512(y->b, &s->b);
        y->c = eq_add_fours16_x512(y->c, &s->c);
        y->d = eq_add_fours16_x512(y->d, &s->d);
    }
}

/* Sixteen sums, rescaled, clamped and stored. */
EQ_INLINE_AVX512 void eq_dense16_store_x512(const eq_dense16_layer_x512 *t, eq_long_x16 sum,
                                            int16_t *y, int32_t o, int form)
{
    const eq_factors16_x16 f = eq_load_factors16_x16(t->mult + o, t->shift + o, form);
    const __m512i v = eq_rescale_long_x16(sum, &f, form);
    const __m512i order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
    const __m512i words =
        _mm512_permutexvar_epi64(order, eq_narrow_s16_x32(v, v, &t->range));
    eq_store16_x16(y + o, _mm512_castsi512_si256(words), t->out_dim - o);
}

/* 64 outputs from o on, or sixteen, of a row of inputs. */
EQ_INLINE_AVX512 void eq_dense16_row_x512(const eq_dense16_layer_x512 *t, const int16_t *x,
                                          int16_t *y, int32_t o, int four, int is_int4,
                                          int form)
{
    const int32_t rest = t->in_dim % 4, bytes = is_int4 ? 8 : 16;
    const int64_t block = (int64_t)(t->in_dim + 3) / 4 * 4 * bytes;
    const int8_t *w = t->w + o / 16 * block;
    int16_t tail[4] = {0};
    memcpy(tail, x + t->in_dim - rest, (size_t)rest * sizeof *x);
    const eq_long_x16 a = eq_load_long_x16(t->bias + o);
    eq_dense16_far_x512 y64 = {a, a, a, a};
    if (four) {
        y64.b = eq_load_long_x16(t->bias + o + 16);
        y64.c = eq_load_long_x16(t->bias + o + 32);
        y64.d = eq_load_long_x16(t->bias + o + 48);
    }
    for (int32_t i = 0; i < t->in_dim; i += EQ_PART16_X512) {
        const int32_t left = t->in_dim - i;
        const int32_t n = left < EQ_PART16_X512 ? left : EQ_PART16_X512;
        const eq_dense16_sums_x512 s =
            eq_dense16_part_x512(x + i, tail, w, n, block, four, is_int4);
        eq_dense16_add_x512(&y64, &s, four);
        w += EQ_PART16_X512 * bytes;
    }
    eq_dense16_store_x512(t, y64.a, y, o, form);
    if (four) {
        eq_dense16_store_x512(t, y64.b, y, o + 16, form);
        eq_dense16_store_x512(t, y64.c, y, o + 32, form);
        eq_dense16_store_x512(t, y64.d, y, o + 48, form);
    }
}

/* A whole call; the last two are constants. */
EQ_INLINE_AVX512 void eq_dense16_rows_x512(const eq_dense16_layer_x512 *t, const int16_t *x,
                                           int16_t *y, int is_int4, int form)
{
    int32_t o = 0;
    for (; o + 48 < t->out_dim; o += 64)
        for (int32_t n = 0; n < t->batch; ++n)
            eq_dense16_row_x512(t, x + (int64_t)n * t->in_dim, y + (int64_t)n * t->out_dim,
                                o, 1, is_int4, form);
    for (; o < t->out_dim; o += 16)
        for (int32_t n = 0; n < t->batch; ++n)
            eq_dense16_row_x512(t, x + (int64_t)n * t->in_dim, y + (int64_t)n * t->out_dim,
                                o, 0, is_int4, form);
}

#endif
