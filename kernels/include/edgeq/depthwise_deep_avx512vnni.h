/* Depthwise convolution of windows of three rows and three columns for AVX-512 VNNI: 64 channels of a
 * pixel at a time.
 *
 * A column of pixels is put side by side once, for all windows of a row that see it.  With a stride
 * of one it is of four pixels, two rows of outputs are made at once, and three columns stay in
 * registers.  With a stride of two a column is multiplied for the one or two windows that see it, and
 * sums stay there.
 *
 * Columns beyond the image are not multiplied: the windows that have them begin with another bias.
 * There is at most one on either side.  Rows are read where they lie.  Exact: see
 * depthwise_words_avx512vnni.h.
 */
#ifndef EDGEQ_DEPTHWISE_DEEP_AVX512VNNI_H
#define EDGEQ_DEPTHWISE_DEEP_AVX512VNNI_H

#include "edgeq/depthwise_rows_avx512vnni.h"
#include "edgeq/depthwise_words_avx512vnni.h"

/* How an image is walked over; all but p and mask are constants. */
typedef struct {
    const eq_depthwise_s8_params *p;
    __mmask64 mask; /* of channels, where there are fewer than 64 */
    int some, has_zw, mode;
} eq_deep_kind_x512;

/* What a block of channels has in memory: weights one row lower, and what sums begin with, for
 * usual windows, for those whose first column lies beyond the image, and for those whose last does. */
typedef struct {
    int8_t lower[EQ_THREE_COLUMNS_X512], begin[3][256];
} eq_deep_tables_x512;

enum { EQ_USUAL_X512 = 0, EQ_FIRST_X512 = 1, EQ_LAST_X512 = 2 };

/* Rows of windows: where the next column and the next pixel of y are in them. */
typedef struct {
    const int8_t *r0, *r1, *r2, *r3, *w;
    eq_deep_tables_x512 *tables;
    int64_t at, next, y_at, y_next;
    int8_t *y, *y_lower;
} eq_deep_row_x512;

/* The next column; `two` where there are four rows.  Compilers would read weights early and keep
 * copies of them, and count pixels in many ways: an empty asm hides that they know either. */
EQ_INLINE_AVX512 eq_words_x512 eq_deep_column_x512(eq_deep_row_x512 *q,
                                                   const eq_deep_kind_x512 *k, int two)
{
    __asm__ volatile("" : "+r"(q->at), "+r"(q->y_at), "+r"(q->w), "+m"(*q->tables));
    const int64_t at = q->at;
    q->at += q->next;
    const __m512i g = eq_bytes_at_x512(q->r2 + at, k->mask, k->some);
    return eq_words_of_x512(eq_bytes_at_x512(q->r0 + at, k->mask, k->some),
                            eq_bytes_at_x512(q->r1 + at, k->mask, k->some), g,
                            two ? eq_bytes_at_x512(q->r3 + at, k->mask, k->some) : g);
}

EQ_INLINE_AVX512 void eq_deep_store_x512(int8_t *y, __m512i v, const eq_deep_kind_x512 *k)
{
    if (k->some)
        _mm512_mask_storeu_epi8(y, k->mask, v);
    else
        _mm512_storeu_si512((void *)y, v);
}

/* s with x as column i of the windows above, or of those below. */
EQ_INLINE_AVX512 eq_words_x512 eq_deep_add_x512(eq_words_x512 s, const eq_deep_row_x512 *q,
                                                const eq_words_outputs_x512 *t,
                                                eq_words_x512 x, int i, int lower,
                                                const eq_deep_kind_x512 *k)
{
    return eq_add_column_x512(s, x, (lower ? q->tables->lower : q->w) + 256 * i,
                              lower ? t->less_zw_lower : t->less_zw, k->has_zw);
}

/* Columns of windows, of which the first or the last one may lie beyond the image. */
typedef struct {
    eq_words_x512 u, v, w;
    int begin; /* EQ_USUAL_X512, or which one */
} eq_deep_columns_x512;

/* 64 outputs of the row above or below. */
EQ_INLINE_AVX512 __m512i eq_deep_outputs_x512(const eq_deep_row_x512 *q,
                                              const eq_words_outputs_x512 *t,
                                              const eq_deep_columns_x512 *c, int lower,
                                              const eq_deep_kind_x512 *k)
{
    eq_words_x512 s = eq_load_words_x512(q->tables->begin[c->begin]);
    if (c->begin != EQ_FIRST_X512)
        s = eq_deep_add_x512(s, q, t, c->u, 0, lower, k);
    s = eq_deep_add_x512(s, q, t, c->v, 1, lower, k);
    if (c->begin != EQ_LAST_X512)
        s = eq_deep_add_x512(s, q, t, c->w, 2, lower, k);
    return eq_finish_sums_x512(s, &t->finish, k->mode);
}

