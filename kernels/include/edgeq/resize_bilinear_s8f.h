/* resize_bilinear_s8f -- bilinear resize of what was a uint8 model, in float arithmetic.
 *
 *   t_k = ((x_k + 128) * a_k) * b_k
 *   y[h][w][c] = trunc((((t_0 + t_1) + t_2) + t_3) + 0.5) - 128
 *
 * Every operation is rounded to IEEE 754 single precision, nearest even, in this order;
 * the pixels x_k and weights (a_k, b_k) are
 *
 *   0   row[h], column[w]             1 - row_weight[h], 1 - column_weight[w]
 *   1   row_next[h], column[w]        row_weight[h],     1 - column_weight[w]
 *   2   row[h], column_next[w]        1 - row_weight[h], column_weight[w]
 *   3   row_next[h], column_next[w]   row_weight[h],     column_weight[w]
 *
 * for the output rows [row0, row1) of one image.  Weights may be negative where an index
 * was clipped to the image.  Pixel (r, c) of x starts at x + (r % x_ring) * x_row + c *
 * x_pixel, that of y at y + r * y_row + c * y_pixel; channels are contiguous.  The runtime
 * that such models are compared with computes in float, and no integer form gives all of
 * its ties.
 */
#ifndef EDGEQ_RESIZE_BILINEAR_S8F_H
#define EDGEQ_RESIZE_BILINEAR_S8F_H

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
} eq_resize_bilinear_s8f_params;

typedef void
eq_resize_bilinear_s8f_fn(const int8_t *x,                     /* (H, W, C) strided */
                          const int32_t *restrict row,         /* (OH) in [0, H) */
                          const int32_t *restrict row_next,    /* (OH) in [0, H) */
                          const float *restrict row_weight,    /* (OH) in [-1, 1] */
                          const int32_t *restrict column,      /* (OW) in [0, W) */
                          const int32_t *restrict column_next, /* (OW) in [0, W) */
                          const float *restrict column_weight, /* (OW) in [-1, 1] */
                          int8_t *y,                           /* (OH, OW, C) strided */
                          const eq_resize_bilinear_s8f_params *restrict p);

#endif
