/* Depthwise convolution for AVX-VNNI with windows of three columns and up to three rows: 32
 * neighbouring bytes of one row of outputs, or of two, at a time.
 *
 * Rows are copied with their borders into a band of x + 128.  The bytes of four of its
 * lines are put side by side, as a dword for each column and channel: of all channels in order where
 * there are 8 or 16, else of 32 at a time, in that order of their four vectors which narrowing makes
 * good.  Either way four vectors that follow each other are 32 bytes of the output.  VPDPBUSD
 * multiplies a dword with the weights of a column, which are packed (o/32, kh/4, kw, o/4%4, o/16%2,
 * o%4, kh%4), of 8 or 16 channels half vectors in order.  Where the next row of outputs is a row below, one strip of dwords
 * serves both, the second with weights shifted by a byte.
 *
 * Exact: VPDPBUSD does not saturate, and its sums are modulo 2^32.  Biases have 128 times the sum of
 * their weights taken away (@offset), so the last sum is the contract's, which is in range.
 * What rows beyond the last of a window hold meets weights of zero, and channels beyond the last
 * are not stored.  The order in which rescaling leaves sums (scale_avx2.h) the last shuffle makes
 * good.  Weights with a zero point: see depthwise_avxvnni.h.
 *
 * Scratch, with BAND as conv2d_band.h says and COLUMNS = (out_w - 1) * stride_w + 3:
 *
 *   BAND + 96 + COLUMNS * 4 * (in_c if in_c <= 16 else 32) + 256 * stride_w
 */
#ifndef EDGEQ_DEPTHWISE_FLAT_AVXVNNI_H
#define EDGEQ_DEPTHWISE_FLAT_AVXVNNI_H

#include "edgeq/conv2d_call.h"
#include "edgeq/depthwise_s8.h"
#include "edgeq/depthwise_strips_avxvnni.h"

/* Kinds, as bits: some weights are too much for int8; all of 8 or 16 channels side by side. */
enum { EQ_FLAT_MUCH_AVXVNNI = 1, EQ_FLAT_WHOLE_AVXVNNI = 2 };

/* Weights of three columns by four vectors. */
typedef struct {
    __m256i w[3][4];
} eq_three_avxvnni_w;

/* From vector to vector of four, and from column to column. */
typedef struct {
    int64_t one, two, three, column;
} eq_flat_apart_avxvnni;

/* What four vectors of outputs need, for the first and the second row of a strip. */
typedef struct {
    eq_factors_avxvnni f[4];
    __m256i bias[4];
    eq_three_avxvnni_w w[2], much[2];
    eq_range_avx2 range;
    eq_flat_apart_avxvnni apart;
    int64_t pixel; /* bytes of a strip from window to window, */
    int64_t next;  /* and from four vectors to the next */
    int32_t per;   /* outputs that four vectors hold */
    int32_t count; /* bytes to store of them */
    int has_much;
    __m256i mask; /* of a multiple of four bytes, where they are fewer than 32 */
} eq_flat_avxvnni;

/* Lines of outputs, whose pixels are y_pixel apart and whose windows begin at q. */
typedef struct {
    const uint8_t *q;
    int8_t *y, *z;
    int64_t y_pixel;
    int32_t n, rows;
} eq_flat_line_avxvnni;

/* The sums of a window's three columns by vector j. */
EQ_INLINE_AVX2 __m256i eq_flat_sum_avxvnni(__m256i sum, const __m256i *x,
                                           const eq_three_avxvnni_w *w, int j)
{
    const __m256i a = _mm256_dpbusd_epi32(sum, x[0], w->w[0][j]);
    const __m256i b = _mm256_dpbusd_epi32(a, x[1], w->w[1][j]);
    return _mm256_dpbusd_epi32(b, x[2], w->w[2][j]);
}

/* The same of row r of a strip. */
EQ_INLINE_AVX2 __m256i eq_flat_row_avxvnni(const eq_flat_avxvnni *t, const __m256i *x,
                                           int j, int r, int kind)
{
    const __m256i sum = eq_flat_sum_avxvnni(t->bias[j], x, &t->w[r], j);
    if (!(kind & EQ_FLAT_MUCH_AVXVNNI))
        return sum;
    const __m256i zero = _mm256_setzero_si256();
    return _mm256_sub_epi32(sum, eq_flat_sum_avxvnni(zero, x, &t->much[r], j));
}

/* Vector j of one row or two, rescaled.  What it is rescaled with is read once for both: there
 * would be more reads than two in each cycle. */
