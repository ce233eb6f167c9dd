/* Depthwise convolution with a multiplier, for kernels of multiplier 1.
 *
 * The rows that a window reads are copied once, each channel as often as the multiplier says,
 * into a ring in scratch: what is left is a convolution of multiplier 1 on that ring.
 */
#ifndef EDGEQ_DEPTHWISE_EXPAND_H
#define EDGEQ_DEPTHWISE_EXPAND_H

#include <stdint.h>

#include "edgeq/depthwise_s8.h"

/* One output row of the convolution of the ring's rows. */
static inline eq_depthwise_s8_params
eq_expand_params(const eq_depthwise_s8_params *restrict p, int32_t h)
{
    eq_depthwise_s8_params q = *p;
    const int32_t span = (p->kh - 1) * p->dil_h + 1;
    q.in_c = p->in_c * p->multiplier;
    q.multiplier = 1;
    q.x_pixel = q.in_c;
    q.x_row = p->in_w * q.in_c;
    q.x_ring = span < p->in_h ? span : p->in_h;
    q.row0 = h;
    q.row1 = h + 1;
    return q;
}

/* Row x of the image, as a row of the ring. */
static inline void eq_expand_row(const int8_t *restrict x, int8_t *restrict to,
                                 const eq_depthwise_s8_params *restrict p)
{
    for (int32_t w = 0; w < p->in_w; ++w) {
        for (int32_t i = 0; i < p->in_c; ++i)
            for (int32_t m = p->multiplier; m > 0; --m)
                *to++ = x[i];
        x += p->x_pixel;
    }
}

/* The rows that output row h = q->row0 reads and that are not among the `done` first of the image;
 * returns how many are then. */
static inline int32_t eq_expand_rows(const int8_t *restrict x, int8_t *restrict ring,
                                     int32_t done, const eq_depthwise_s8_params *restrict p,
                                     const eq_depthwise_s8_params *restrict q)
{
    const int32_t top = q->row0 * p->stride_h - p->pad_top;
    const int32_t below = top + (p->kh - 1) * p->dil_h + 1;
    const int32_t end = below < p->in_h ? below : p->in_h;
    for (int32_t r = top > done ? top : done; r < end; ++r)
        eq_expand_row(x + r % p->x_ring * p->x_row, ring + r % q->x_ring * q->x_row, p);
    return end > done ? end : done;
}

#endif
