/* Depthwise convolution of windows of one column for AVX-512 VNNI: 64 channels of a pixel at a time.
 *
 * Four rows at a time are put side by side; all are read where they lie.  Windows of rows that
 * follow each other have these words in common with those four rows further down.  Exact: see
 * depthwise_words_avx512vnni.h.
 *
 * Scratch: that of depthwise_rows_avx512vnni.h, and 24 bytes.
 */
#ifndef EDGEQ_DEPTHWISE_COLUMNS_AVX512VNNI_H
#define EDGEQ_DEPTHWISE_COLUMNS_AVX512VNNI_H

#include "edgeq/depthwise_rows_avx512vnni.h"
#include "edgeq/depthwise_words_avx512vnni.h"

/* Columns of windows: those of four rows that are whole, and what the rows of the last four are
 * further down in the table than its first; from row to row of a window there, bytes from window
 * to window, and from pixel to pixel of either image.  Dense where a window's rows follow each
 * other and the next window begins with its second. */
typedef struct {
    int32_t whole, is_dense;
    int64_t last[3], dil_h, down, next, y_next;
    __mmask64 mask;
} eq_columns_x512;

/* The words of four rows at `at`, rows a, b and c entries of the table further down than the first. */
EQ_INLINE_AVX512 eq_words_x512 eq_column_words_x512(const int8_t *table, int64_t at,
                                                    int64_t a, int64_t b, int64_t c,
                                                    __mmask64 mask, int some)
{
    return eq_words_of_x512(eq_bytes_at_x512(eq_row_of_x512(table, 0) + at, mask, some),
                            eq_bytes_at_x512(eq_row_of_x512(table, a) + at, mask, some),
                            eq_bytes_at_x512(eq_row_of_x512(table, b) + at, mask, some),
                            eq_bytes_at_x512(eq_row_of_x512(table, c) + at, mask, some));
}

/* Four rows of a window that are whole, and the way to the next ones. */
EQ_INLINE_AVX512 eq_words_x512 eq_column_step_x512(eq_words_x512 s,
                                                   const eq_columns_x512 *q,
                                                   const int8_t **table, const int8_t **w,
                                                   int64_t at, int some)
{
    const int64_t d = q->dil_h;
    const eq_words_x512 v =
        eq_column_words_x512(*table, at, d, 2 * d, 3 * d, q->mask, some);
    s = eq_add_column_x512(s, v, *w, s.a, 0);
    *table += 4 * d * EQ_POINTER_X512;
    *w += 256;
    return s;
}

/* 64 outputs of the windows `at` bytes from the beginning of the rows in the table; `whole` times
 * four of their rows are whole, or more than two times. */
EQ_INLINE_AVX512 __m512i eq_column_outputs_x512(const eq_columns_x512 *q,
                                                const eq_words_outputs_x512 *t,
                                                const int8_t *table, int64_t at, int whole,
                                                int some, int mode)
{
    const int8_t *w = t->w;
    eq_words_x512 s = t->bias;
    __asm__ volatile("" : "+r"(w));
    if (whole > 0)
        s = eq_column_step_x512(s, q, &table, &w, at, some);
    if (whole > 1)
        s = eq_column_step_x512(s, q, &table, &w, at, some);
    for (int32_t g = 2; whole > 2 && g < q->whole; ++g)
        s = eq_column_step_x512(s, q, &table, &w, at, some);
    const eq_words_x512 v =
        eq_column_words_x512(table, at, q->last[0], q->last[1], q->last[2], q->mask, some);
    return eq_finish_sums_x512(eq_add_column_x512(s, v, w, s.a, 0), &t->finish, mode);
}

EQ_INLINE_AVX512 void eq_store_column_x512(int8_t *y, __m512i v, __mmask64 mask, int some)
{
    if (some)
        _mm512_mask_storeu_epi8(y, mask, v);
    else
        _mm512_storeu_si512((void *)y, v);
}

/* Every fourth of n dense windows, the first of which begins the table; `whole` is 1 or 2. */
EQ_INLINE_AVX512 void eq_column_chain_x512(const eq_columns_x512 *q,
                                           const eq_words_outputs_x512 *t,
                                           const int8_t *table, int64_t at, int8_t *y,
                                           int64_t y_row, int32_t n, int whole, int some,
                                           int mode)
{
    const int64_t four = 4 * EQ_POINTER_X512;
    eq_words_x512 first = eq_column_words_x512(table, at, 1, 2, 3, q->mask, some);
    eq_words_x512 second = first;
    table += four;
    if (whole == 2) {
        second = eq_column_words_x512(table, at, 1, 2, 3, q->mask, some);
        table += four;
    }
    for (; n > 0; n -= 4) {
        const eq_words_x512 last = eq_column_words_x512(table, at, 1, 2, 3, q->mask, some);
        const int8_t *w = t->w;
        __asm__ volatile("" : "+r"(w));
        eq_words_x512 s = eq_add_column_x512(t->bias, first, w, t->bias.a, 0);
        if (whole == 2)
            s = eq_add_column_x512(s, second, w + 256, s.a, 0);
        s = eq_add_column_x512(s, last, w + 256 * whole, s.a, 0);
        eq_store_column_x512(y, eq_finish_sums_x512(s, &t->finish, mode), q->mask, some);
        first = whole == 2 ? second : last;
        second = last;
        table += four;
        y += 4 * y_row;
    }
}

