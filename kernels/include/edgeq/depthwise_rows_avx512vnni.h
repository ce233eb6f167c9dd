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

/* The table of all rows that the windows of output rows [row0, row1) see, the first of row0's
 * window first.  It lies in scratch, behind the row of zx. */
static inline const int8_t *eq_list_rows_x512(int8_t *scratch, const int8_t *x,
                                              const eq_depthwise_s8_params *p)
{
    const int64_t size = (int64_t)p->in_w * p->x_pixel;
    const int32_t first = p->row0 * p->stride_h - p->pad_top;
    const int32_t rows = (p->row1 - p->row0 - 1) * p->stride_h + (p->kh - 1) * p->dil_h + 1;
    int8_t *const table = scratch + size + 64;
    if (first < 0 || first + rows > p->in_h)
        for (int64_t i = 0; i < size; i += 64)
            _mm512_storeu_si512((void *)(scratch + i), _mm512_set1_epi8((int8_t)p->zx));
    int32_t at = first > 0 ? first % p->x_ring : 0;
    for (int32_t i = 0; i < rows; ++i) {
        const int inside = first + i >= 0 && first + i < p->in_h;
        const int8_t *const row = inside ? x + (int64_t)at * p->x_row : scratch;
        memcpy(table + (int64_t)i * EQ_POINTER_X512, &row, sizeof row);
        at = !inside ? at : at + 1 < p->x_ring ? at + 1 : 0;
    }
    return table;
}

#endif
