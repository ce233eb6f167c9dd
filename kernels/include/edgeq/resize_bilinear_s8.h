/* resize_bilinear_s8 -- bilinear resize, int8, with weights of 10 bits.
 *
 *   y[h][w][c] = round((1024 - v) * (1024 - u) * x[row[h]][column[w]][c]
 *                    + v * (1024 - u) * x[row_next[h]][column[w]][c]
 *                    + (1024 - v) * u * x[row[h]][column_next[w]][c]
 *                    + v * u * x[row_next[h]][column_next[w]][c])
 *
 * with v = row_weight[h], u = column_weight[w], for the output rows [row0, row1) of one
 * image. round divides by 2^20 and rounds ties away from zero. Pixel (r, c) of x starts at
 * x + (r % x_ring) * x_row + c * x_pixel, that of y at y + r * y_row + c * y_pixel;
 * channels are contiguous.
 */
#ifndef EDGEQ_RESIZE_BILINEAR_S8_H
#define EDGEQ_RESIZE_BILINEAR_S8_H

#include <stdint.h>

typedef struct {
    int32_t in_c;    /* C >= 1 */
    int32_t out_w;   /* OW >= 1 */
    int32_t row0;    /* first output row, >= 0 */
    int32_t row1;    /* end of the output rows, > row0 */
    int32_t x_row;   /* elements from row to row of x, >= 0 */
    int32_t x_pixel; /* elements from pixel to pixel of x, >= in_c */
    int32_t x_ring;  /* rows in x's ring, in [1, H]; H without a ring */
    int32_t y_row;   /* elements from row to row of y */
    int32_t y_pixel; /* elements from pixel to pixel of y, >= in_c */
} eq_resize_bilinear_s8_params;

typedef void
eq_resize_bilinear_s8_fn(const int8_t *x,                       /* (H, W, C) strided */
                         const int32_t *restrict row,           /* (OH) in [0, H) */
                         const int32_t *restrict row_next,      /* (OH) in [0, H) */
                         const int32_t *restrict row_weight,    /* (OH) in [0, 1023] */
                         const int32_t *restrict column,        /* (OW) in [0, W) */
                         const int32_t *restrict column_next,   /* (OW) in [0, W) */
                         const int32_t *restrict column_weight, /* (OW) in [0, 1023] */
                         int8_t *y,                             /* (OH, OW, C) strided */
                         const eq_resize_bilinear_s8_params *restrict p);

#endif