/* A column of n rows of outputs. */
EQ_INLINE_AVX512 void eq_column_x512(const eq_columns_x512 *q,
                                     const eq_words_outputs_x512 *t, const int8_t *table,
                                     int64_t at, int8_t *y, int64_t y_row, int32_t n,
                                     int whole, int some, int mode)
{
    if (q->is_dense && (whole == 1 || whole == 2)) {
        for (int32_t i = 0; i < 4; ++i, table += EQ_POINTER_X512, y += y_row)
            eq_column_chain_x512(q, t, table, at, y, y_row, n - i, whole, some, mode);
        return;
    }
    for (; n > 0; --n, table += q->down, y += y_row)
        eq_store_column_x512(y, eq_column_outputs_x512(q, t, table, at, whole, some, mode),
                             q->mask, some);
}

/* All rows of 64 channels from o on, or of those that the mask has. */
EQ_INLINE_AVX512 void eq_column_rows_x512(const eq_columns_x512 *q,
                                          const eq_words_outputs_x512 *t,
                                          const int8_t *table, int8_t *y, int32_t o,
                                          const eq_depthwise_s8_params *p, int whole,
                                          int some, int mode)
{
    for (int32_t c = 0; c < p->out_w; ++c)
        eq_column_x512(q, t, table, o + c * q->next,
                       y + p->row0 * (int64_t)p->y_row + c * q->y_next + o, p->y_row,
                       p->row1 - p->row0, whole, some, mode);
}

EQ_INLINE_AVX512 void eq_column_block_x512(const eq_columns_x512 *q,
                                           const eq_words_outputs_x512 *t,
                                           const int8_t *table, int8_t *y, int32_t o,
                                           const eq_depthwise_s8_params *p, int some,
                                           int mode)
{
    if (q->whole == 0)
        eq_column_rows_x512(q, t, table, y, o, p, 0, some, mode);
    else if (q->whole == 1)
        eq_column_rows_x512(q, t, table, y, o, p, 1, some, mode);
    else if (q->whole == 2)
        eq_column_rows_x512(q, t, table, y, o, p, 2, some, mode);
    else
        eq_column_rows_x512(q, t, table, y, o, p, 3, some, mode);
}

/* What is the same for all channels. */
static inline eq_columns_x512 eq_columns_of_x512(const eq_depthwise_s8_params *p)
{
    const int32_t whole = (p->kh - 1) / 4, last = p->kh - 1 - 4 * whole;
    const int64_t d = p->dil_h;
    const eq_columns_x512 q = {
        .whole = whole,
        .is_dense = p->stride_h == 1 && p->dil_h == 1,
        .last = {(last < 1 ? last : 1) * d, (last < 2 ? last : 2) * d, last * d},
        .dil_h = d,
        .down = (int64_t)p->stride_h * EQ_POINTER_X512,
        .next = (int64_t)p->stride_w * p->x_pixel,
        .y_next = p->y_pixel};
    return q;
}

/* All channels; mode is a constant. */
EQ_INLINE_AVX512 void eq_column_image_x512(const eq_words_arrays_x512 *a,
                                           const int8_t *table,
                                           const eq_depthwise_s8_params *p, int mode)
{
    eq_columns_x512 q = eq_columns_of_x512(p);
    eq_words_outputs_x512 t;
    eq_load_layer_x512(&t, p, 0);
    for (int32_t o = 0; o < p->in_c; o += 64) {
        const int32_t left = p->in_c - o;
        t.w = a->w + (int64_t)o * (q.whole + 1) * 4;
        eq_load_outputs_x512(&t, a->bias + o, a->mult + o, a->shift + o, 0, mode);
        if (left >= 64) {
            eq_column_block_x512(&q, &t, table, a->y, o, p, 0, mode);
        } else {
            q.mask = ((__mmask64)1 << left) - 1;
            eq_column_block_x512(&q, &t, table, a->y, o, p, 1, mode);
        }
    }
}

/* A whole call; mode is a constant.  Behind the table stand rows for what the last windows lack to
 * whole fours, which meet weights of zero. */
EQ_INLINE_AVX512 void eq_depthwise_columns_x512(const int8_t *x,
                                                const eq_words_arrays_x512 *a,
                                                int8_t *scratch,
                                                const eq_depthwise_s8_params *p, int mode)
{
    const int8_t *const table = eq_list_rows_x512(scratch, x, p);
    int8_t *const end =
        scratch + (table - scratch) + eq_rows_seen_x512(p) * EQ_POINTER_X512;
    eq_list_border_x512(end, eq_row_of_x512(table, 0), 3);
    eq_column_image_x512(a, table, p, mode);
}

#endif