/* The next pixel of y, and the one below. */
EQ_INLINE_AVX512 void eq_deep_pixel_x512(eq_deep_row_x512 *q,
                                         const eq_words_outputs_x512 *t, eq_words_x512 u,
                                         eq_words_x512 v, eq_words_x512 w, int begin,
                                         int two, const eq_deep_kind_x512 *k)
{
    const eq_deep_columns_x512 c = {u, v, w, begin};
    eq_deep_store_x512(q->y + q->y_at, eq_deep_outputs_x512(q, t, &c, 0, k), k);
    if (two)
        eq_deep_store_x512(q->y_lower + q->y_at, eq_deep_outputs_x512(q, t, &c, 1, k), k);
    q->y_at += q->y_next;
}

/* A row, or two, with a stride of one. */
EQ_INLINE_AVX512 void eq_deep_ones_x512(eq_deep_row_x512 *q, const eq_words_outputs_x512 *t,
                                        int two, int beyond, const eq_deep_kind_x512 *k)
{
    eq_words_x512 v = eq_deep_column_x512(q, k, two), w = eq_deep_column_x512(q, k, two), u;
    if (k->p->pad_left > 0)
        eq_deep_pixel_x512(q, t, v, v, w, EQ_FIRST_X512, two, k);
    const int32_t n = k->p->out_w - k->p->pad_left - beyond;
    for (int32_t i = n % 3; i > 0; --i) {
        u = eq_deep_column_x512(q, k, two);
        eq_deep_pixel_x512(q, t, v, w, u, EQ_USUAL_X512, two, k);
        v = w, w = u;
    }
    for (int32_t i = n / 3; i > 0; --i) {
        u = eq_deep_column_x512(q, k, two);
        eq_deep_pixel_x512(q, t, v, w, u, EQ_USUAL_X512, two, k);
        v = eq_deep_column_x512(q, k, two);
        eq_deep_pixel_x512(q, t, w, u, v, EQ_USUAL_X512, two, k);
        w = eq_deep_column_x512(q, k, two);
        eq_deep_pixel_x512(q, t, u, v, w, EQ_USUAL_X512, two, k);
    }
    if (beyond)
        eq_deep_pixel_x512(q, t, v, w, w, EQ_LAST_X512, two, k);
}

/* The first window of a row with a stride of two but for its last column. */
EQ_INLINE_AVX512 eq_words_x512 eq_deep_first_x512(eq_deep_row_x512 *q,
                                                  const eq_words_outputs_x512 *t,
                                                  const eq_deep_kind_x512 *k)
{
    const int pad = k->p->pad_left > 0;
    eq_words_x512 s =
        eq_load_words_x512(q->tables->begin[pad ? EQ_FIRST_X512 : EQ_USUAL_X512]);
    if (!pad)
        s = eq_deep_add_x512(s, q, t, eq_deep_column_x512(q, k, 0), 0, 0, k);
    return eq_deep_add_x512(s, q, t, eq_deep_column_x512(q, k, 0), 1, 0, k);
}

/* 64 outputs of a row with a stride of two. */
EQ_INLINE_AVX512 void eq_deep_put_x512(eq_deep_row_x512 *q, eq_words_x512 s,
                                       const eq_words_outputs_x512 *t,
                                       const eq_deep_kind_x512 *k)
{
    eq_deep_store_x512(q->y + q->y_at, eq_finish_sums_x512(s, &t->finish, k->mode), k);
    q->y_at += q->y_next;
}

/* A row with a stride of two, of two pixels at least. */
EQ_INLINE_AVX512 void eq_deep_twos_x512(eq_deep_row_x512 *q, const eq_words_outputs_x512 *t,
                                        int beyond, const eq_deep_kind_x512 *k)
{
    eq_words_x512 s = eq_deep_first_x512(q, t, k);
    const int8_t *begin = q->tables->begin[EQ_USUAL_X512];
    for (int32_t n = k->p->out_w - 1; n > 0; --n) {
        if (n == 1)
            begin = q->tables->begin[beyond ? EQ_LAST_X512 : EQ_USUAL_X512];
        const eq_words_x512 x = eq_deep_column_x512(q, k, 0);
        eq_deep_put_x512(q, eq_deep_add_x512(s, q, t, x, 2, 0, k), t, k);
        s = eq_deep_add_x512(eq_load_words_x512(begin), q, t, x, 0, 0, k);
        s = eq_deep_add_x512(s, q, t, eq_deep_column_x512(q, k, 0), 1, 0, k);
    }
    if (!beyond)
        s = eq_deep_add_x512(s, q, t, eq_deep_column_x512(q, k, 0), 2, 0, k);
    eq_deep_put_x512(q, s, t, k);
}

