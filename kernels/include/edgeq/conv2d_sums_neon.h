/* What the convolutions for NEON by sixteen channels share: constants of a layer, and what
 * becomes of the sums of a tile of four pixels. */
#ifndef EDGEQ_CONV2D_SUMS_NEON_H
#define EDGEQ_CONV2D_SUMS_NEON_H

#include "edgeq/sums_neon.h"

/* Sums of eight channels. */
typedef struct {
    int32x4_t a, b;
} eq_eight_neon;

/* The sums of four pixels. */
typedef struct {
    eq_sums16_neon a, b, c, d;
} eq_tile16_neon;

/* The sums of four pixels by eight channels. */
typedef struct {
    eq_eight_neon a, b, c, d;
} eq_tile8_neon;

/* Constants of a layer.  Arrays are packed by sixteen channels, and zeros fill the last
 * block.  A window is `taps` contiguous bytes, a multiple of 8, windows begin `step` apart. */
typedef struct {
    const int8_t *w;
    const int32_t *bias, *mult, *shift;
    int32_t taps, step, out_c;
    eq_range_s8 range;
} eq_conv2d_layer_x16;

/* Channels [o, o + 16) of four pixels, as far as they exist, from their sums. */
static inline void eq_store_tile16_neon(const eq_conv2d_layer_x16 *t,
                                        const eq_tile16_neon *s, int8_t *y, int32_t y_pixel,
                                        int32_t o, int single)
{
    const eq_factors_x16 f = eq_load_factors_x16(t->bias + o, t->mult + o, t->shift + o);
    const int8x16_t a = eq_finish_x16(s->a, &f, t->range, single);
    const int8x16_t b = eq_finish_x16(s->b, &f, t->range, single);
    const int8x16_t c = eq_finish_x16(s->c, &f, t->range, single);
    const int8x16_t d = eq_finish_x16(s->d, &f, t->range, single);
    if (t->out_c - o >= 16) {
        vst1q_s8(y, a);
        vst1q_s8(y + y_pixel, b);
        vst1q_s8(y + 2 * (int64_t)y_pixel, c);
        vst1q_s8(y + 3 * (int64_t)y_pixel, d);
    } else {
        eq_store_rows_s8(y, y_pixel, a, b, c, d, t->out_c - o);
    }
}

/* The same of channels [o, o + 8). */
static inline void eq_store_tile8_neon(const eq_conv2d_layer_x16 *t, const eq_tile8_neon *s,
                                       int8_t *y, int32_t y_pixel, int32_t o, int single)
{
    const eq_factors_x4 f = eq_load_factors(t->bias + o, t->mult + o, t->shift + o);
    const eq_factors_x4 g =
        eq_load_factors(t->bias + o + 4, t->mult + o + 4, t->shift + o + 4);
    const int8x16_t ab = eq_narrow_s8_x16(
        eq_rescale_x4(s->a.a, f, single), eq_rescale_x4(s->a.b, g, single),
        eq_rescale_x4(s->b.a, f, single), eq_rescale_x4(s->b.b, g, single), t->range);
    const int8x16_t cd = eq_narrow_s8_x16(
        eq_rescale_x4(s->c.a, f, single), eq_rescale_x4(s->c.b, g, single),
        eq_rescale_x4(s->d.a, f, single), eq_rescale_x4(s->d.b, g, single), t->range);
    if (t->out_c - o >= 8) {
        vst1_s8(y, vget_low_s8(ab));
        vst1_s8(y + y_pixel, vget_high_s8(ab));
        vst1_s8(y + 2 * (int64_t)y_pixel, vget_low_s8(cd));
        vst1_s8(y + 3 * (int64_t)y_pixel, vget_high_s8(cd));
    } else {
        eq_store_rows_s8(y, y_pixel, ab, vextq_s8(ab, ab, 8), cd, vextq_s8(cd, cd, 8),
                         t->out_c - o);
    }
}

#endif
