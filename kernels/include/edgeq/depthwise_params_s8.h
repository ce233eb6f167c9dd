/* The params of the other depthwise contracts of int8 activations as those of depthwise_s8. */
#ifndef EDGEQ_DEPTHWISE_PARAMS_S8_H
#define EDGEQ_DEPTHWISE_PARAMS_S8_H

#include "edgeq/depthwise_s8.h"

/* Of the params at p, the zero point of weights left out. */
#define EQ_DEPTHWISE_PARAMS_S8(p)                                                          \
    {.in_h = (p)->in_h,                                                                    \
     .in_w = (p)->in_w,                                                                    \
     .in_c = (p)->in_c,                                                                    \
     .multiplier = (p)->multiplier,                                                        \
     .out_w = (p)->out_w,                                                                  \
     .kh = (p)->kh,                                                                        \
     .kw = (p)->kw,                                                                        \
     .stride_h = (p)->stride_h,                                                            \
     .stride_w = (p)->stride_w,                                                            \
     .dil_h = (p)->dil_h,                                                                  \
     .dil_w = (p)->dil_w,                                                                  \
     .pad_top = (p)->pad_top,                                                              \
     .pad_left = (p)->pad_left,                                                            \
     .row0 = (p)->row0,                                                                    \
     .row1 = (p)->row1,                                                                    \
     .x_row = (p)->x_row,                                                                  \
     .x_pixel = (p)->x_pixel,                                                              \
     .x_ring = (p)->x_ring,                                                                \
     .y_row = (p)->y_row,                                                                  \
     .y_pixel = (p)->y_pixel,                                                              \
     .zx = (p)->zx,                                                                        \
     .zy = (p)->zy,                                                                        \
     .act_min = (p)->act_min,                                                              \
     .act_max = (p)->act_max}

#endif
