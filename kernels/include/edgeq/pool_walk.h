/* The walk over pooling windows, of bytes or of int16, for any vectors of x86. */
#ifndef EDGEQ_POOL_WALK_H
#define EDGEQ_POOL_WALK_H

#include <stdint.h>

/* Numbers of a call, as in the contracts, but strides and channels in bytes. */
typedef struct {
    int32_t in_h, in_w, channels, out_w, kh, kw, stride_h, stride_w, pad_top, pad_left;
    int32_t row0, row1, x_row, x_pixel, x_ring, y_row, y_pixel;
} eq_pool_call;

#define EQ_POOL_CALL(p, size)                                                              \
    {(p)->in_h,                                                                            \
     (p)->in_w,                                                                            \
     (p)->in_c * (size),                                                                   \
     (p)->out_w,                                                                           \
     (p)->kh,                                                                              \
     (p)->kw,                                                                              \
     (p)->stride_h,                                                                        \
     (p)->stride_w,                                                                        \
     (p)->pad_top,                                                                         \
     (p)->pad_left,                                                                        \
     (p)->row0,                                                                            \
     (p)->row1,                                                                            \
     (p)->x_row * (size),                                                                  \
     (p)->x_pixel * (size),                                                                \
     (p)->x_ring,                                                                          \
     (p)->y_row * (size),                                                                  \
     (p)->y_pixel * (size)}

/* The part of a window inside the image: `height` rows of `width` pixels, the first row at
 * place `at` of the ring.  Rows that lie one behind the other are one. */
typedef struct {
    int32_t at, column, height, width;
} eq_pool_part;

/* How many of `taps` positions from `at` on lie in [0, size). */
static inline int32_t eq_pool_inside(int32_t at, int32_t taps, int32_t size)
{
    const int32_t end = at + taps < size ? at + taps : size;
    return at > 0 ? end - at : end;
}

/* What a kernel makes of one window: x is the image, y the output pixel; always inlined. */
typedef void eq_pool_part_fn(const int8_t *x, int8_t *y, eq_pool_part w,
                             const eq_pool_call *g, void *numbers);

static inline __attribute__((always_inline)) void eq_pool_rows(const int8_t *x, int8_t *y,
                                                               const eq_pool_call *g,
                                                               void *numbers,
                                                               eq_pool_part_fn *window)
{
    for (int32_t h = g->row0; h < g->row1; ++h) {
        const int32_t top = h * g->stride_h - g->pad_top;
        const int32_t height = eq_pool_inside(top, g->kh, g->in_h);
        const int32_t at = (top > 0 ? top : 0) % g->x_ring;
        int32_t left = -g->pad_left;
        int8_t *to = y + h * g->y_row;
        for (int32_t i = 0; i < g->out_w; ++i) {
            const int32_t width = eq_pool_inside(left, g->kw, g->in_w);
            const int is_one = width * g->x_pixel == g->x_row && g->x_ring == g->in_h;
            const eq_pool_part w = {at, left > 0 ? left : 0, is_one ? 1 : height,
                                    is_one ? height * width : width};
            window(x, to, w, g, numbers);
            left += g->stride_w;
            to += g->y_pixel;
        }
    }
}

#endif
