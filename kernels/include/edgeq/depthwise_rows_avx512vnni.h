/* Rows of an image as a table of pointers, for depthwise convolution by AVX-512 VNNI: loops over
 * windows read rows where they lie, with no thought of borders above and below or of rings.
 *
 * A row beyond the image is one of zx in scratch.  Scratch, with TALL = (row1 - row0 - 1) * stride_h
 * + (kh - 1) * dil_h + 1:
 *
 *   8 * TALL + in_w * x_pixel + 64
 */
#ifndef EDGEQ_DEPTHWISE_ROWS_AVX512VNNI_H
#define EDGEQ_DEPTHWISE_ROWS_AVX512VNNI_H

#include "edgeq/depthwise_s8.h"
#include "edgeq/scale_avx512.h"

#include <string.h>

enum { EQ_POINTER_X512 = 8 };
_Static_assert(sizeof(int8_t *) == EQ_POINTER_X512, "scratch has eight bytes for each row");

/* Pointer i of a table, which need not be aligned. */
static inline const int8_t *eq_row_of_x512(const int8_t *table, int64_t i)
{
    const int8_t *row;
    memcpy(&row, table + i * EQ_POINTER_X512, sizeof row);
    return row;
}

/* A row into a table; the next place is returned. */
static inline int8_t *eq_list_row_x512(int8_t *to, const int8_t *row)
{
    memcpy(to, &row, sizeof row);
    return to + EQ_POINTER_X512;
}

/* The same row n times. */
static inline int8_t *eq_list_border_x512(int8_t *to, const int8_t *row, int64_t n)
{
    for (; n > 0; --n)
        to = eq_list_row_x512(to, row);
    return to;
}

/* How many rows the windows of output rows [row0, row1) see. */
static inline int32_t eq_rows_seen_x512(const eq_depthwise_s8_params *p)
{
    return (p->row1 - p->row0 - 1) * p->stride_h + (p->kh - 1) * p->dil_h + 1;
}

/* The table of all rows that the windows of output rows [row0, row1) see, the first of row0's
 * window first.  It lies in scratch, behind the row of zx. */
static inline const int8_t *eq_list_rows_x512(int8_t *scratch, const int8_t *x,
                                              const eq_depthwise_s8_params *p)
{
    const int64_t size = (int64_t)p->in_w * p->x_pixel;
    const int32_t first = p->row0 * p->stride_h - p->pad_top;
    const int32_t rows = eq_rows_seen_x512(p);
    const int32_t above = first < 0 ? -first : 0;
    const int32_t inside = (first + rows < p->in_h ? first + rows : p->in_h) - first;
    int8_t *const table = scratch + size + 64;
    if (first < 0 || first + rows > p->in_h)
        for (int64_t i = 0; i < size; i += 64)
            _mm512_storeu_si512((void *)(scratch + i), _mm512_set1_epi8((int8_t)p->zx));
    int8_t *to = eq_list_border_x512(table, scratch, above < rows ? above : rows);
    const int8_t *const ring = x + (int64_t)p->x_ring * p->x_row;
    const int8_t *row = x + (int64_t)(first > 0 ? first % p->x_ring : 0) * p->x_row;
    for (int32_t i = inside - above; i > 0; --i) {
        to = eq_list_row_x512(to, row);
        row += p->x_row;
        if (row == ring)
            row = x;
    }
    eq_list_border_x512(to, scratch,
                        (table + rows * EQ_POINTER_X512 - to) / EQ_POINTER_X512);
    return table;
}

#endif
