/* What a convolution is called with, whichever contract it is of. */
#ifndef EDGEQ_CONV2D_CALL_H
#define EDGEQ_CONV2D_CALL_H

#include <stdint.h>

/* The arrays that all have. */
typedef struct {
    const int8_t *x, *w;
    const int32_t *bias, *mult, *shift;
    int8_t *y;
} eq_conv2d_arrays;

/* The fields of the contracts' params that all have, and the zero point of the weights. */
typedef struct {
    int32_t in_h, in_w, in_c, out_w, out_c, kh, kw, stride_h, stride_w, dil_h, dil_w;
    int32_t pad_top, pad_left, row0, row1, x_row, x_pixel, x_ring, y_row, y_pixel;
    int32_t zx, zy, act_min, act_max, zw;
} eq_conv2d_call;

/* Those of the params at p. */
#define EQ_CONV2D_CALL(p, weights_zero)                                                    \
    {(p)->in_h,  (p)->in_w,    (p)->in_c,     (p)->out_w,    (p)->out_c,                   \
     (p)->kh,    (p)->kw,      (p)->stride_h, (p)->stride_w, (p)->dil_h,                   \
     (p)->dil_w, (p)->pad_top, (p)->pad_left, (p)->row0,     (p)->row1,                    \
     (p)->x_row, (p)->x_pixel, (p)->x_ring,   (p)->y_row,    (p)->y_pixel,                 \
     (p)->zx,    (p)->zy,      (p)->act_min,  (p)->act_max,  weights_zero}

#endif
