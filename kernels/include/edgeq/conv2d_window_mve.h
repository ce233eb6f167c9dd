/* Where the windows of a convolution are, and copies of them, for MVE. */
#ifndef EDGEQ_CONV2D_WINDOW_MVE_H
#define EDGEQ_CONV2D_WINDOW_MVE_H

#include "edgeq/conv2d_s8.h"
#include "edgeq/copy_mve.h"
#include "edgeq/window.h"

/* Taps [kh0, kh1) x [kw0, kw1) of a window are inside; `row` is the ring's row of tap kh0 and
 * `at` the column of tap 0.  `dense` says that pixels of a window row lie together. */
typedef struct {
    int32_t kh0, kh1, kw0, kw1, row, at, dense;
} eq_conv_mve_taps;

static inline void eq_conv_mve_rows(eq_conv_mve_taps *t, int32_t h,
                                    const eq_conv2d_s8_params *p)
{
    const int32_t top = h * p->stride_h - p->pad_top;
    t->kh0 = eq_taps_before(top, p->dil_h, p->kh);
    t->kh1 = eq_taps_before(top - p->in_h, p->dil_h, p->kh);
    t->row = t->kh0 < t->kh1 ? (top + t->kh0 * p->dil_h) % p->x_ring : 0;
}

static inline void eq_conv_mve_columns(eq_conv_mve_taps *t, int32_t c,
                                       const eq_conv2d_s8_params *p)
{
    t->at = c * p->stride_w - p->pad_left;
    t->kw0 = eq_taps_before(t->at, p->dil_w, p->kw);
    t->kw1 = eq_taps_before(t->at - p->in_w, p->dil_w, p->kw);
}

/* One row of a window that is inside, from the row `x` of the image. */
static inline int8_t *eq_conv_mve_line(const int8_t *x, int8_t *to,
                                       const eq_conv_mve_taps *t,
                                       const eq_conv2d_s8_params *p)
{
    const int32_t taps = t->kw1 - t->kw0, step = p->dil_w * p->x_pixel;
    if (taps == p->kw && t->dense)
        return eq_copy_mve(to, x + t->at * p->x_pixel, taps * p->in_c);
    to = eq_fill_mve(to, p->zx, t->kw0 * p->in_c);
    for (int32_t k = t->kw0; k < t->kw1; ++k)
        to = eq_copy_mve(to, x + (t->at * p->x_pixel + k * step), p->in_c);
    return eq_fill_mve(to, p->zx, (p->kw - t->kw1) * p->in_c);
}

/* X of a window as (KH, KW, I) bytes. */
static inline void eq_conv_mve_gather(const int8_t *x, int8_t *to,
                                      const eq_conv_mve_taps *t,
                                      const eq_conv2d_s8_params *p)
{
    const int32_t line = p->kw * p->in_c;
    int32_t row = t->row;
    if (t->kh0 > 0)
        to = eq_fill_mve(to, p->zx, t->kh0 * line);
    for (int32_t kh = t->kh0; kh < t->kh1; ++kh) {
        to = eq_conv_mve_line(x + row * p->x_row, to, t, p);
        row += p->dil_h;
        if (row >= p->x_ring)
            row -= p->x_ring;
    }
    if (t->kh1 < p->kh)
        eq_fill_mve(to, p->zx, (p->kh - t->kh1) * line);
}

/* The same for a window that is inside and whose rows are dense, first of them at `from`. */
static inline void eq_conv_mve_copy(const int8_t *from, int8_t *to, int32_t x_step,
                                    const eq_conv2d_s8_params *p)
{
    const int32_t line = p->kw * p->in_c;
    for (int32_t kh = p->kh; kh > 0; --kh) {
        eq_copy_mve(to, from, line);
        to += line;
        from += x_step;
    }
}

/* The columns [c0, c1) have windows with all their columns inside. */
typedef struct {
    int32_t c0, c1;
    const int8_t *end; /* from there on a window's chunks reach past x */
    int dense, together;
} eq_conv_mve_image;

static inline eq_conv_mve_image eq_conv_mve_look(const int8_t *x, int32_t bytes,
                                                 const eq_conv2d_s8_params *p)
{
    eq_conv_mve_image m;
    const int32_t room = p->in_w - (p->kw - 1) * p->dil_w + p->pad_left;
    m.c0 = (p->pad_left + p->stride_w - 1) / p->stride_w;
    m.c1 = room > 0 ? (room + p->stride_w - 1) / p->stride_w : 0;
    m.end = x + ((p->x_ring - 1) * p->x_row + (p->in_w - 1) * p->x_pixel + p->in_c - bytes);
    m.dense = p->kw == 1 || (p->dil_w == 1 && p->x_pixel == p->in_c);
    m.together = p->kh == 1 || (p->x_row == p->kw * p->in_c && p->dil_h == 1);
    return m;
}

#endif
