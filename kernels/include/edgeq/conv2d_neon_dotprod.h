/* What the convolutions for NEON with dot products share: pixels, four at a time, by all
 * channels. */
#ifndef EDGEQ_CONV2D_NEON_DOTPROD_H
#define EDGEQ_CONV2D_NEON_DOTPROD_H

#include "edgeq/dot_half_neon_dotprod.h"
#include "edgeq/dot_neon_dotprod.h"

/* n >= 1 pixels: the last tile goes back to be whole, and fewer than four pixels are computed
 * alone. */
static inline void eq_conv2d_pixels_dotprod(const eq_conv2d_layer_x16 *t, const int8_t *x,
                                            int8_t *y, int32_t y_pixel, int32_t n,
                                            int single)
{
    const int32_t tile = n < 4 ? 1 : 4;
    const int32_t step = n < 4 ? 0 : t->step, y_step = n < 4 ? 0 : y_pixel;
    for (int32_t i = 0; i < n; i += tile) {
        const int32_t at = i + tile <= n ? i : n - tile;
        const int8_t *from = x + at * t->step;
        int8_t *to = y + at * y_pixel;
        int32_t o = 0;
        for (; t->out_c - o > 8; o += 16) {
            const eq_tile16_neon s =
                eq_dot_four_neon(from, step, t->w + o * t->taps, t->bias + o, t->taps);
            eq_store_tile16_neon(t, &s, to + o, y_step, o, single);
        }
        if (o < t->out_c) {
            const eq_tile8_neon s =
                eq_dot_half_neon(from, step, t->w + o * t->taps, t->bias + o, t->taps);
            eq_store_tile8_neon(t, &s, to + o, y_step, o, single);
        }
    }
}

#endif
