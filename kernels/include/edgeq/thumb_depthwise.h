/* Depthwise convolution with multiply-accumulate: taps as addresses, four channels at once. */
#ifndef EDGEQ_THUMB_DEPTHWISE_H
#define EDGEQ_THUMB_DEPTHWISE_H

#include <stdint.h>
#include <string.h>

#include "edgeq/depthwise_s8.h"
#include "edgeq/thumb_dot.h"

/* The addresses of the taps of output pixel (h, c) into every other element of `taps`; those
 * beyond the border are `zx`. */
static inline void eq_thumb_taps(int8_t *restrict taps, const int8_t *x, const int8_t *zx,
                                 int32_t h, int32_t c,
                                 const eq_depthwise_s8_params *restrict p)
{
    int32_t r = h * p->stride_h - p->pad_top;
    const int32_t left = c * p->stride_w - p->pad_left;
    for (int32_t i = 0; i < p->kh; ++i) {
        const int32_t inside = r >= 0 && r < p->in_h;
        const int8_t *row = inside ? x + r % p->x_ring * p->x_row : zx;
        int32_t at = left;
        for (int32_t j = 0; j < p->kw; ++j) {
            const int8_t *tap =
                inside && at >= 0 && at < p->in_w ? row + at * p->x_pixel : zx;
            memcpy(taps, &tap, sizeof tap);
            taps += 2 * sizeof tap;
            at += p->dil_w;
        }
        r += p->dil_h;
    }
}

/* All channels, of a multiple of four, of two pixels; ya may be yb where they are the same. */
static inline void eq_thumb_depthwise_two(const int8_t *taps, int8_t *ya, int8_t *yb,
                                          const eq_thumb_layer *restrict t, int32_t form,
                                          int32_t products)
{
    const int8_t *end = taps + 2 * sizeof(const int8_t *) * (uint32_t)t->taps;
    for (int32_t c = 0; c < t->channels; c += 4) {
        const int32_t *s = t->bias + c;
        int32_t a0 = s[0], a1 = s[1], a2 = s[2], a3 = s[3];
        int32_t b0 = a0, b1 = a1, b2 = a2, b3 = a3;
        const int8_t *w = t->w + c;
        for (const int8_t *at = taps; at != end; at += 2 * sizeof at) {
            const int8_t *xa, *xb;
            memcpy(&xa, at, sizeof xa);
            memcpy(&xb, at + sizeof xa, sizeof xb);
            xa += c;
            xb += c;
            a0 += xa[0] * w[0];
            b0 += xb[0] * w[0];
            a1 += xa[1] * w[1];
            b1 += xb[1] * w[1];
            a2 += xa[2] * w[2];
            b2 += xb[2] * w[2];
            a3 += xa[3] * w[3];
            b3 += xb[3] * w[3];
            w += t->channels;
        }
        const int32_t of_a[4] = {a0, a1, a2, a3}, of_b[4] = {b0, b1, b2, b3};
        eq_thumb_put(of_a, ya, of_b, yb, c, 4, t, form, products);
    }
}

/* All channels of one pixel, whose taps lie aligned in every other element, one by one. */
static inline void eq_thumb_depthwise_one(const int8_t *taps, int8_t *y,
                                          const eq_thumb_layer *restrict t, int32_t form,
                                          int32_t products)
{
    const int8_t *const end = taps + 2 * sizeof(const int8_t *) * (uint32_t)t->taps;
    const int32_t channels = t->channels;
    for (int32_t c = 0; c < channels; ++c) {
        int32_t acc = t->bias[c];
        const int8_t *w = t->w;
        for (const int8_t *at = taps; at != end; at += 2 * sizeof at) {
            const int8_t *x;
            memcpy(&x, __builtin_assume_aligned(at, sizeof x), sizeof x);
            acc += x[c] * w[c];
            w += channels;
        }
        eq_thumb_put(&acc, y, &acc, 0, c, 1, t, form, products);
    }
}

#endif
