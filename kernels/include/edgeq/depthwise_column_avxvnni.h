/* Depthwise convolution for AVX-VNNI where windows are columns, and one next to another alone: 32
 * channels of an output at a time.
 *
 * The bytes x + 128 of four rows are put side by side, as a dword for each channel, for each row
 * that such a group begins with, so that a window of kh rows has (kh + 3) / 4 of them wherever
 * it begins.  VPDPBUSD multiplies a group with the weights of four rows, which are packed
 * (o/32, kh/4, o/4%4, o/16%2, o%4, kh%4): the channels of two vectors are those that packing
 * their sums leaves in order.
 *
 * Exact: VPDPBUSD does not saturate, and its sums are modulo 2^32.  Biases have 128 times the sum of
 * their weights taken away (@offset), so the last sum is the contract's, which is in range.
 * Rows beyond the last of a window meet weights of zero.  The order in which rescaling leaves
 * sums (scale_avx2.h) the last shuffle makes good.
 *
 * Scratch: 128 * ((min(row1 - row0, 64) - 1) * stride_h + (kh + 3) / 4 * 4).
 */
#ifndef EDGEQ_DEPTHWISE_COLUMN_AVXVNNI_H
#define EDGEQ_DEPTHWISE_COLUMN_AVXVNNI_H

#include "edgeq/conv2d_call.h"
#include "edgeq/depthwise_s8.h"
#include "edgeq/dots_avxvnni.h"

/* Rows of outputs at a time, bytes of a group of 32 channels. */
enum { EQ_COLUMN_ROWS_AVXVNNI = 64, EQ_COLUMN_AVXVNNI = 128 };

/* What 32 channels need; `count` of them are stored, of which a multiple of four through `mask`. */
typedef struct {
    eq_factors_avxvnni f[4];
    __m256i bias[4], mask;
    eq_range_avx2 range;
    const int8_t *w;
    int32_t groups, count;
} eq_column_avxvnni;

/* Rows [first, first + n) of the image of 32 channels, or `count`, zx beyond it. */
typedef struct {
    const int8_t *x;
    const eq_depthwise_s8_params *p;
    __m256i mask;
    int32_t count;
} eq_rows_of_avxvnni;

/* The bytes x + 128 of row `row`. */
EQ_INLINE_AVX2 __m256i eq_column_row_avxvnni(const eq_rows_of_avxvnni *t, int32_t row)
{
    const eq_depthwise_s8_params *p = t->p;
    if (row < 0 || row >= p->in_h)
        return _mm256_set1_epi8((char)(p->zx ^ INT8_MIN));
    if (p->x_ring < p->in_h)
        row %= p->x_ring;
    const int8_t *const x = t->x + (int64_t)row * p->x_row;
    if (t->count >= 32)
        return eq_above_avxvnni(x);
    if (t->count % 4 == 0)
        return _mm256_xor_si256(
            _mm256_maskload_epi32((const int *)(const void *)x, t->mask),
            _mm256_set1_epi8(INT8_MIN));
    int8_t some[32] = {0};
    memcpy(some, x, (size_t)t->count);
    return eq_above_avxvnni(some);
}

/* n groups, the first of which begins with row `row`; of rows from `end` on no value is used. */
static inline void eq_fill_column_avxvnni(uint8_t *q, const eq_rows_of_avxvnni *t,
                                          int32_t row, int32_t n, int32_t end)
{
    const __m256i zero = _mm256_setzero_si256();
    __m256i a = eq_column_row_avxvnni(t, row), b, low0 = zero, high0 = zero, low1 = zero,
            high1 = zero;
    for (int32_t i = 1 - 3; i < n; ++i) {
        const int32_t next = row + i + 3;
        b = next < end ? eq_column_row_avxvnni(t, next) : a;
        const __m256i low2 = _mm256_unpacklo_epi8(a, b), high2 = _mm256_unpackhi_epi8(a, b);
        if (i >= 0) {
            eq_put_avxvnni(q, _mm256_unpacklo_epi16(low0, low2));
            eq_put_avxvnni(q + 32, _mm256_unpackhi_epi16(low0, low2));
            eq_put_avxvnni(q + 64, _mm256_unpacklo_epi16(high0, high2));
            eq_put_avxvnni(q + 96, _mm256_unpackhi_epi16(high0, high2));
            q += EQ_COLUMN_AVXVNNI;
        }
        a = b;
        low0 = low1;
        high0 = high1;
        low1 = low2;
        high1 = high2;
    }
}

/* The sums of vector i of 32 channels, whose window begins at q. */
EQ_INLINE_AVX2 __m256i eq_column_sum_avxvnni(const eq_column_avxvnni *t, const uint8_t *q,
                                             int i, int32_t groups)
{
    __m256i sum = t->bias[i];
    for (int32_t g = 0; g < groups; ++g)
        sum = _mm256_dpbusd_epi32(
            sum, eq_load_bytes_avxvnni(q + 4 * EQ_COLUMN_AVXVNNI * g + 32 * i),
            eq_load_bytes_avxvnni(t->w + EQ_COLUMN_AVXVNNI * g + 32 * i));
    return sum;
}

