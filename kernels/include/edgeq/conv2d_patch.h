/* Gathers what one window of conv2d_s8 sees, so that a channel becomes one dot product. */
#ifndef EDGEQ_CONV2D_PATCH_H
#define EDGEQ_CONV2D_PATCH_H

#include "edgeq/conv2d_s8.h"

#include <string.h>

/* Writes X of the window at output pixel (h, c) as (KH, KW, tap) bytes: in_c channels, then
 * zeros up to `tap`; zx where the window leaves the image. */
static inline void eq_conv2d_s8_patch(const int8_t *x, int8_t *patch, int32_t h, int32_t c,
                                      int32_t tap, const eq_conv2d_s8_params *p)
{
    const size_t channels = (size_t)p->in_c;
    for (int32_t kh = 0; kh < p->kh; ++kh) {
        const int32_t row = h * p->stride_h - p->pad_top + kh * p->dil_h;
        for (int32_t kw = 0; kw < p->kw; ++kw) {
            const int32_t column = c * p->stride_w - p->pad_left + kw * p->dil_w;
            if (row < 0 || row >= p->in_h || column < 0 || column >= p->in_w)
                memset(patch, p->zx, channels);
            else
                memcpy(patch, x + row % p->x_ring * p->x_row + column * p->x_pixel,
                       channels);
            memset(patch + channels, 0, (size_t)tap - channels);
            patch += tap;
        }
    }
}

#endif