EQ_INLINE_AVX2 void eq_flat_vector_avxvnni(const eq_flat_avxvnni *t, const __m256i *x,
                                           __m256i *y, __m256i *z, int j, int rows,
                                           int kind, int single)
{
    eq_factors_avxvnni f = t->f[j];
    if (rows > 1 && single == EQ_FUSED)
        __asm__("" : "+x"(f.fused.factor), "+x"(f.fused.addend));
    else if (rows > 1)
        __asm__(""
                : "+x"(f.scale.mult), "+x"(f.scale.odd), "+x"(f.scale.add_even),
                  "+x"(f.scale.add_odd), "+x"(f.scale.down));
    *y = eq_scaled_avxvnni(eq_flat_row_avxvnni(t, x, j, 0, kind), &f, 0, single);
    if (rows > 1)
        *z = eq_scaled_avxvnni(eq_flat_row_avxvnni(t, x, j, 1, kind), &f, 0, single);
}

/* Four vectors as 32 bytes in order. */
EQ_INLINE_AVX2 __m256i eq_flat_bytes_avxvnni(const eq_flat_avxvnni *t, const __m256i *x,
                                             int kind, int single)
{
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    const __m256i v = eq_turned_avxvnni(
        eq_narrow_avxvnni(x[0], x[1], x[2], x[3], &t->range, single), single);
    return kind & EQ_FLAT_WHOLE_AVXVNNI ? _mm256_permutevar8x32_epi32(v, order) : v;
}

/* Three columns at q. */
#define EQ_FLAT_COLUMNS_AVXVNNI(q, column)                                                 \
    {eq_load_bytes_avxvnni(q), eq_load_bytes_avxvnni((q) + (column)),                      \
     eq_load_bytes_avxvnni((q) + 2 * (column))}

/* 32 bytes of each of `rows` rows. */
EQ_INLINE_AVX2 void eq_flat_four_avxvnni(const eq_flat_avxvnni *t, const uint8_t *q,
                                         const eq_flat_apart_avxvnni *d, __m256i *y,
                                         int rows, int kind, int single)
{
    const int64_t step = d->column;
    const uint8_t *q1 = q + d->one, *q2 = q + d->two, *q3 = q + d->three;
    __m256i first[4], second[4];
    const __m256i x0[3] = EQ_FLAT_COLUMNS_AVXVNNI(q, step);
    eq_flat_vector_avxvnni(t, x0, &first[0], &second[0], 0, rows, kind, single);
    const __m256i x1[3] = EQ_FLAT_COLUMNS_AVXVNNI(q1, step);
    eq_flat_vector_avxvnni(t, x1, &first[1], &second[1], 1, rows, kind, single);
    const __m256i x2[3] = EQ_FLAT_COLUMNS_AVXVNNI(q2, step);
    eq_flat_vector_avxvnni(t, x2, &first[2], &second[2], 2, rows, kind, single);
    const __m256i x3[3] = EQ_FLAT_COLUMNS_AVXVNNI(q3, step);
    eq_flat_vector_avxvnni(t, x3, &first[3], &second[3], 3, rows, kind, single);
    y[0] = eq_flat_bytes_avxvnni(t, first, kind, single);
    if (rows > 1)
        y[1] = eq_flat_bytes_avxvnni(t, second, kind, single);
}

/* What is not 32 bytes that lie side by side: `pixels` outputs of `count` bytes in all. */
static inline void eq_flat_store_avxvnni(const eq_flat_avxvnni *t, int8_t *y, __m256i v,
                                         int64_t y_pixel, int32_t pixels, int32_t count)
{
    int8_t some[32];
    if (t->per == 1) {
        _mm256_maskstore_epi32((int *)(void *)y, t->mask, v);
        return;
    }
    eq_put_avxvnni(some, v);
    const int32_t each = count / pixels;
    for (int32_t i = 0; i < pixels; ++i)
        memcpy(y + i * y_pixel, some + i * each, (size_t)each);
}

/* Outputs that are not 32 bytes that lie side by side, of `pixels` pixels. */
EQ_INLINE_AVX2 void eq_flat_some_avxvnni(const eq_flat_avxvnni *t,
                                         const eq_flat_line_avxvnni *g, int32_t pixels,
                                         int rows, int kind, int single)
{
    const int32_t count = t->count / t->per * pixels;
    __m256i v[2];
    eq_flat_four_avxvnni(t, g->q, &t->apart, v, rows, kind, single);
    eq_flat_store_avxvnni(t, g->y, v[0], g->y_pixel, pixels, count);
    if (rows > 1)
        eq_flat_store_avxvnni(t, g->z, v[1], g->y_pixel, pixels, count);
}

