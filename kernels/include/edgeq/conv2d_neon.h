/* What the convolutions for NEON share: rows of pixels, four at a time, by all channels. */
#ifndef EDGEQ_CONV2D_NEON_H
#define EDGEQ_CONV2D_NEON_H

#include "edgeq/conv2d_tile_neon.h"
#include "edgeq/rescale_neon.h"
#include "edgeq/sum_neon.h"

/* Constants of a layer.  Arrays are packed by four channels, and zeros fill the last block. */
typedef struct {
    const int8_t *w;
    const int32_t *bias, *mult, *shift;
    eq_window_neon window;
    eq_range_s8 range;
    int32_t out_c;
    int single; /* the rounding form */
    int has_zw; /* weights have a zero point */
    int32_t zw; /* which is this */
} eq_conv2d_layer_neon;

/* Sums on top of the biases, and rescaled. */
static inline int32x4_t eq_conv2d_scale_neon(int32x4_t sum, eq_factors_x4 f, int32_t offset,
                                             const eq_conv2d_layer_neon *t)
{
    const int32x4_t acc = vaddq_s32(sum, f.bias);
    return eq_rescale_x4(t->has_zw ? vaddq_s32(acc, vdupq_n_s32(offset)) : acc, f,
                         t->single);
}

/* What the zero point of the weights adds to each channel of a pixel. */
static inline int32_t eq_conv2d_offset_neon(const eq_conv2d_layer_neon *t, const int8_t *x)
{
    return t->has_zw ? -t->zw * eq_sum_neon(x, t->window.taps) : 0;
}

/* What zero points of weights add to the four pixels of a tile. */
typedef struct {
    int32_t a, b, c, d;
} eq_offsets_neon;

static inline eq_offsets_neon eq_conv2d_offsets_neon(const eq_conv2d_layer_neon *t,
                                                     const int8_t *x)
{
    const int8_t *x1 = x + t->window.step, *x2 = x1 + t->window.step;
    const eq_offsets_neon z = {eq_conv2d_offset_neon(t, x), eq_conv2d_offset_neon(t, x1),
                               eq_conv2d_offset_neon(t, x2),
                               eq_conv2d_offset_neon(t, x2 + t->window.step)};
    return z;
}

/* Channels [o, o + 4) of a tile, as far as they exist. */
static inline void eq_conv2d_finish_neon(const eq_conv2d_layer_neon *t, eq_quad_neon s,
                                         eq_offsets_neon z, int8_t *y, int32_t y_pixel,
                                         int32_t o)
{
    const eq_factors_x4 f = eq_load_factors(t->bias + o, t->mult + o, t->shift + o);
    const int8x16_t v = eq_narrow_s8_x16(eq_conv2d_scale_neon(s.a, f, z.a, t),
                                         eq_conv2d_scale_neon(s.b, f, z.b, t),
                                         eq_conv2d_scale_neon(s.c, f, z.c, t),
                                         eq_conv2d_scale_neon(s.d, f, z.d, t), t->range);
    if (t->out_c - o >= 4)
        eq_store_columns_s8(y + o, y_pixel, v);
    else
        eq_store_part_columns_s8(y + o, y_pixel, v, t->out_c - o);
}

/* All channels of the four pixels of a tile. */
static inline void eq_conv2d_tile_neon(const eq_conv2d_layer_neon *t, const int8_t *x,
                                       int8_t *y, int32_t y_pixel)
{
    const int8_t *w = t->w;
    const eq_offsets_neon z = eq_conv2d_offsets_neon(t, x);
    for (int32_t o = 0; o < t->out_c; o += 4)
        eq_conv2d_finish_neon(t, eq_conv2d_sums_neon(x, &w, t->window), z, y, y_pixel, o);
}

/* All channels of one pixel. */
static inline void eq_conv2d_pixel_neon(const eq_conv2d_layer_neon *t, const int8_t *x,
                                        int8_t *y)
{
    const int8_t *w = t->w;
    const int32_t zx = eq_conv2d_offset_neon(t, x);
    for (int32_t o = 0; o < t->out_c; o += 4) {
        const int32x4_t s = eq_conv2d_one_neon(x, &w, t->window);
        const eq_factors_x4 f = eq_load_factors(t->bias + o, t->mult + o, t->shift + o);
        const int32x4_t v = eq_conv2d_scale_neon(s, f, zx, t);
        const int32x2_t words = vreinterpret_s32_s8(eq_narrow_s8_x8(v, v, t->range));
        const int32_t word = vget_lane_s32(words, 0), left = t->out_c - o;
        if (left >= 4)
            memcpy(y + o, &word, 4);
        else
            memcpy(y + o, &word, (size_t)left);
    }
}

/* n >= 1 pixels whose windows begin window.step apart: the last tile goes back to be whole
 * where three pixels are left, one or two are computed alone. */
static inline void eq_conv2d_pixels_neon(const eq_conv2d_layer_neon *t, const int8_t *x,
                                         int8_t *y, int32_t y_pixel, int32_t n)
{
    const int32_t tiled = n % 4 == 3 && n > 4 ? n : n / 4 * 4;
    int32_t i = 0;
    for (; i < tiled; i += 4) {
        const int32_t at = i + 4 <= n ? i : n - 4;
        const int8_t *from = x + at * t->window.step;
        int8_t *to = y + at * y_pixel;
        eq_conv2d_tile_neon(t, from, to, y_pixel);
    }
    for (; i < n; ++i)
        eq_conv2d_pixel_neon(t, x + i * t->window.step, y + i * y_pixel);
}

#endif
