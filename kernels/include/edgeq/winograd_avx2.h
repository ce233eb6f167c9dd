/* The transforms of F(2 x 2, 3 x 3) on integers, for AVX2: two rows and columns of a convolution
 * by 3 x 3 taps from windows of 4 x 4, with 16 products for each pair of channels, not 36
 * (A. Lavin, S. Gray, Fast Algorithms for Convolutional Neural Networks, 2015, section 4.1).
 *
 *   Y = At [(G g Gt) * (Bt d B)] A        d window, g weights, * element by element
 *
 * Exact: twice G is a matrix of integers, so (2G) g (2G)t makes 4 Y of integers alone.  Bt d B is
 * below 2^10 in magnitude for int8, (2G) g (2G)t below 2^11, so both are int16, and two products
 * less than 2^22.  Sums are modulo 2^32, and the last, 4 Y, is in range where Y has 29 bits.
 *
 * An element of the transformed window is called a place, numbered row by row.
 */
#ifndef EDGEQ_WINOGRAD_AVX2_H
#define EDGEQ_WINOGRAD_AVX2_H

#include "edgeq/rescale_avx2.h"

enum { EQ_PLACES_AVX2 = 16 };

/* A column or row of four. */
typedef struct {
    __m256i a, b, c, d;
} eq_four_avx2;

/* Bt times a column of int16. */
EQ_INLINE_AVX2 eq_four_avx2 eq_winograd_in_avx2(__m256i a, __m256i b, __m256i c, __m256i d)
{
    const eq_four_avx2 v = {_mm256_sub_epi16(a, c), _mm256_add_epi16(b, c),
                            _mm256_sub_epi16(c, b), _mm256_sub_epi16(b, d)};
    return v;
}

/* 2G times a column of three taps. */
EQ_INLINE_AVX2 eq_four_avx2 eq_winograd_taps_avx2(__m256i a, __m256i b, __m256i c)
{
    const __m256i sum = _mm256_add_epi16(a, c);
    const eq_four_avx2 v = {_mm256_add_epi16(a, a), _mm256_add_epi16(sum, b),
                            _mm256_sub_epi16(sum, b), _mm256_add_epi16(c, c)};
    return v;
}

/* Four vectors, `next` int16 apart. */
EQ_INLINE_AVX2 void eq_put_four_avx2(int16_t *to, int64_t next, eq_four_avx2 v)
{
    _mm256_storeu_si256((__m256i *)(void *)to, v.a);
    _mm256_storeu_si256((__m256i *)(void *)(to + next), v.b);
    _mm256_storeu_si256((__m256i *)(void *)(to + 2 * next), v.c);
    _mm256_storeu_si256((__m256i *)(void *)(to + 3 * next), v.d);
}

/* A column of four bytes each of sixteen channels, `line` apart, times Bt. */
EQ_INLINE_AVX2 eq_four_avx2 eq_winograd_column_avx2(const int8_t *x, int64_t line)
{
    return eq_winograd_in_avx2(eq_widen_avx2(x), eq_widen_avx2(x + line),
                               eq_widen_avx2(x + 2 * line), eq_widen_avx2(x + 3 * line));
}

/* The places of a window at x, pixels in_c and rows `line` apart, as int16 `next` apart: sixteen
 * channels of it. */
EQ_INLINE_AVX2 void eq_winograd_window_avx2(int16_t *to, int64_t next, const int8_t *x,
                                            int64_t line, int64_t in_c)
{
    const eq_four_avx2 p = eq_winograd_column_avx2(x, line);
    const eq_four_avx2 q = eq_winograd_column_avx2(x + in_c, line);
    const eq_four_avx2 r = eq_winograd_column_avx2(x + 2 * in_c, line);
    const eq_four_avx2 s = eq_winograd_column_avx2(x + 3 * in_c, line);
    eq_put_four_avx2(to, next, eq_winograd_in_avx2(p.a, q.a, r.a, s.a));
    eq_put_four_avx2(to + 4 * next, next, eq_winograd_in_avx2(p.b, q.b, r.b, s.b));
    eq_put_four_avx2(to + 8 * next, next, eq_winograd_in_avx2(p.c, q.c, r.c, s.c));
    eq_put_four_avx2(to + 12 * next, next, eq_winograd_in_avx2(p.d, q.d, r.d, s.d));
}

