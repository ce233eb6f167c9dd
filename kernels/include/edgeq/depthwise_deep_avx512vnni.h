/* Depthwise convolution of windows of three rows and three columns for AVX-512 VNNI: 64 channels of a
 * pixel at a time.
 *
 * A column of pixels is put side by side once, for all windows of a row that see it, and stays in
 * registers: of neighbours, two columns or, with a stride of two, one.  With a stride of one it is
 * of four pixels, and two rows of outputs are made at once.  Rows are read where they lie.  Exact:
 * see depthwise_words_avx512vnni.h.
 */
#ifndef EDGEQ_DEPTHWISE_DEEP_AVX512VNNI_H
#define EDGEQ_DEPTHWISE_DEEP_AVX512VNNI_H

#include "edgeq/depthwise_rows_avx512vnni.h"
#include "edgeq/depthwise_words_avx512vnni.h"

/* Rows of windows: where the column that is read next lies in the rows, how far the end of the image
 * is, and where the next pixel of y is, in the upper and in the lower row. */
typedef struct {
    const int8_t *r[4];
    int64_t at, end, next;
    int8_t *y, *lower;
    int64_t y_next;
    __m512i border;
    __mmask64 mask;
} eq_deep_row_x512;

/* The next column, of zx beyond the image; `two` where there are four rows. */
EQ_INLINE_AVX512 eq_words_x512 eq_deep_column_x512(eq_deep_row_x512 *q, int some, int two)
{
    const int64_t at = q->at;
    q->at += q->next;
    if (__builtin_expect(at >= q->end, 0)) {
        const eq_words_x512 v = {q->border, q->border, q->border, q->border};
        return v;
    }
    const __m512i g = eq_bytes_at_x512(q->r[2] + at, q->mask, some);
    return eq_words_of_x512(eq_bytes_at_x512(q->r[0] + at, q->mask, some),
                            eq_bytes_at_x512(q->r[1] + at, q->mask, some), g,
                            two ? eq_bytes_at_x512(q->r[3] + at, q->mask, some) : g);
}

EQ_INLINE_AVX512 void eq_deep_store_x512(int8_t *y, __m512i v, __mmask64 mask, int some)
{
    if (some)
        _mm512_mask_storeu_epi8(y, mask, v);
    else
        _mm512_storeu_si512((void *)y, v);
}

/* The pixels whose windows have columns u, v and w, the lower one first. */
EQ_INLINE_AVX512 void eq_deep_pixel_x512(eq_deep_row_x512 *q,
                                         const eq_words_outputs_x512 *t, eq_words_x512 u,
                                         eq_words_x512 v, eq_words_x512 w, int some,
                                         int two, int has_zw, int mode)
{
    if (two) {
        eq_deep_store_x512(q->lower, eq_three_columns_x512(t, u, v, w, 1, has_zw, mode),
                           q->mask, some);
        q->lower += q->y_next;
    }
    eq_deep_store_x512(q->y, eq_three_columns_x512(t, u, v, w, 0, has_zw, mode), q->mask,
                       some);
    q->y += q->y_next;
}

/* n pixels of two rows with a stride of one. */
EQ_INLINE_AVX512 void eq_deep_ones_x512(eq_deep_row_x512 *q, const eq_words_outputs_x512 *t,
                                        eq_words_x512 u, int32_t n, int some, int has_zw,
                                        int mode)
{
    eq_words_x512 v = eq_deep_column_x512(q, some, 1), w;
    for (;;) {
        w = eq_deep_column_x512(q, some, 1);
        eq_deep_pixel_x512(q, t, u, v, w, some, 1, has_zw, mode);
        if (--n == 0)
            break;
        u = eq_deep_column_x512(q, some, 1);
        eq_deep_pixel_x512(q, t, v, w, u, some, 1, has_zw, mode);
        if (--n == 0)
            break;
        v = eq_deep_column_x512(q, some, 1);
        eq_deep_pixel_x512(q, t, w, u, v, some, 1, has_zw, mode);
        if (--n == 0)
            break;
    }
}

