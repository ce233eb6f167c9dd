/* What the convolutions for NEON with dot products share: pixels, four at a time, by all
 * channels. */
#ifndef EDGEQ_CONV2D_NEON_DOTPROD_H
#define EDGEQ_CONV2D_NEON_DOTPROD_H

#include "edgeq/dot_half_neon_dotprod.h"
#include "edgeq/dot_neon_dotprod.h"
#include "edgeq/sum_neon.h"

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

static inline eq_sums16_neon eq_offset_x16(eq_sums16_neon s, int32_t offset)
{
    const int32x4_t v = vdupq_n_s32(offset);
    const eq_sums16_neon t = {vaddq_s32(s.a, v), vaddq_s32(s.b, v), vaddq_s32(s.c, v),
                              vaddq_s32(s.d, v)};
    return t;
}

static inline eq_eight_neon eq_offset_x8(eq_eight_neon s, int32_t offset)
{
    const int32x4_t v = vdupq_n_s32(offset);
    const eq_eight_neon t = {vaddq_s32(s.a, v), vaddq_s32(s.b, v)};
    return t;
}

/* The same where weights have a zero point zw: less zw times the sum of each window. */
static inline void eq_conv2d_pixels_zw_dotprod(const eq_conv2d_layer_x16 *t,
                                               const int8_t *x, int8_t *y, int32_t y_pixel,
                                               int32_t n, int32_t zw, int single)
{
    const int32_t tile = n < 4 ? 1 : 4;
    const int32_t step = n < 4 ? 0 : t->step, y_step = n < 4 ? 0 : y_pixel;
    for (int32_t i = 0; i < n; i += tile) {
        const int32_t at = i + tile <= n ? i : n - tile;
        const int8_t *from = x + at * t->step;
        int8_t *to = y + at * y_pixel;
        const int64_t s1 = step, s2 = 2 * s1, s3 = 3 * s1;
        const int32_t a = -zw * eq_sum_neon(from, t->taps);
        const int32_t b = -zw * eq_sum_neon(from + s1, t->taps);
        const int32_t c = -zw * eq_sum_neon(from + s2, t->taps);
        const int32_t d = -zw * eq_sum_neon(from + s3, t->taps);
        int32_t o = 0;
        for (; t->out_c - o > 8; o += 16) {
            eq_tile16_neon s =
                eq_dot_four_neon(from, step, t->w + o * t->taps, t->bias + o, t->taps);
            s.a = eq_offset_x16(s.a, a);
            s.b = eq_offset_x16(s.b, b);
            s.c = eq_offset_x16(s.c, c);
            s.d = eq_offset_x16(s.d, d);
            eq_store_tile16_neon(t, &s, to + o, y_step, o, single);
        }
        if (o < t->out_c) {
            eq_tile8_neon s =
                eq_dot_half_neon(from, step, t->w + o * t->taps, t->bias + o, t->taps);
            s.a = eq_offset_x8(s.a, a);
            s.b = eq_offset_x8(s.b, b);
            s.c = eq_offset_x8(s.c, c);
            s.d = eq_offset_x8(s.d, d);
            eq_store_tile8_neon(t, &s, to + o, y_step, o, single);
        }
    }
}

#endif
