/* Windows of one pixel each that lie apart, as convolutions of 1x1 with strides have them: a band
 * (conv2d_band.h) of these pixels alone, side by side.
 *
 * It is no larger than the band with the pixels between them.
 */
#ifndef EDGEQ_CONV2D_POINTS_H
#define EDGEQ_CONV2D_POINTS_H

#include "edgeq/conv2d_band.h"

/* Fewer bytes are copied faster with what is between them. */
enum { EQ_POINT_BYTES = 16 };

static inline int eq_has_points(const eq_band *b)
{
    return b->lines.kh == 1 && b->kw == 1 && b->stride_w > 1 && b->run >= EQ_POINT_BYTES;
}

/* The band b, of its points alone where it has them. */
static inline eq_band eq_points_of(eq_band b)
{
    if (eq_has_points(&b)) {
        b.step = b.run;
        b.line = b.out_w * b.run;
        b.row = b.line;
    }
    return b;
}

/* The windows of a row: `first` of the border, n of pixels of the image from `from` on, `apart` bytes
 * from each other, and `last` of the border. */
typedef struct {
    const int8_t *from;
    int64_t apart;
    int32_t first, n, last;
} eq_points_row;

/* Those of output row h of the image x. */
static inline eq_points_row eq_points_row_of(const eq_band *b, const int8_t *x, int32_t h)
{
    const eq_lines *g = &b->lines;
    const int32_t row = h * g->stride_h - g->pad_top;
    const int32_t first = (g->pad_left + b->stride_w - 1) / b->stride_w;
    const int32_t end = (g->in_w - 1 + g->pad_left) / b->stride_w + 1;
    const int32_t last = end < b->out_w ? end : b->out_w;
    eq_points_row q = {x, (int64_t)b->stride_w * g->x_pixel, b->out_w, 0, 0};
    if (row < 0 || row >= g->in_h || first >= last)
        return q;
    q.from += (int64_t)(row % g->x_ring) * g->x_row +
              (int64_t)(first * b->stride_w - g->pad_left) * g->x_pixel;
    q.first = first;
    q.n = last - first;
    q.last = b->out_w - last;
    return q;
}

#endif
