/* conv2d_s8zw for MVE: conv2d_s8 with the weights as they are, and zw times the sum of a window's
 * inputs, the same for all channels, taken from its sums before they are rescaled.
 *
 * Exact: sum x * (w - zw) = sum x * w - zw * sum x, which also holds modulo 2^32; that the left
 * side is within int32 is proved.
 */
#ifndef EDGEQ_CONV2D_S8ZW_MVE_H
#define EDGEQ_CONV2D_S8ZW_MVE_H

#include "edgeq/conv2d_mve.h"
#include "edgeq/conv2d_s8zw.h"

static inline void eq_conv2d_s8zw_mve(const int8_t *x, int8_t *y, int8_t *scratch,
                                      eq_conv_mve t, const eq_conv2d_s8zw_params *p,
                                      int form, int live)
{
    const eq_conv2d_s8_params same = {
        p->in_h,     p->in_w,     p->in_c,     p->out_w, p->out_c,   p->kh,
        p->kw,       p->stride_h, p->stride_w, p->dil_h, p->dil_w,   p->pad_top,
        p->pad_left, p->row0,     p->row1,     p->x_row, p->x_pixel, p->x_ring,
        p->y_row,    p->y_pixel,  p->zx,       p->zy,    p->act_min, p->act_max};
    const eq_conv_mve_use use = {form, live, EQ_CONV_MVE_S8ZW};
    t.taps = p->kh * p->kw * p->in_c;
    t.zw = p->zw;
    eq_conv2d_mve(x, y, scratch, t, &same, use);
}

#endif