EQ_INLINE_AVX2 void eq_column_store_avxvnni(const eq_column_avxvnni *t, int8_t *y,
                                            __m256i v)
{
    if (t->count >= 32) {
        eq_put_avxvnni(y, v);
    } else if (t->count % 4 == 0) {
        _mm256_maskstore_epi32((int *)(void *)y, t->mask, v);
    } else {
        int8_t some[32];
        eq_put_avxvnni(some, v);
        memcpy(y, some, (size_t)t->count);
    }
}

/* The outputs of n rows, whose windows are `step` apart. */
EQ_INLINE_AVX2 void eq_column_rows_avxvnni(const eq_column_avxvnni *t, const uint8_t *q,
                                           int64_t step, int8_t *y, int64_t y_row,
                                           int32_t n, int32_t groups, int single)
{
    for (; n > 0; --n) {
        const __m256i a = eq_scaled_avxvnni(eq_column_sum_avxvnni(t, q, 0, groups),
                                            &t->f[0], 0, single),
                      b = eq_scaled_avxvnni(eq_column_sum_avxvnni(t, q, 1, groups),
                                            &t->f[1], 0, single),
                      c = eq_scaled_avxvnni(eq_column_sum_avxvnni(t, q, 2, groups),
                                            &t->f[2], 0, single),
                      d = eq_scaled_avxvnni(eq_column_sum_avxvnni(t, q, 3, groups),
                                            &t->f[3], 0, single);
        const __m256i v = eq_narrow_avxvnni(a, b, c, d, &t->range, single);
        eq_column_store_avxvnni(t, y, eq_turned_avxvnni(v, single));
        q += step;
        y += y_row;
    }
}

/* The same by form and number of groups. */
EQ_INLINE_AVX2 void eq_column_form_avxvnni(const eq_column_avxvnni *t, const uint8_t *q,
                                           int64_t step, int8_t *y, int64_t y_row,
                                           int32_t n, int single)
{
    if (t->groups == 1)
        eq_column_rows_avxvnni(t, q, step, y, y_row, n, 1, single);
    else if (t->groups == 2)
        eq_column_rows_avxvnni(t, q, step, y, y_row, n, 2, single);
    else if (t->groups == 3)
        eq_column_rows_avxvnni(t, q, step, y, y_row, n, 3, single);
    else
        eq_column_rows_avxvnni(t, q, step, y, y_row, n, t->groups, single);
}

EQ_APART_AVX2 void eq_column_avxvnni_rows(const eq_column_avxvnni *t, const uint8_t *q,
                                          int64_t step, int8_t *y, int64_t y_row, int32_t n,
                                          int single)
{
    if (single == EQ_FUSED)
        eq_column_form_avxvnni(t, q, step, y, y_row, n, EQ_FUSED);
    else if (single == EQ_ODD)
        eq_column_form_avxvnni(t, q, step, y, y_row, n, EQ_ODD);
    else if (single == EQ_SINGLE)
        eq_column_form_avxvnni(t, q, step, y, y_row, n, EQ_SINGLE);
    else
        eq_column_form_avxvnni(t, q, step, y, y_row, n, EQ_DOUBLE);
}

/* Up to 32 channels from o on. */
static inline void eq_column_channels_avxvnni(eq_column_avxvnni *t,
                                              const eq_conv2d_arrays *a, int32_t o,
                                              int32_t count, int32_t kh, int single)
{
    const __m256i at = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    t->groups = (kh + 3) / 4;
    t->count = count;
    t->mask = _mm256_cmpgt_epi32(_mm256_set1_epi32(count / 4), at);
    t->w = a->w + (int64_t)o * t->groups * 4;
    for (int32_t i = 0; i < 4; ++i) {
        const int32_t c = o + 8 * i;
        t->bias[i] = eq_bias_avxvnni(a->bias + c, eq_top_avxvnni(single), 0);
        t->f[i] = eq_load_factors_avxvnni(a->mult + c, a->shift + c, single);
    }
}

/* A whole call. */
EQ_INLINE_AVX2 void eq_depthwise_column_avxvnni(const eq_conv2d_arrays *a, uint8_t *scratch,
                                                const eq_depthwise_s8_params *p, int single)
{
    const int64_t step = (int64_t)p->stride_h * EQ_COLUMN_AVXVNNI;
    eq_column_avxvnni t;
    t.range = eq_load_range_avx2(p->zy, p->act_min, p->act_max);
    for (int32_t o = 0; o < p->in_c; o += 32) {
        eq_column_channels_avxvnni(&t, a, o, p->in_c - o, p->kh, single);
        const eq_rows_of_avxvnni rows = {a->x + o, p, t.mask, t.count};
        for (int32_t h = p->row0; h < p->row1; h += EQ_COLUMN_ROWS_AVXVNNI) {
            const int32_t left = p->row1 - h;
            const int32_t n = left < EQ_COLUMN_ROWS_AVXVNNI ? left : EQ_COLUMN_ROWS_AVXVNNI;
            const int32_t top = h * p->stride_h - p->pad_top, last = (n - 1) * p->stride_h;
            eq_fill_column_avxvnni(scratch, &rows, top, last + 4 * (t.groups - 1) + 1,
                                   top + last + p->kh);
            eq_column_avxvnni_rows(&t, scratch, step, a->y + (int64_t)h * p->y_row + o,
                                   p->y_row, n, single);
        }
    }
}

#endif
