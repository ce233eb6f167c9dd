/* resize_nearest_s8 -- resize by taking the nearest pixel; pixels are runs of bytes.
 *
 *   y[h][w] = x[row[h]][column[w]]   of `run` contiguous bytes
 *
 * for the output rows [row0, row1) of one image.  Pixel (r, c) of x starts at
 * x + (r % x_ring) * x_row + c * x_pixel, that of y at y + r * y_row + c * y_pixel, all in
 * bytes.  The source indices were computed when the model was compiled.
 */
#ifndef EDGEQ_RESIZE_NEAREST_S8_H
#define EDGEQ_RESIZE_NEAREST_S8_H

#include <stdint.h>

typedef struct {
    int32_t out_w;   /* OW >= 1 */
    int32_t run;     /* bytes of a pixel, >= 1 */
    int32_t row0;    /* first output row, >= 0 */
    int32_t row1;    /* end of the output rows, > row0 */
    int32_t x_row;   /* bytes from row to row of x, >= 0 */
    int32_t x_pixel; /* bytes from pixel to pixel of x, >= run */
    int32_t x_ring;  /* rows in x's ring, in [1, H]; H without a ring */
    int32_t y_row;   /* bytes from row to row of y */
    int32_t y_pixel; /* bytes from pixel to pixel of y, >= run */
} eq_resize_nearest_s8_params;

typedef void eq_resize_nearest_s8_fn(const int8_t *x, /* (H, W, C) strided bytes */
                                     const int32_t *restrict row,    /* (OH) in [0, H) */
                                     const int32_t *restrict column, /* (OW) in [0, W) */
                                     int8_t *y, /* (OH, OW, C) strided bytes */
                                     const eq_resize_nearest_s8_params *restrict p);

#endif
