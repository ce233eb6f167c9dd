/* Rows of weights by a vector for AVX2: eight outputs at once, sixteen inputs a step.
 *
 * Weights are packed (o/8, i/16, o%8, i%16): inputs are widened once for eight rows, and the
 * eight sums are added up across at the end.  Those of int4 are packed
 * (o/8, i/16, o/2%4, i%16, o%2), so a byte holds one of either of two rows.
 *
 * Exact: VPMADDWD adds two products to at most 2^15 in magnitude, 2^16 where weights have a
 * zero point, and int32 holds sums in any order by the contract's proof; inputs behind the last
 * are zero.
 */
#ifndef EDGEQ_DENSE_AVX2_H
#define EDGEQ_DENSE_AVX2_H

#include "edgeq/fused_avx2.h"
#include "edgeq/nibbles_avx2.h"

/* Sums of eight rows, not added across yet. */
typedef struct {
    __m256i a, b, c, d, e, f, g, h;
} eq_rows_avx2;

EQ_INLINE_AVX2 __m256i eq_row_step_avx2(__m256i sum, __m256i x, const int8_t *w,
                                        const __m256i *zw)
{
    const __m256i v = eq_widen_avx2(w);
    return _mm256_add_epi32(sum, _mm256_madd_epi16(x, zw ? _mm256_sub_epi16(v, *zw) : v));
}

EQ_INLINE_AVX2 eq_rows_avx2 eq_rows_step_avx2(eq_rows_avx2 s, __m256i x, const int8_t *w,
                                              const __m256i *zw)
{
    s.a = eq_row_step_avx2(s.a, x, w, zw);
    s.b = eq_row_step_avx2(s.b, x, w + 16, zw);
    s.c = eq_row_step_avx2(s.c, x, w + 32, zw);
    s.d = eq_row_step_avx2(s.d, x, w + 48, zw);
    s.e = eq_row_step_avx2(s.e, x, w + 64, zw);
    s.f = eq_row_step_avx2(s.f, x, w + 80, zw);
    s.g = eq_row_step_avx2(s.g, x, w + 96, zw);
    s.h = eq_row_step_avx2(s.h, x, w + 112, zw);
    return s;
}

EQ_INLINE_AVX2 eq_rows_avx2 eq_rows_step_int4_avx2(eq_rows_avx2 s, __m256i x,
                                                   const int8_t *w)
{
    const eq_nibbles_avx2 ab = eq_unpack_avx2(w), cd = eq_unpack_avx2(w + 16);
    const eq_nibbles_avx2 ef = eq_unpack_avx2(w + 32), gh = eq_unpack_avx2(w + 48);
    s.a = _mm256_add_epi32(s.a, _mm256_madd_epi16(x, ab.low));
    s.b = _mm256_add_epi32(s.b, _mm256_madd_epi16(x, ab.high));
    s.c = _mm256_add_epi32(s.c, _mm256_madd_epi16(x, cd.low));
    s.d = _mm256_add_epi32(s.d, _mm256_madd_epi16(x, cd.high));
    s.e = _mm256_add_epi32(s.e, _mm256_madd_epi16(x, ef.low));
    s.f = _mm256_add_epi32(s.f, _mm256_madd_epi16(x, ef.high));
    s.g = _mm256_add_epi32(s.g, _mm256_madd_epi16(x, gh.low));
    s.h = _mm256_add_epi32(s.h, _mm256_madd_epi16(x, gh.high));
    return s;
}

/* The eight sums, in order. */
EQ_INLINE_AVX2 __m256i eq_across_avx2(eq_rows_avx2 s)
{
    const __m256i low =
        _mm256_hadd_epi32(_mm256_hadd_epi32(s.a, s.b), _mm256_hadd_epi32(s.c, s.d));
    const __m256i high =
        _mm256_hadd_epi32(_mm256_hadd_epi32(s.e, s.f), _mm256_hadd_epi32(s.g, s.h));
    return _mm256_add_epi32(_mm256_permute2x128_si256(low, high, 0x20),
                            _mm256_permute2x128_si256(low, high, 0x31));
}

/* n inputs at x, of which the last n % 16 are at `tail` too, with zeros behind them; zw is taken
 * from the weights where it is given. */