/* 1 where the last window of a row reaches beyond the image. */
static inline int eq_is_beyond_x512(const eq_depthwise_s8_params *p)
{
    return (p->out_w - 1) * p->stride_w + 3 - p->pad_left > p->in_w;
}

/* What sums begin with. */
EQ_INLINE_AVX512 void eq_deep_begins_x512(int8_t to[3][256], const eq_words_outputs_x512 *t,
                                          const eq_deep_kind_x512 *k)
{
    const __m512i zx = _mm512_set1_epi8((int8_t)(k->p->zx ^ INT8_MIN));
    const eq_words_x512 border = {zx, zx, zx, zx};
    eq_keep_words_x512(to[EQ_USUAL_X512], t->bias);
    eq_keep_words_x512(to[EQ_FIRST_X512],
                       eq_add_column_x512(t->bias, border, t->w, t->less_zw, k->has_zw));
    eq_keep_words_x512(to[EQ_LAST_X512], eq_add_column_x512(t->bias, border, t->w + 512,
                                                            t->less_zw, k->has_zw));
}

/* All rows of the channels from o on that the mask has, or of 64. */
EQ_INLINE_AVX512 void eq_deep_block_x512(const eq_words_outputs_x512 *t,
                                         const int8_t *table, int8_t *y, int32_t o,
                                         const eq_deep_kind_x512 *k)
{
    const eq_depthwise_s8_params *const p = k->p;
    const int beyond = eq_is_beyond_x512(p), one = p->stride_w == 1;
    eq_deep_tables_x512 tables;
    eq_deep_begins_x512(tables.begin, t, k);
    if (one)
        eq_lower_weights_x512(tables.lower, t->w);
    eq_deep_row_x512 q = {
        .w = t->w, .tables = &tables, .next = p->x_pixel, .y_next = p->y_pixel};
    q.y = y + (int64_t)p->row0 * p->y_row;
    for (int32_t h = p->row0; h < p->row1;) {
        const int two = one && h + 1 < p->row1;
        q.r0 = eq_row_of_x512(table, 0);
        q.r1 = eq_row_of_x512(table, 1);
        q.r2 = eq_row_of_x512(table, 2);
        q.r3 = eq_row_of_x512(table, 2 + two);
        q.y_lower = q.y + p->y_row;
        q.at = q.y_at = o;
        if (two)
            eq_deep_ones_x512(&q, t, 1, beyond, k);
        else if (one)
            eq_deep_ones_x512(&q, t, 0, beyond, k);
        else
            eq_deep_twos_x512(&q, t, beyond, k);
        table += 2 * EQ_POINTER_X512;
        q.y += (1 + two) * p->y_row;
        h += 1 + two;
    }
}

/* All channels; has_zw and mode are constants. */
EQ_INLINE_AVX512 void eq_deep_image_x512(const eq_words_arrays_x512 *a, const int8_t *table,
                                         const eq_depthwise_s8_params *p, int32_t zw,
                                         int has_zw, int mode)
{
    const int32_t more = 9 * 128 * zw;
    eq_words_outputs_x512 t;
    eq_load_layer_x512(&t, p, zw);
    for (int32_t o = 0; o < p->in_c; o += 64) {
        const int32_t left = p->in_c - o;
        t.w = a->w + (int64_t)o * 12;
        eq_load_outputs_x512(&t, a->bias + o, a->mult + o, a->shift + o, more, mode);
        if (left >= 64) {
            const eq_deep_kind_x512 k = {p, 0, 0, has_zw, mode};
            eq_deep_block_x512(&t, table, a->y, o, &k);
        } else {
            const __mmask64 mask = ((__mmask64)1 << left) - 1;
            const int rest = eq_is_fused_x512(mode) ? EQ_FUSED_X512 : mode;
            const eq_deep_kind_x512 k = {p, mask, 1, has_zw, rest};
            eq_deep_block_x512(&t, table, a->y, o, &k);
        }
    }
}

/* A whole call; has_zw and mode are constants. */
EQ_INLINE_AVX512 void eq_depthwise_deep_x512(const int8_t *x, const eq_words_arrays_x512 *a,
                                             int8_t *scratch,
                                             const eq_depthwise_s8_params *p, int32_t zw,
                                             int has_zw, int mode)
{
    const int8_t *const table = eq_list_rows_x512(scratch, x, p);
    if (eq_is_fused_x512(mode) && eq_mode_x512(mode, p->act_min, p->act_max) != mode)
        eq_deep_image_x512(a, table, p, zw, has_zw, EQ_FUSED_WHOLE_X512);
    else
        eq_deep_image_x512(a, table, p, zw, has_zw, mode);
}

#endif
