/* Rows of int4 weights by a vector for AVX-512 VNNI: up to 64 outputs at once, eight inputs a step;
 * of weights in groups the sums of each group, times its factors.
 *
 * Weights are packed (o/16, i/8, o%16, i%4, i/4%2): a byte holds those of inputs i and i + 4 of an
 * output.  As w + 8, in [0, 15], they are what VPDPBUSD takes without sign, and four inputs, which
 * it broadcasts from memory, what it takes with one: sum (x * w) is sum (x * (w + 8)) less 8 times
 * sum (x), which is made in the same way.
 *
 * Exact: VPDPBUSD does not saturate, and its sums are modulo 2^32: those of a group and of all, times
 * their factors, are the contract's, which are in range.  Inputs behind the last are zero.
 */
#ifndef EDGEQ_DENSE_INT4_AVX512VNNI_H
#define EDGEQ_DENSE_INT4_AVX512VNNI_H

#include "edgeq/rescale_avx512.h"

#include <string.h>

/* A layer: its constants and sizes; r is NULL, and the group all inputs, where there are none. */
typedef struct {
    const int8_t *w;
    const uint8_t *r;
    const int32_t *bias, *mult, *shift;
    int32_t batch, in_dim, out_dim, group, x_step, y_step;
    eq_range_avx512 range;
} eq_int4_layer_x512;

/* Four inputs. */
typedef struct {
    int8_t bytes[4];
} eq_four_inputs_x512;

/* *sum += x * w of four inputs at x, and of w without sign. */
EQ_INLINE_AVX512 void eq_mac_four_x512(__m512i *sum, __m512i w, const int8_t *x)
{
    const eq_four_inputs_x512 *const four = (const eq_four_inputs_x512 *)(const void *)x;
    __asm__("vpdpbusd %1%{1to16%}, %2, %0" : "+v"(*sum) : "m"(*four), "v"(w));
}

/* w + 8 of low nibbles: (v ^ 0x88) & 0x0f. */
EQ_INLINE_AVX512 __m512i eq_nibbles_x512(__m512i v)
{
    return _mm512_ternarylogic_epi32(v, _mm512_set1_epi8(8), _mm512_set1_epi8(15), 0x28);
}

/* Sums of sixteen outputs from the first and from the other four inputs of each eight. */
typedef struct {
    __m512i low, high;
} eq_eights_x512;

EQ_INLINE_AVX512 void eq_eight_inputs_x512(eq_eights_x512 *s, const int8_t *x,
                                           const int8_t *w)
{
    const __m512i v = _mm512_loadu_si512((const void *)w);
    eq_mac_four_x512(&s->low, eq_nibbles_x512(v), x);
    eq_mac_four_x512(&s->high, eq_nibbles_x512(_mm512_srli_epi16(v, 4)), x + 4);
}

/* Sums of 64 outputs, and 8 * sum (x). */
typedef struct {
    eq_eights_x512 a, b, c, d, x;
} eq_int4_sums_x512;

/* Eight inputs of 64 outputs, or of sixteen. */
EQ_INLINE_AVX512 void eq_int4_step_x512(eq_int4_sums_x512 *s, const int8_t *x,
                                        const int8_t *w, int64_t block, int four)
{
    const __m512i eight = _mm512_set1_epi8(8);
    eq_eight_inputs_x512(&s->a, x, w);
    if (four) {
        eq_eight_inputs_x512(&s->b, x, w + block);
        eq_eight_inputs_x512(&s->c, x, w + 2 * block);
        eq_eight_inputs_x512(&s->d, x, w + 3 * block);
    }
    eq_mac_four_x512(&s->x.low, eight, x);
    eq_mac_four_x512(&s->x.high, eight, x + 4);
}

/* sum (x * w) of sixteen outputs, times what is at r. */
EQ_INLINE_AVX512 __m512i eq_int4_group_x512(const eq_eights_x512 *s, __m512i more,
                                            const uint8_t *r)
{
    const __m512i sum = _mm512_sub_epi32(_mm512_add_epi32(s->low, s->high), more);
    if (r == NULL)
        return sum;
    const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)r);
    return _mm512_mullo_epi32(sum, _mm512_cvtepu8_epi32(bytes));
}

/* Sixteen outputs each. */
typedef struct {
    __m512i a, b, c, d;
} eq_int4_outputs_x512;

