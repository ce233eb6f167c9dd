/* What a convolution of int16 activations is called with, whichever contract it is of. */
#ifndef EDGEQ_CONV2D_CALL16_H
#define EDGEQ_CONV2D_CALL16_H

#include "edgeq/conv2d_call.h"

/* Its arrays, and eq_conv2d_call of its params. */
typedef struct {
    const int16_t *x;
    const int8_t *w;
    const int64_t *bias;
    const int32_t *mult, *shift;
    int16_t *y;
    eq_conv2d_call p;
} eq_conv2d_call16;

/* The fields of params, which have no zero points. */
#define EQ_CONV2D_CALL16(p)                                                                \
    {(p)->in_h,                                                                            \
     (p)->in_w,                                                                            \
     (p)->in_c,                                                                            \
     (p)->out_w,                                                                           \
     (p)->out_c,                                                                           \
     (p)->kh,                                                                              \
     (p)->kw,                                                                              \
     (p)->stride_h,                                                                        \
     (p)->stride_w,                                                                        \
     (p)->dil_h,                                                                           \
     (p)->dil_w,                                                                           \
     (p)->pad_top,                                                                         \
     (p)->pad_left,                                                                        \
     (p)->row0,                                                                            \
     (p)->row1,                                                                            \
     (p)->x_row,                                                                           \
     (p)->x_pixel,                                                                         \
     (p)->x_ring,                                                                          \
     (p)->y_row,                                                                           \
     (p)->y_pixel,                                                                         \
     0,                                                                                    \
     0,                                                                                    \
     (p)->act_min,                                                                         \
     (p)->act_max,                                                                         \
     0}

#endif
