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

/* The windows [first, last) of a row are of pixels of the image. */
typedef struct {
    int32_t first, last;
} eq_inside;

static inline eq_inside eq_points_inside(const eq_band *b)
{
    const int32_t left = b->lines.pad_left, end = b->lines.in_w - 1 + left;
    const int32_t first = (left + b->stride_w - 1) / b->stride_w;
    const int32_t last = end / b->stride_w + 1;
    const eq_inside in = {first < b->out_w ? first : b->out_w,
                          last < b->out_w ? last : b->out_w};
    return in;
}

#endif
