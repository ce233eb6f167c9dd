/* Rows of weights by a vector for AVX-512 VNNI: up to 64 outputs at once, eight inputs a step.
 *
 * Weights are packed (o/16, i/4, o%16, i%4): four inputs are broadcast as x + 128, and VPDPBUSD
 * multiplies them with those of sixteen outputs.  Several sums of each output hide its latency.
 *
 * Exact: biases have 128 times the sum of their weights taken away (@offset), and VPDPBUSD sums
 * modulo 2^32: the last sum is the contract's.  Inputs behind the last meet weights of zero.  A
 * zero point zw of the weights takes zw * (sum (x + 128) - 128 * inputs) from it.
 */
#ifndef EDGEQ_DENSE_AVX512VNNI_H
#define EDGEQ_DENSE_AVX512VNNI_H

#include "edgeq/fused_avx512.h"

#include <string.h>

/* A layer: its constants and sizes. */
typedef struct {
    const int8_t *w;
    const int32_t *bias, *mult, *shift;
    int32_t batch, in_dim, out_dim, zw;
    eq_range_avx512 range;
} eq_dense_layer_x512;

/* Sixteen outputs each. */
typedef struct {
    __m512i a, b, c, d;
} eq_sixties_x512;

/* Four inputs as x + 128. */
EQ_INLINE_AVX512 __m512i eq_inputs_x512(const int8_t *x)
{
    int32_t four;
    memcpy(&four, x, sizeof four);
    return _mm512_xor_si512(_mm512_set1_epi32(four), _mm512_set1_epi8(INT8_MIN));
}

/* The last n of them, 0 < n <= 4, and anything. */
EQ_INLINE_AVX512 __m512i eq_last_inputs_x512(const int8_t *x, int32_t n)
{
    const __m128i some = _mm_maskz_loadu_epi8((__mmask16)((1u << n) - 1), x);
    return _mm512_xor_si512(_mm512_broadcastd_epi32(some), _mm512_set1_epi8(INT8_MIN));
}

/* asm: else gcc 12 keeps a sum twice, as its own vector type and as __m512i. */
EQ_INLINE_AVX512 __m512i eq_dot_x512(__m512i sum, __m512i x, const int8_t *w)
{
    sum = _mm512_dpbusd_epi32(sum, x, _mm512_loadu_si512((const void *)w));
    __asm__("" : "+v"(sum));
    return sum;
}

/* 64 outputs, whose weights lie `block` bytes apart by sixteen. */
EQ_APART_AVX512 eq_sixties_x512 eq_dense_4_x512(const int8_t *x, const int8_t *w,
                                                int64_t block, int32_t n)
{
    const __m512i zero = _mm512_setzero_si512();
    __m512i a = zero, b = zero, c = zero, d = zero, e = zero, f = zero, g = zero, h = zero;
    const int8_t *const w3 = w + 3 * block;
    int32_t i = 0;
    for (; i + 8 <= n; i += 8, w += 128) {
        const __m512i u = eq_inputs_x512(x + i), v = eq_inputs_x512(x + i + 4);
        a = eq_dot_x512(a, u, w);
        b = eq_dot_x512(b, u, w + block);
        c = eq_dot_x512(c, u, w + 2 * block);
        d = eq_dot_x512(d, u, w3 + 16 * i);
        e = eq_dot_x512(e, v, w + 64);
        f = eq_dot_x512(f, v, w + block + 64);
        g = eq_dot_x512(g, v, w + 2 * block + 64);
        h = eq_dot_x512(h, v, w3 + 16 * i + 64);
    }
    for (; i < n; i += 4, w += 64) {
        const __m512i u = eq_last_inputs_x512(x + i, n - i < 4 ? n - i : 4);
        a = eq_dot_x512(a, u, w);
        b = eq_dot_x512(b, u, w + block);
        c = eq_dot_x512(c, u, w + 2 * block);
        d = eq_dot_x512(d, u, w3 + 16 * i);
    }
    const eq_sixties_x512 s = {_mm512_add_epi32(a, e), _mm512_add_epi32(b, f),
                               _mm512_add_epi32(c, g), _mm512_add_epi32(d, h)};
    return s;
}