EQ_INLINE_AVX2 __m256i eq_dense_avx2(const int8_t *x, const int8_t *tail, const int8_t *w,
                                     int32_t n, const __m256i *zw)
{
    const __m256i zero = _mm256_setzero_si256();
    eq_rows_avx2 s = {zero, zero, zero, zero, zero, zero, zero, zero};
    int32_t i = 0;
    for (; i + 16 <= n; i += 16)
        s = eq_rows_step_avx2(s, eq_widen_avx2(x + i), w + (int64_t)8 * i, zw);
    if (i < n)
        s = eq_rows_step_avx2(s, eq_widen_avx2(tail), w + (int64_t)8 * i, zw);
    return eq_across_avx2(s);
}

/* The same of int4 weights. */
EQ_INLINE_AVX2 __m256i eq_dense_int4_avx2(const int8_t *x, const int8_t *tail,
                                          const int8_t *w, int32_t n)
{
    const __m256i zero = _mm256_setzero_si256();
    eq_rows_avx2 s = {zero, zero, zero, zero, zero, zero, zero, zero};
    int32_t i = 0;
    for (; i + 16 <= n; i += 16)
        s = eq_rows_step_int4_avx2(s, eq_widen_avx2(x + i), w + (int64_t)4 * i);
    if (i < n)
        s = eq_rows_step_int4_avx2(s, eq_widen_avx2(tail), w + (int64_t)4 * i);
    return eq_across_avx2(s);
}

/* The first n <= 8 channels of v, in order. */
EQ_INLINE_AVX2 void eq_store_x8_avx2(int8_t *y, __m256i v, int32_t n,
                                     const eq_range_avx2 *r)
{
    const __m128i words =
        _mm_packs_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    const __m128i sum = _mm_adds_epi16(words, _mm256_castsi256_si128(r->zy));
    const __m128i bytes =
        _mm_max_epi8(_mm_packs_epi16(sum, sum), _mm256_castsi256_si128(r->lo));
    const __m128i all = _mm_min_epi8(bytes, _mm256_castsi256_si128(r->hi));
    if (n >= 8) {
        _mm_storel_epi64((__m128i *)(void *)y, all);
        return;
    }
    const int64_t some = _mm_cvtsi128_si64(all);
    memcpy(y, &some, (size_t)n);
}

/* Eight sums rescaled, of the outputs whose factors those are; by EQ_FUSED with their zero point. */
EQ_INLINE_AVX2 __m256i eq_dense_scaled_avx2(__m256i acc, const int32_t *mult,
                                            const int32_t *shift, int mode)
{
    if (mode == EQ_FUSED) {
        const eq_fused_x256 f = eq_load_fused_x256(mult, shift);
        return eq_fused_ints_x8(acc, &f);
    }
    const eq_factors_x8 f = eq_load_factors_of(mult, shift, mode);
    return eq_rescale_x8(acc, &f, mode);
}

/* A layer: its constants and sizes. */
typedef struct {
    const int8_t *w;
    const int32_t *bias, *mult, *shift;
    int32_t batch, in_dim, out_dim;
    eq_range_avx2 range;
} eq_dense_layer_avx2;

/* All rows of inputs; zw is NULL with int4 weights. */
EQ_INLINE_AVX2 void eq_dense_rows_avx2(const eq_dense_layer_avx2 *t, const int8_t *x,
                                       int8_t *y, const __m256i *zw, int is_int4, int mode)
{
    const int32_t room = (t->in_dim + 15) / 16 * 16, rest = t->in_dim % 16;
    for (int32_t n = 0; n < t->batch; ++n) {
        int8_t tail[16] = {0};
        memcpy(tail, x + t->in_dim - rest, (size_t)rest);
        for (int32_t o = 0; o < t->out_dim; o += 8) {
            const __m256i dots =
                is_int4
                    ? eq_dense_int4_avx2(x, tail, t->w + (int64_t)o * room / 2, t->in_dim)
                    : eq_dense_avx2(x, tail, t->w + (int64_t)o * room, t->in_dim, zw);
            const __m256i acc = _mm256_add_epi32(dots, eq_load_x8(t->bias + o));
            eq_store_x8_avx2(y + o,
                             eq_dense_scaled_avx2(acc, t->mult + o, t->shift + o, mode),
                             t->out_dim - o, &t->range);
        }
        x += t->in_dim;
        y += t->out_dim;
    }
}

#endif
