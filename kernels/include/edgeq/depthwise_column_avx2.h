/* Depthwise convolution for AVX2 where windows are columns, and one next to another alone: four
 * windows by sixteen channels at a time.
 *
 * Two rows that follow each other are widened to int16 and put side by side, as a dword for each
 * channel, for each row that such a pair begins with, so that a window of kh rows has (kh + 1) / 2 of
 * them wherever it begins.  VPMADDWD multiplies a pair with the weights of two rows, which are packed
 * (o/16, kh/2, o/4%2, o/8%2, o%4, kh%2), those of int4 (o/16, kh/2, o/8%2, o%4, kh%2, o/4%2).
 *
 * Exact: a sum of two products is at most 2^15 in magnitude, 2^16 where weights have a zero point, and
 * int32 holds sums in any order by the contract's proof.  The row beyond an odd number meets a weight
 * of zero.
 *
 * Scratch, with EVERY = 2 where stride_h is even or there is but one row, else 1:
 *
 *   64 * (((min(row1 - row0, 64) - 1) * stride_h + (kh - 1) / 2 * 2) / EVERY + 1)
 */
#ifndef EDGEQ_DEPTHWISE_COLUMN_AVX2_H
#define EDGEQ_DEPTHWISE_COLUMN_AVX2_H

#include "edgeq/conv2d_call.h"
#include "edgeq/depthwise_windows_avx2.h"
#include "edgeq/nibbles_avx2.h"

enum { EQ_COLUMN_ROWS_AVX2 = 64 }; /* of outputs at a time */

/* What a pass over sixteen channels needs: 0..3 and 8..11, then 4..7 and 12..15. */
typedef struct {
    eq_after_avx2 after[2];
    eq_range_avx2 range;
    const int8_t *w;
    int32_t zw, pairs;
    int odd;            /* 1 where the last pair has but one row */
    int32_t count;      /* channels that there are of sixteen, or more */
    int32_t step;       /* pairs from window to window */
    int32_t apart;      /* and from pair to pair of one */
    int32_t every, top; /* rows from pair to pair that is made, and where those begin */
} eq_column_pass_avx2;

/* Sums of sixteen channels. */
typedef struct {
    __m256i a, b;
} eq_two_sums_avx2;

/* Sixteen channels of a row of the image at x. */
EQ_INLINE_AVX2 __m256i eq_column_row_avx2(const int8_t *x, int32_t row,
                                          const eq_depthwise_s8_params *p, int32_t count)
{
    if (row < 0 || row >= p->in_h)
        return _mm256_set1_epi16((int16_t)p->zx);
    const int8_t *from = x + (int64_t)eq_slot_avx2(row, p->x_ring) * p->x_row;
    return _mm256_cvtepi8_epi16(eq_take_avx2(from, count < 16 ? count : 16));
}

/* Pairs [i, n) of rows, pair 0 of which begins with t->top. */
EQ_APART_AVX2 void eq_put_pairs_avx2(int16_t *pairs, const eq_column_pass_avx2 *t,
                                     const int8_t *x, const eq_depthwise_s8_params *p,
                                     int32_t i, int32_t n)
{
    for (; i < n; ++i) {
        const int32_t row = t->top + i * t->every;
        eq_put_pair_avx2(pairs + (int64_t)i * EQ_PAIR,
                         eq_column_row_avx2(x, row, p, t->count),
                         eq_column_row_avx2(x, row + 1, p, t->count));
    }
}

/* n pairs; those whose rows are of the image, and as they lie there, in fewer instructions. */
EQ_INLINE_AVX2 void eq_fill_column_avx2(int16_t *pairs, const eq_column_pass_avx2 *t,
                                        const int8_t *x, const eq_depthwise_s8_params *p,
                                        int32_t n)
{
    const int32_t above = t->top < 0 ? (t->every - 1 - t->top) / t->every : 0;
    const int32_t below = (p->in_h - t->top + t->every - 2) / t->every;
    if (t->count < 16 || p->x_ring < p->in_h || above >= n || below <= above) {
        eq_put_pairs_avx2(pairs, t, x, p, 0, n);
        return;
    }
    int32_t last = below < n ? below : n;
    const int64_t apart = (int64_t)t->every * p->x_row;
    const int8_t *from = x + (int64_t)(t->top + above * t->every) * p->x_row;
    if (above > 0)
        eq_put_pairs_avx2(pairs, t, x, p, 0, above);
    for (int32_t i = above; i < last; ++i, from += apart)
        eq_put_pair_avx2(pairs + (int64_t)i * EQ_PAIR, eq_widen_avx2(from),
                         eq_widen_avx2(from + p->x_row));
    if (last < n && t->top + last * t->every + 1 == p->in_h)
        eq_put_pair_avx2(pairs + (int64_t)last++ * EQ_PAIR, eq_widen_avx2(from),
                         _mm256_set1_epi16((int16_t)p->zx));
    if (last < n)
        eq_put_pairs_avx2(pairs, t, x, p, last, n);
}

/* The weights of pair k. */
EQ_INLINE_AVX2 eq_nibbles_avx2 eq_column_weights_avx2(const eq_column_pass_avx2 *t,
                                                      int32_t k, int is_int4, int is_zw)
{
    eq_nibbles_avx2 v = eq_weights_avx2(t->w + (int64_t)(is_int4 ? 16 : 32) * k, is_int4);
    if (!is_zw)
        return v;
    const __m256i zero = _mm256_set1_epi16((int16_t)t->zw);
    const int half = t->odd && k + 1 == t->pairs;
    const __m256i some = _mm256_set1_epi32(half ? 0xffff : -1);
    v.low = _mm256_and_si256(_mm256_sub_epi16(v.low, zero), some);
    v.high = _mm256_and_si256(_mm256_sub_epi16(v.high, zero), some);
    return v;
}

