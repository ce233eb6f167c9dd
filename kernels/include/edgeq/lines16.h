/* Where windows of int16 activations lie, in bytes. */
#ifndef EDGEQ_LINES16_H
#define EDGEQ_LINES16_H

#include "edgeq/conv2d_lines.h"

/* EQ_LINES_OF for int16 activations, in bytes. */
#define EQ_LINES16_OF(p)                                                                   \
    {(p)->in_h,                                                                            \
     (p)->in_w,                                                                            \
     2 * (p)->in_c,                                                                        \
     (p)->kh,                                                                              \
     (p)->dil_h,                                                                           \
     (p)->stride_h,                                                                        \
     (p)->pad_top,                                                                         \
     (p)->pad_left,                                                                        \
     2 * (p)->x_row,                                                                       \
     2 * (p)->x_pixel,                                                                     \
     (p)->x_ring,                                                                          \
     0,                                                                                    \
     0}

#endif