/* n pixels with a stride of two. */
EQ_INLINE_AVX512 void eq_deep_twos_x512(eq_deep_row_x512 *q, const eq_words_outputs_x512 *t,
                                        eq_words_x512 u, int32_t n, int some, int has_zw,
                                        int mode)
{
    for (;;) {
        eq_words_x512 v = eq_deep_column_x512(q, some, 0);
        const eq_words_x512 w = eq_deep_column_x512(q, some, 0);
        eq_deep_pixel_x512(q, t, u, v, w, some, 0, has_zw, mode);
        if (--n == 0)
            break;
        v = eq_deep_column_x512(q, some, 0);
        u = eq_deep_column_x512(q, some, 0);
        eq_deep_pixel_x512(q, t, w, v, u, some, 0, has_zw, mode);
        if (--n == 0)
            break;
    }
}

/* Output row h, and the next one if `two`, of 64 channels from o on.  A row that is the last has
 * itself as the lower one, which is stored first. */
EQ_INLINE_AVX512 void eq_deep_lines_x512(eq_deep_row_x512 *q,
                                         const eq_words_outputs_x512 *t,
                                         const int8_t *table, int8_t *y, int32_t h,
                                         int32_t o, const eq_depthwise_s8_params *p,
                                         int some, int two, int has_zw, int mode)
{
    const int more = two && h + 1 < p->row1;
    const int64_t first = (int64_t)(h - p->row0) * p->stride_h;
    for (int32_t i = 0; i < 3; ++i)
        q->r[i] = eq_row_of_x512(table, first + i) + o;
    q->r[3] = more ? eq_row_of_x512(table, first + 3) + o : q->r[2];
    q->at = 0;
    q->y = y + (int64_t)h * p->y_row + o;
    q->lower = more ? q->y + p->y_row : q->y;
    eq_words_x512 u = {q->border, q->border, q->border, q->border};
    if (p->pad_left == 0)
        u = eq_deep_column_x512(q, some, two);
    if (two)
        eq_deep_ones_x512(q, t, u, p->out_w, some, has_zw, mode);
    else
        eq_deep_twos_x512(q, t, u, p->out_w, some, has_zw, mode);
}

/* All rows of the channels from o on that the mask has, or of 64. */
EQ_INLINE_AVX512 void eq_deep_block_x512(const eq_words_outputs_x512 *t,
                                         const int8_t *table, int8_t *y, int32_t o,
                                         const eq_depthwise_s8_params *p, __mmask64 mask,
                                         int some, int has_zw, int mode)
{
    eq_deep_row_x512 q = {.end = (int64_t)p->in_w * p->x_pixel,
                          .next = p->x_pixel,
                          .y_next = p->y_pixel,
                          .border = _mm512_set1_epi8((int8_t)(p->zx ^ INT8_MIN)),
                          .mask = mask};
    if (p->stride_w == 1)
        for (int32_t h = p->row0; h < p->row1; h += 2)
            eq_deep_lines_x512(&q, t, table, y, h, o, p, some, 1, has_zw, mode);
    else
        for (int32_t h = p->row0; h < p->row1; ++h)
            eq_deep_lines_x512(&q, t, table, y, h, o, p, some, 0, has_zw, mode);
}

/* All channels; has_zw and mode are constants. */
EQ_INLINE_AVX512 void eq_deep_image_x512(const eq_words_arrays_x512 *a, const int8_t *table,
                                         const eq_depthwise_s8_params *p, int32_t zw,
                                         int has_zw, int mode)
{
    const int32_t more = 9 * 128 * zw;
    int8_t lower[EQ_THREE_COLUMNS_X512];
    eq_words_outputs_x512 t;
    t.lower = lower;
    eq_load_layer_x512(&t, p, zw);
    for (int32_t o = 0; o < p->in_c; o += 64) {
        const int32_t left = p->in_c - o;
        t.w = a->w + (int64_t)o * 12;
        if (p->stride_w == 1)
            eq_lower_weights_x512(lower, t.w);
        if (left >= 64) {
            eq_load_outputs_x512(&t, a->bias + o, a->mult + o, a->shift + o, more, mode);
            eq_deep_block_x512(&t, table, a->y, o, p, 0, 0, has_zw, mode);
        } else {
            const __mmask64 mask = ((__mmask64)1 << left) - 1;
            eq_load_outputs_x512(&t, a->bias + o, a->mult + o, a->shift + o, more, mode);
            eq_deep_block_x512(&t, table, a->y, o, p, mask, 1, has_zw, mode);
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