/* Weights of sixteen pairs of channels, whose taps lie `tap` bytes apart, as places `next` int16
 * apart. */
EQ_INLINE_AVX2 void eq_winograd_weights_avx2(int16_t *to, int64_t next, const int8_t *w,
                                             int64_t tap)
{
    eq_four_avx2 v[3];
    for (int32_t c = 0; c < 3; ++c)
        v[c] = eq_winograd_taps_avx2(eq_widen_avx2(w + c * tap),
                                     eq_widen_avx2(w + (c + 3) * tap),
                                     eq_widen_avx2(w + (c + 6) * tap));
    eq_put_four_avx2(to, next, eq_winograd_taps_avx2(v[0].a, v[1].a, v[2].a));
    eq_put_four_avx2(to + 4 * next, next, eq_winograd_taps_avx2(v[0].b, v[1].b, v[2].b));
    eq_put_four_avx2(to + 8 * next, next, eq_winograd_taps_avx2(v[0].c, v[1].c, v[2].c));
    eq_put_four_avx2(to + 12 * next, next, eq_winograd_taps_avx2(v[0].d, v[1].d, v[2].d));
}

/* Two outputs of a row or a column. */
typedef struct {
    __m256i a, b;
} eq_both_avx2;

/* At times four sums. */
EQ_INLINE_AVX2 eq_both_avx2 eq_winograd_out_avx2(__m256i a, __m256i b, __m256i c, __m256i d)
{
    const eq_both_avx2 v = {_mm256_add_epi32(_mm256_add_epi32(a, b), c),
                            _mm256_sub_epi32(_mm256_sub_epi32(b, c), d)};
    return v;
}

EQ_INLINE_AVX2 __m256i eq_sums_at_avx2(const int32_t *sums)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)sums);
}

/* At times a column of sums, whose rows are `row` int32 apart. */
EQ_INLINE_AVX2 eq_both_avx2 eq_winograd_sums_avx2(const int32_t *sums, int64_t row)
{
    return eq_winograd_out_avx2(eq_sums_at_avx2(sums), eq_sums_at_avx2(sums + row),
                                eq_sums_at_avx2(sums + 2 * row),
                                eq_sums_at_avx2(sums + 3 * row));
}

/* A quarter of a sum, on top of a bias. */
EQ_INLINE_AVX2 __m256i eq_quarter_avx2(__m256i sum, __m256i bias)
{
    return _mm256_add_epi32(_mm256_srai_epi32(sum, 2), bias);
}

/* Eight channels of four outputs, row by row, on top of their biases, from sums of places `next`
 * int32 apart. */
EQ_INLINE_AVX2 eq_four_avx2 eq_winograd_outputs_avx2(const int32_t *sums, int64_t next,
                                                     __m256i bias)
{
    const eq_both_avx2 p = eq_winograd_sums_avx2(sums, 4 * next);
    const eq_both_avx2 q = eq_winograd_sums_avx2(sums + next, 4 * next);
    const eq_both_avx2 r = eq_winograd_sums_avx2(sums + 2 * next, 4 * next);
    const eq_both_avx2 s = eq_winograd_sums_avx2(sums + 3 * next, 4 * next);
    const eq_both_avx2 top = eq_winograd_out_avx2(p.a, q.a, r.a, s.a);
    const eq_both_avx2 bottom = eq_winograd_out_avx2(p.b, q.b, r.b, s.b);
    const eq_four_avx2 y = {eq_quarter_avx2(top.a, bias), eq_quarter_avx2(top.b, bias),
                            eq_quarter_avx2(bottom.a, bias),
                            eq_quarter_avx2(bottom.b, bias)};
    return y;
}

#endif
