/* Convolution for MVE, for any geometry: what the kernels share.
 *
 * Windows are taken two at a time.  A window is a vector of whole 16-byte chunks: the very
 * bytes of x where they lie together, else a copy in scratch.  Weights of the filling are
 * zero: what stands behind a window does not matter, as long as it may be read.
 */
#ifndef EDGEQ_CONV2D_MVE_H
#define EDGEQ_CONV2D_MVE_H

#include "edgeq/conv2d_rescale_mve.h"
#include "edgeq/conv2d_window_mve.h"

/* The convolution of t, whose constants are set, with p in bytes of x and y. */
static inline void eq_conv2d_mve(const int8_t *x, int8_t *y, int8_t *scratch, eq_conv_mve t,
                                 const eq_conv2d_s8_params *p, eq_conv_mve_use use)
{
    const int32_t grain = use.kind == EQ_CONV_MVE_S8S4 ? 32 : 16;
    const int32_t bytes = (p->kh * p->kw * p->in_c + grain - 1) / grain * grain;
    const int32_t out_w = p->out_w;
    const int32_t x_step = p->stride_w * p->x_pixel, y_step = p->y_pixel;
    const eq_conv_mve_image m = eq_conv_mve_look(x, bytes, p);
    const int8_t *const end = m.together ? m.end : x - 1;
    t.dots.sums = scratch + 2 * bytes;
    t.dots.bytes = bytes;
    t.dots.rest = bytes == 16 ? 2 : (bytes & 16) == 0;
    t.out_c = p->out_c;
    t.zy = p->zy;
    t.lo = p->act_min;
    t.hi = p->act_max;
    eq_conv_mve_taps taps = {.dense = m.dense};
    int32_t left = (p->row1 - p->row0) * out_w;
    for (int32_t h = p->row0; h < p->row1; ++h) {
        eq_conv_mve_rows(&taps, h, p);
        const int plain = m.dense && taps.kh1 - taps.kh0 == p->kh &&
                          taps.row + (p->kh - 1) * p->dil_h < p->x_ring;
        const uint32_t inner = plain && m.c1 > m.c0 ? (uint32_t)(m.c1 - m.c0) : 0;
        const int8_t *from = x + (taps.row * p->x_row - p->pad_left * p->x_pixel);
        int8_t *to = y + h * p->y_row;
        for (int32_t c = 0; c < out_w; ++c) {
            const int8_t *window = from;
            int8_t *const copy = t.count == 0 ? scratch : scratch + bytes;
            if ((uint32_t)(c - m.c0) >= inner) {
                eq_conv_mve_columns(&taps, c, p);
                eq_conv_mve_gather(x, copy, &taps, p);
                window = copy;
            } else if (from > end) {
                eq_conv_mve_copy(from, copy, p->dil_h * p->x_row, p);
                window = copy;
            }
            eq_conv_mve_add(&t, window, to, --left == 0, use);
            from += x_step;
            to += y_step;
        }
    }
}

#endif
