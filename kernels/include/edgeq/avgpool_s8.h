/* avgpool_s8 -- average pooling, int8.
 *
 *   y[h][w][c] = clamp(round(sum / count))
 *
 * where sum and count run over the kh * kw window at row h * stride_h - pad_top and
 * column w * stride_w - pad_left, as far as it lies inside the image; at least one pixel
 * does.
 * Ties are rounded away from zero (form "away") or toward +infinity (form "up", which is
 * what unsigned arithmetic on x + 128 gives).  x and y share their scale, so zero points
 * do not matter.  The compiler proved that 128 * count + count / 2 fits int32.
 *
 * Computes the output rows [row0, row1) of one image.  Pixel (r, c) of x starts at
 * x + (r % x_ring) * x_row + c * x_pixel, that of y at y + r * y_row + c * y_pixel;
 * channels are contiguous.  A ring holds all rows that a window reads.
 *
 * @forms away up
 * @work row1 - row0
 * @work (row1 - row0) * out_w
 * @work (row1 - row0) * out_w * in_c
 * @work (row1 - row0) * out_w * kh * kw * in_c
 * @work (row1 - row0) * out_w * kh * kw * ((in_c + 15) / 16)
 */
#ifndef EDGEQ_AVGPOOL_S8_H
#define EDGEQ_AVGPOOL_S8_H

#include <stdint.h>

typedef struct {
    int32_t in_h;     /* H >= 1, rows of the image */
    int32_t in_w;     /* W >= 1 */
    int32_t in_c;     /* C >= 1 */
    int32_t out_w;    /* OW >= 1 */
    int32_t kh;       /* KH >= 1 */
    int32_t kw;       /* KW >= 1 */
    int32_t stride_h; /* >= 1 */
    int32_t stride_w; /* >= 1 */
    int32_t pad_top;  /* in [0, kh) */
    int32_t pad_left; /* in [0, kw) */
    int32_t row0;     /* first output row, >= 0 */
    int32_t row1;     /* end of the output rows, > row0 */
    int32_t x_row;    /* elements from row to row of x, >= 0 */
    int32_t x_pixel;  /* elements from pixel to pixel of x, >= in_c */
    int32_t x_ring;   /* rows in x's ring, in [1, in_h]; in_h without a ring */
    int32_t y_row;    /* elements from row to row of y */
    int32_t y_pixel;  /* elements from pixel to pixel of y, >= in_c */
    int32_t act_min;  /* clamp, in [-128, act_max] */
    int32_t act_max;  /* clamp, in [act_min, 127] */
} eq_avgpool_s8_params;

typedef void eq_avgpool_s8_fn(const int8_t *x, /* (H, W, C) strided */
                              int8_t *y,       /* (OH, OW, C) strided */
                              const eq_avgpool_s8_params *restrict p);

#endif