/* What is added to both sums of a window whose pair lies at x. */
EQ_INLINE_AVX2 eq_two_sums_avx2 eq_add_rows_avx2(eq_two_sums_avx2 s, const int16_t *x,
                                                 const eq_nibbles_avx2 *w)
{
    const eq_two_sums_avx2 sum = {
        _mm256_add_epi32(s.a, _mm256_madd_epi16(eq_load_x16_avx2(x), w->low)),
        _mm256_add_epi32(s.b, _mm256_madd_epi16(eq_load_x16_avx2(x + 16), w->high))};
    return sum;
}

/* n windows, 1 or 4, whose first pairs lie at x, as bytes `y_row` apart. */
EQ_INLINE_AVX2 void eq_column_windows_avx2(const eq_column_pass_avx2 *t, const int16_t *x,
                                           int8_t *y, int64_t y_row, int n, int is_int4,
                                           int is_zw, int mode)
{
    const int64_t step = (int64_t)t->step * EQ_PAIR, apart = (int64_t)t->apart * EQ_PAIR;
    __asm__("" : "+r"(t));
    const eq_two_sums_avx2 bias = {t->after[0].bias, t->after[1].bias};
    eq_two_sums_avx2 a = bias, b = bias, c = bias, d = bias;
    for (int32_t k = 0; k < t->pairs; ++k, x += apart) {
        const eq_nibbles_avx2 w = eq_column_weights_avx2(t, k, is_int4, is_zw);
        a = eq_add_rows_avx2(a, x, &w);
        if (n == 1)
            continue;
        b = eq_add_rows_avx2(b, x + step, &w);
        c = eq_add_rows_avx2(c, x + 2 * step, &w);
        d = eq_add_rows_avx2(d, x + 3 * step, &w);
    }
    const __m256i s[4] = {a.a, n > 1 ? b.a : a.a, c.a, d.a};
    const __m256i r[4] = {a.b, n > 1 ? b.b : a.b, c.b, d.b};
    const int64_t below = n > 1 ? y_row : 0;
    int8_t *const to[4] = {y, y + below, y + 2 * below, y + 3 * below};
    eq_store_four_avx2(to, eq_four_words_avx2(s, &t->after[0], &t->range, mode),
                       eq_four_words_avx2(r, &t->after[1], &t->range, mode), &t->range,
                       t->count, n, mode);
}

/* The windows of n rows; where they fill no tile, the last are computed again. */
EQ_INLINE_AVX2 void eq_column_rows_avx2(const eq_column_pass_avx2 *t, const int16_t *pairs,
                                        int8_t *y, int64_t y_row, int32_t n, int is_int4,
                                        int is_zw, int mode)
{
    const int64_t step = (int64_t)t->step * EQ_PAIR;
    for (int32_t r = 0; r < n && n < 4; ++r)
        eq_column_windows_avx2(t, pairs + r * step, y + r * y_row, y_row, 1, is_int4, is_zw,
                               mode);
    for (int32_t r = 0; r < n && n >= 4; r += 4) {
        const int64_t at = r + 4 > n ? n - 4 : r;
        eq_column_windows_avx2(t, pairs + at * step, y + at * y_row, y_row, 4, is_int4,
                               is_zw, mode);
    }
}

/* A whole call; zw is taken from weights where is_zw. */
EQ_INLINE_AVX2 void eq_depthwise_column_avx2(const eq_conv2d_arrays *a, int8_t *scratch,
                                             const eq_depthwise_s8_params *p, int32_t zw,
                                             int is_int4, int is_zw, int mode)
{
    int16_t *const pairs = (int16_t *)(void *)scratch;
    eq_column_pass_avx2 t = {.zw = zw, .pairs = (p->kh + 1) / 2, .odd = p->kh % 2};
    t.every = p->stride_h % 2 == 0 || p->row1 - p->row0 == 1 ? 2 : 1;
    t.step = p->stride_h / t.every;
    t.apart = 2 / t.every;
    t.range = eq_load_range_avx2(p->zy, p->act_min, p->act_max);
    for (int32_t o = 0; o < p->in_c; o += 16) {
        t.count = p->in_c - o;
        t.w = a->w + (int64_t)o * (is_int4 ? 1 : 2) * t.pairs;
        for (int32_t k = 0; k < 2; ++k) {
            const int32_t c = o + 8 * k;
            eq_load_after_avx2(&t.after[k], eq_load_x8(a->bias + c),
                               eq_load_x8(a->mult + c), eq_load_x8(a->shift + c), mode);
        }
        for (int32_t h = p->row0; h < p->row1; h += EQ_COLUMN_ROWS_AVX2) {
            const int32_t left = p->row1 - h;
            const int32_t n = left < EQ_COLUMN_ROWS_AVX2 ? left : EQ_COLUMN_ROWS_AVX2;
            t.top = h * p->stride_h - p->pad_top;
            eq_fill_column_avx2(pairs, &t, a->x + o, p,
                                (n - 1) * t.step + (t.pairs - 1) * t.apart + 1);
            eq_column_rows_avx2(&t, pairs, a->y + (int64_t)h * p->y_row + o, p->y_row, n,
                                is_int4, is_zw, mode);
        }
    }
}

#endif