/* Inputs of a group at x, of which the last n % 8 are at `tail`, by 64 outputs or sixteen, added. */
EQ_INLINE_AVX512 void eq_int4_add_x512(eq_int4_outputs_x512 *y, const int8_t *x,
                                       const int8_t *tail, const int8_t *w,
                                       const uint8_t *r, int32_t n, int64_t block,
                                       int64_t factors, int four)
{
    const __m512i zero = _mm512_setzero_si512();
    const eq_eights_x512 none = {zero, zero};
    eq_int4_sums_x512 s = {none, none, none, none, none};
    int32_t i = 0;
    for (; i + 8 <= n; i += 8, w += 64)
        eq_int4_step_x512(&s, x + i, w, block, four);
    if (i < n)
        eq_int4_step_x512(&s, tail, w, block, four);
    const __m512i more = _mm512_add_epi32(s.x.low, s.x.high);
    y->a = _mm512_add_epi32(y->a, eq_int4_group_x512(&s.a, more, r));
    if (four) {
        const uint8_t *const q = r == NULL ? NULL : r + factors;
        const uint8_t *const u = r == NULL ? NULL : r + 2 * factors;
        const uint8_t *const v = r == NULL ? NULL : r + 3 * factors;
        y->b = _mm512_add_epi32(y->b, eq_int4_group_x512(&s.b, more, q));
        y->c = _mm512_add_epi32(y->c, eq_int4_group_x512(&s.c, more, u));
        y->d = _mm512_add_epi32(y->d, eq_int4_group_x512(&s.d, more, v));
    }
}

/* Sixteen sums, rescaled, narrowed and stored. */
EQ_INLINE_AVX512 void eq_int4_store_x512(const eq_int4_layer_x512 *t, __m512i sum,
                                         int8_t *y, int32_t o, int single)
{
    const eq_factors_x16 f = eq_load_factors_x16(t->mult + o, t->shift + o, single);
    const __m512i acc = _mm512_add_epi32(sum, eq_load_x16(t->bias + o));
    const __m512i v = eq_rescale_x16(acc, &f, single);
    const __m512i order =
        _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const __m512i bytes =
        _mm512_permutexvar_epi32(order, eq_narrow_s8_x64(v, v, v, v, &t->range));
    eq_store_x16_avx512(y + o, _mm512_castsi512_si128(bytes), t->out_dim - o);
}

/* 64 outputs from o on, or sixteen, of a row of inputs. */
EQ_INLINE_AVX512 void eq_int4_row_x512(const eq_int4_layer_x512 *t, const int8_t *x,
                                       int8_t *y, int32_t o, int four, int single)
{
    const int64_t block = (int64_t)(t->in_dim + 7) / 8 * 64;
    const int64_t factors = (int64_t)((t->in_dim - 1) / t->group + 1) * 16;
    const __m512i zero = _mm512_setzero_si512();
    const int8_t *const w = t->w + o / 16 * block;
    const uint8_t *r = t->r == NULL ? NULL : t->r + o / 16 * factors;
    const int32_t rest = t->in_dim % 8;
    int8_t tail[8] = {0};
    memcpy(tail, x + t->in_dim - rest, (size_t)rest);
    eq_int4_outputs_x512 s = {zero, zero, zero, zero};
    for (int32_t i = 0; i < t->in_dim; i += t->group) {
        const int32_t left = t->in_dim - i, n = left < t->group ? left : t->group;
        eq_int4_add_x512(&s, x + i, tail, w + 8 * (int64_t)i, r, n, block, factors, four);
        r = r == NULL ? NULL : r + 16;
    }
    eq_int4_store_x512(t, s.a, y, o, single);
    if (four) {
        eq_int4_store_x512(t, s.b, y, o + 16, single);
        eq_int4_store_x512(t, s.c, y, o + 32, single);
        eq_int4_store_x512(t, s.d, y, o + 48, single);
    }
}

/* A whole call; single is a constant. */
EQ_INLINE_AVX512 void eq_int4_rows_x512(const eq_int4_layer_x512 *t, const int8_t *x,
                                        int8_t *y, int single)
{
    int32_t o = 0;
    for (; o + 48 < t->out_dim; o += 64)
        for (int32_t n = 0; n < t->batch; ++n)
            eq_int4_row_x512(t, x + (int64_t)n * t->x_step, y + (int64_t)n * t->y_step, o,
                             1, single);
    for (; o < t->out_dim; o += 16)
        for (int32_t n = 0; n < t->batch; ++n)
            eq_int4_row_x512(t, x + (int64_t)n * t->x_step, y + (int64_t)n * t->y_step, o,
                             0, single);
}

#endif
