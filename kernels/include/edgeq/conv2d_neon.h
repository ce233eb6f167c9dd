/* What the convolutions for NEON share: rows of pixels, four at a time, by all channels. */
#ifndef EDGEQ_CONV2D_NEON_H
#define EDGEQ_CONV2D_NEON_H

#include "edgeq/conv2d_tile_neon.h"
#include "edgeq/rescale_neon.h"

/* Constants of a layer.  Arrays are packed by four channels, and zeros fill the last block. */
typedef struct {
    const int8_t *w;
    const int32_t *bias, *mult, *shift;
    eq_window_neon window;
    eq_range_s8 range;
    int32_t out_c;
    int single; /* the rounding form */
} eq_conv2d_layer_neon;

/* All channels of the four pixels of a tile. */
static inline void eq_conv2d_tile_neon(const eq_conv2d_layer_neon *t, eq_window_neon window,
                                       const int8_t *x, int8_t *y, int32_t y_pixel)
{
    const int8_t *w = t->w;
    const int32_t whole = t->out_c & ~3;
    for (int32_t o = 0; o < t->out_c; o += 4) {
        const eq_quad_neon s = eq_conv2d_sums_neon(x, &w, window);
        const eq_factors_x4 f = eq_load_factors(t->bias + o, t->mult + o, t->shift + o);
        const int32x4_t a = eq_rescale_x4(vaddq_s32(s.a, f.bias), f, t->single);
        const int32x4_t b = eq_rescale_x4(vaddq_s32(s.b, f.bias), f, t->single);
        const int32x4_t c = eq_rescale_x4(vaddq_s32(s.c, f.bias), f, t->single);
        const int32x4_t d = eq_rescale_x4(vaddq_s32(s.d, f.bias), f, t->single);
        const int8x16_t v = eq_narrow_s8_x16(a, b, c, d, t->range);
        if (o < whole)
            eq_store_columns_s8(y + o, y_pixel, v);
        else
            eq_store_part_columns_s8(y + o, y_pixel, v, t->out_c - o);
    }
}

/* n >= 1 pixels whose windows begin window.step apart: the last tile goes back to be whole,
 * and fewer than four pixels are computed alone. */
static inline void eq_conv2d_pixels_neon(const eq_conv2d_layer_neon *t, const int8_t *x,
                                         int8_t *y, int32_t y_pixel, int32_t n)
{
    const int32_t tile = n < 4 ? 1 : 4;
    eq_window_neon window = t->window;
    window.step = n < 4 ? 0 : window.step;
    for (int32_t i = 0; i < n; i += tile) {
        const int32_t at = i + tile <= n ? i : n - tile;
        eq_conv2d_tile_neon(t, window, x + at * t->window.step, y + at * y_pixel,
                            n < 4 ? 0 : y_pixel);
    }
}

#endif
