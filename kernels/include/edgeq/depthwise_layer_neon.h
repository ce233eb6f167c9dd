/* What the depthwise convolutions for NEON with a band are called with, whichever contract they
 * are of, and the layer that it becomes. */
#ifndef EDGEQ_DEPTHWISE_LAYER_NEON_H
#define EDGEQ_DEPTHWISE_LAYER_NEON_H

#include "edgeq/depthwise_blocks_neon.h"

/* The fields of the contracts' params, and the zero points, which not all have. */
typedef struct {
    int32_t in_h, in_w, in_c, multiplier, out_w, kh, kw, stride_h, stride_w, dil_h, dil_w;
    int32_t pad_top, pad_left, row0, row1, x_row, x_pixel, x_ring, y_row, y_pixel;
    int32_t zx, zw, zy, act_min, act_max;
} eq_depthwise_call;

/* Those of the params at p. */
#define EQ_DEPTHWISE_CALL(p, x_zero, w_zero, y_zero)                                       \
    {(p)->in_h,  (p)->in_w,    (p)->in_c,     (p)->multiplier, (p)->out_w,                 \
     (p)->kh,    (p)->kw,      (p)->stride_h, (p)->stride_w,   (p)->dil_h,                 \
     (p)->dil_w, (p)->pad_top, (p)->pad_left, (p)->row0,       (p)->row1,                  \
     (p)->x_row, (p)->x_pixel, (p)->x_ring,   (p)->y_row,      (p)->y_pixel,               \
     x_zero,     w_zero,       y_zero,        (p)->act_min,    (p)->act_max}

/* A layer's constants; the bias where it has 32 bits. */
typedef struct {
    const int8_t *w;
    const int32_t *bias, *mult, *shift;
} eq_depthwise_constants;

/* A layer; zw is looked at where weights have a zero point. */
typedef struct {
    eq_blocks_neon blocks;
    const int8_t *w;
    const int32_t *bias, *mult, *shift;
    int32_t kh, kw, dil_w, out_w, stride_w, y_row, y_pixel;
    int32_t zw, zy, act_min, act_max;
} eq_depthwise_layer_neon;

/* The layer.  x has elements of `bytes` bytes, its band lies at
 * `band` and is copied in the given way. */
static inline __attribute__((always_inline)) eq_depthwise_layer_neon
eq_depthwise_layer_neon_of(const eq_depthwise_call *p, const eq_depthwise_constants *k,
                           const int8_t *x, int8_t *band, int32_t bytes, int way)
{
    const int32_t columns = (p->out_w - 1) * p->stride_w + (p->kw - 1) * p->dil_w + 1;
    const eq_lines lines = {p->in_h,          p->in_w,
                            p->in_c,          p->kh,
                            p->dil_h,         p->stride_h,
                            p->pad_top,       p->pad_left,
                            bytes * p->x_row, bytes * p->x_pixel,
                            p->x_ring,        p->zx,
                            columns};
    eq_depthwise_layer_neon layer = {.w = k->w,
                                     .bias = k->bias,
                                     .mult = k->mult,
                                     .shift = k->shift,
                                     .kh = p->kh,
                                     .kw = p->kw,
                                     .dil_w = p->dil_w,
                                     .out_w = p->out_w,
                                     .stride_w = p->stride_w,
                                     .y_row = p->y_row,
                                     .y_pixel = p->y_pixel,
                                     .zw = p->zw,
                                     .zy = p->zy,
                                     .act_min = p->act_min,
                                     .act_max = p->act_max};
    const int32_t tall = (p->kh - 1) * p->dil_h + 1;
    eq_begin_blocks_neon(&layer.blocks, eq_band_neon_of(lines, tall), x, band, p->row0,
                         p->row1, p->multiplier, bytes, way);
    return layer;
}

#endif