/* `fours` times 32 bytes that lie side by side, `y_step` from each other. */
EQ_INLINE_AVX2 void eq_flat_dense_avxvnni(const eq_flat_avxvnni *t,
                                          const eq_flat_line_avxvnni *g, int32_t fours,
                                          int64_t y_step, int rows, int kind, int single)
{
    const eq_flat_apart_avxvnni d = t->apart;
    const int64_t next = t->next;
    const uint8_t *q = g->q;
    int8_t *y = g->y, *z = g->z;
    for (; fours > 0; --fours) {
        __m256i v[2];
        eq_flat_four_avxvnni(t, q, &d, v, rows, kind, single);
        eq_put_avxvnni(y, v[0]);
        if (rows > 1)
            eq_put_avxvnni(z, v[1]);
        q += next;
        y += y_step;
        z += y_step;
    }
}

/* The same line n pixels further on. */
EQ_INLINE_AVX2 eq_flat_line_avxvnni eq_flat_on_avxvnni(const eq_flat_avxvnni *t,
                                                       const eq_flat_line_avxvnni *g,
                                                       int64_t n)
{
    eq_flat_line_avxvnni to = *g;
    to.q += n * t->pixel;
    to.y += n * g->y_pixel;
    to.z += n * g->y_pixel;
    return to;
}

/* All outputs of a line.  Where they do not fill the last four vectors, some before them are
 * made once more. */
EQ_INLINE_AVX2 void eq_flat_do_avxvnni(const eq_flat_avxvnni *t,
                                       const eq_flat_line_avxvnni *g, int rows, int kind,
                                       int single)
{
    const int32_t per = t->per, n = g->n, fours = n / per;
    const int dense = t->count == 32 && (per == 1 || g->y_pixel == 32 / per);
    if (dense && fours > 0) {
        eq_flat_dense_avxvnni(t, g, fours, per * g->y_pixel, rows, kind, single);
        if (fours * per < n) {
            const eq_flat_line_avxvnni last = eq_flat_on_avxvnni(t, g, n - per);
            eq_flat_some_avxvnni(t, &last, per, rows, kind, single);
        }
        return;
    }
    for (int32_t i = 0; i < n; i += per) {
        const eq_flat_line_avxvnni some = eq_flat_on_avxvnni(t, g, i);
        eq_flat_some_avxvnni(t, &some, n - i < per ? n - i : per, rows, kind, single);
    }
}

EQ_INLINE_AVX2 void eq_flat_rows_avxvnni(const eq_flat_avxvnni *t,
                                         const eq_flat_line_avxvnni *g, int kind,
                                         int single)
{
    if (g->rows > 1)
        eq_flat_do_avxvnni(t, g, 2, kind, single);
    else
        eq_flat_do_avxvnni(t, g, 1, kind, single);
}

/* The same by form. */
EQ_INLINE_AVX2 void eq_flat_form_avxvnni(const eq_flat_avxvnni *t,
                                         const eq_flat_line_avxvnni *g, int kind,
                                         int single)
{
    if (single == EQ_FUSED)
        eq_flat_rows_avxvnni(t, g, kind, EQ_FUSED);
    else if (single == EQ_SINGLE)
        eq_flat_rows_avxvnni(t, g, kind, EQ_SINGLE);
    else
        eq_flat_rows_avxvnni(t, g, kind, EQ_DOUBLE);
}

/* The same by kind, functions of their own. */
EQ_APART_AVX2 void eq_flat_plain_avxvnni(const eq_flat_avxvnni *t,
                                         const eq_flat_line_avxvnni *g, int single)
{
    if (t->per == 1)
        eq_flat_form_avxvnni(t, g, 0, single);
    else
        eq_flat_form_avxvnni(t, g, EQ_FLAT_WHOLE_AVXVNNI, single);
}

EQ_APART_AVX2 void eq_flat_much_avxvnni(const eq_flat_avxvnni *t,
                                        const eq_flat_line_avxvnni *g, int single)
{
    if (t->per == 1)
        eq_flat_form_avxvnni(t, g, EQ_FLAT_MUCH_AVXVNNI, single);
    else
        eq_flat_form_avxvnni(t, g, EQ_FLAT_MUCH_AVXVNNI + EQ_FLAT_WHOLE_AVXVNNI, single);
}

#endif