/* Sixteen outputs. */
EQ_APART_AVX512 __m512i eq_dense_1_x512(const int8_t *x, const int8_t *w, int32_t n)
{
    const __m512i zero = _mm512_setzero_si512();
    __m512i a = zero, b = zero, c = zero, d = zero;
    int32_t i = 0;
    for (; i + 16 <= n; i += 16, w += 256) {
        a = eq_dot_x512(a, eq_inputs_x512(x + i), w);
        b = eq_dot_x512(b, eq_inputs_x512(x + i + 4), w + 64);
        c = eq_dot_x512(c, eq_inputs_x512(x + i + 8), w + 128);
        d = eq_dot_x512(d, eq_inputs_x512(x + i + 12), w + 192);
    }
    for (; i < n; i += 4, w += 64)
        a = eq_dot_x512(a, eq_last_inputs_x512(x + i, n - i < 4 ? n - i : 4), w);
    return _mm512_add_epi32(_mm512_add_epi32(a, b), _mm512_add_epi32(c, d));
}

/* What the zero point of weights adds to the sums of n inputs. */
static inline int32_t eq_inputs_more_x512(const int8_t *x, int32_t n, int32_t zw)
{
    __m512i sum = _mm512_setzero_si512();
    for (int32_t i = 0; i < n; i += 64) {
        const __mmask64 some = n - i < 64 ? ((__mmask64)1 << (n - i)) - 1 : ~(__mmask64)0;
        const __m512i v = _mm512_maskz_loadu_epi8(some, x + i);
        sum = _mm512_dpbusd_epi32(sum, _mm512_set1_epi8(1), v);
    }
    return -zw * _mm512_reduce_add_epi32(sum);
}

/* Sixteen sums, rescaled. */
EQ_INLINE_AVX512 __m512i eq_dense_out_x512(const eq_dense_layer_x512 *t, __m512i dots,
                                           __m512i more, int32_t o, int single)
{
    const __m512i acc =
        _mm512_add_epi32(_mm512_add_epi32(dots, more), eq_load_x16(t->bias + o));
    if (single == EQ_FUSED_X512) {
        const eq_fused_x512 f = eq_load_fused_x512(t->mult + o, t->shift + o);
        return eq_fused_x16(acc, &f);
    }
    const eq_factors_x16 f = eq_load_factors_x16(t->mult + o, t->shift + o, single);
    return eq_rescale_x16(acc, &f, single);
}

/* Four vectors, narrowed, one after the other. */
EQ_INLINE_AVX512 __m512i eq_dense_bytes_x512(const eq_dense_layer_x512 *t, __m512i a,
                                             __m512i b, __m512i c, __m512i d, int single)
{
    if (single == EQ_FUSED_X512) {
        const __m512i halves = _mm512_setr_epi64(0, 2, 1, 3, 4, 6, 5, 7);
        const __m512i v = eq_fused_narrow_x64(a, c, b, d);
        return _mm512_permutexvar_epi64(
            halves, _mm512_min_epi8(_mm512_max_epi8(v, t->range.lo), t->range.hi));
    }
    const __m512i order =
        _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    return _mm512_permutexvar_epi32(order, eq_narrow_s8_x64(a, b, c, d, &t->range));
}

/* All rows of inputs; has_zw and the mode single are constants. */
EQ_INLINE_AVX512 void eq_dense_rows_x512(const eq_dense_layer_x512 *t, const int8_t *x,
                                         int8_t *y, int has_zw, int single)
{
    const int64_t block = (int64_t)(t->in_dim + 3) / 4 * 64;
    for (int32_t n = 0; n < t->batch; ++n) {
        const __m512i more =
            _mm512_set1_epi32(has_zw ? eq_inputs_more_x512(x, t->in_dim, t->zw) : 0);
        int32_t o = 0;
        for (; o + 48 < t->out_dim; o += 64) {
            const eq_sixties_x512 s =
                eq_dense_4_x512(x, t->w + o / 16 * block, block, t->in_dim);
            const __m512i v = eq_dense_bytes_x512(
                t, eq_dense_out_x512(t, s.a, more, o, single),
                eq_dense_out_x512(t, s.b, more, o + 16, single),
                eq_dense_out_x512(t, s.c, more, o + 32, single),
                eq_dense_out_x512(t, s.d, more, o + 48, single), single);
            eq_store_x64_avx512(y + o, v, t->out_dim - o);
        }
        for (; o < t->out_dim; o += 16) {
            const __m512i dots = eq_dense_1_x512(x, t->w + o / 16 * block, t->in_dim);
            const __m512i r = eq_dense_out_x512(t, dots, more, o, single);
            const __m512i v = eq_dense_bytes_x512(t, r, r, r, r, single);
            eq_store_x16_avx512(y + o, _mm512_castsi512_si128(v), t->out_dim - o);
        }
        x += t->in_dim;
        y += t->out_dim;
    }
}

#endif
