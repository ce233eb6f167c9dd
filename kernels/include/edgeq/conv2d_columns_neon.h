/* Convolutions of few taps for NEON: pixels by blocks of channels, and what becomes of the sums
 * of conv2d_lanes_neon.h. */
#ifndef EDGEQ_CONV2D_COLUMNS_NEON_H
#define EDGEQ_CONV2D_COLUMNS_NEON_H

#include "edgeq/conv2d_lanes_neon.h"

/* How many pixels all channels pass by together, a multiple of 4. */
enum { EQ_LANES_PIXELS = 128 };

/* -zw times the sum of every window, n of them, and of any four at the end. */
static inline void eq_lanes_offsets_neon(int32_t *z, const eq_conv2d_layer_neon *t,
                                         const int8_t *x, int32_t n)
{
    int32_t i = 0;
    for (; i + 4 <= n; i += 4)
        vst1q_s32(z + i,
                  vmulq_n_s32(eq_sums4_neon(x + i * t->step, t->step, t->used), -t->zw));
    for (; i < n; ++i)
        vst1q_s32(z + (n < 4 ? 4 * i : i),
                  vmulq_n_s32(eq_sums4_neon(x + i * t->step, 0, t->used), -t->zw));
}

EQ_INLINE_NEON eq_sums16_neon eq_add_all_x16(eq_sums16_neon s, int32x4_t z)
{
    const eq_sums16_neon sums = {vaddq_s32(s.a, z), vaddq_s32(s.b, z), vaddq_s32(s.c, z),
                                 vaddq_s32(s.d, z)};
    return sums;
}

/* The first n of sixteen channels of four pixels y_pixel apart. */
EQ_INLINE_NEON void eq_lanes_store16_neon(const eq_conv2d_layer_neon *t, eq_tile16_neon s,
                                          int8_t *y, int64_t y_pixel, int32_t n, int mode)
{
    const eq_factors_x16 f = eq_load_factors_x16(t->bias, t->mult, t->shift);
    const int8x16_t a = eq_finish_x16(s.a, &f, t->range, mode);
    const int8x16_t b = eq_finish_x16(s.b, &f, t->range, mode);
    const int8x16_t c = eq_finish_x16(s.c, &f, t->range, mode);
    const int8x16_t d = eq_finish_x16(s.d, &f, t->range, mode);
    if (n >= 16) {
        vst1q_s8(y, a);
        vst1q_s8(y + y_pixel, b);
        vst1q_s8(y + 2 * y_pixel, c);
        vst1q_s8(y + 3 * y_pixel, d);
    } else {
        eq_store_s8_x16(y, a, n);
        eq_store_s8_x16(y + y_pixel, b, n);
        eq_store_s8_x16(y + 2 * y_pixel, c, n);
        eq_store_s8_x16(y + 3 * y_pixel, d, n);
    }
}

/* The first n of eight. */
EQ_INLINE_NEON void eq_lanes_store8_neon(const eq_conv2d_layer_neon *t, eq_tile8_neon s,
                                         int8_t *y, int64_t y_pixel, int32_t n, int mode)
{
    const eq_factors_x4 f = eq_load_factors(t->bias, t->mult, t->shift);
    const eq_factors_x4 g = eq_load_factors(t->bias + 4, t->mult + 4, t->shift + 4);
    const eq_factors_x16 both = {f, g, f, g};
    const eq_sums16_neon ab = {s.a.a, s.a.b, s.b.a, s.b.b},
                         cd = {s.c.a, s.c.b, s.d.a, s.d.b};
    const int8x16_t p = eq_finish_x16(ab, &both, t->range, mode);
    const int8x16_t q = eq_finish_x16(cd, &both, t->range, mode);
    eq_store_s8_x8(y, vget_low_s8(p), n);
    eq_store_s8_x8(y + y_pixel, vget_high_s8(p), n);
    eq_store_s8_x8(y + 2 * y_pixel, vget_low_s8(q), n);
    eq_store_s8_x8(y + 3 * y_pixel, vget_high_s8(q), n);
}

/* Sixteen channels, or as many as there are, of four pixels whose offsets are z. */
EQ_INLINE_NEON void eq_lanes_four16_neon(const eq_conv2d_layer_neon *t, const int8_t *x,
                                         int64_t step, const int32_t *z, int8_t *y,
                                         int64_t y_pixel, int mode)
{
    eq_tile16_neon s = eq_lanes16_neon(x, step, t->w, t->bias, t->taps);
    if (z != 0) {
        const int32x4_t all = vld1q_s32(z);
        s.a = eq_add_all_x16(s.a, vdupq_laneq_s32(all, 0));
        s.b = eq_add_all_x16(s.b, vdupq_laneq_s32(all, 1));
        s.c = eq_add_all_x16(s.c, vdupq_laneq_s32(all, 2));
        s.d = eq_add_all_x16(s.d, vdupq_laneq_s32(all, 3));
    }
    eq_lanes_store16_neon(t, s, y, y_pixel, t->out_c, mode);
}

/* The same of eight. */
EQ_INLINE_NEON void eq_lanes_four8_neon(const eq_conv2d_layer_neon *t, const int8_t *x,
                                        int64_t step, const int32_t *z, int8_t *y,
                                        int64_t y_pixel, int mode)
{
    eq_tile8_neon s = eq_lanes8_neon(x, step, t->w, t->bias, t->taps);
    if (z != 0) {
        const int32x4_t all = vld1q_s32(z);
        s.a.a = vaddq_s32(s.a.a, vdupq_laneq_s32(all, 0));
        s.a.b = vaddq_s32(s.a.b, vdupq_laneq_s32(all, 0));
        s.b.a = vaddq_s32(s.b.a, vdupq_laneq_s32(all, 1));
        s.b.b = vaddq_s32(s.b.b, vdupq_laneq_s32(all, 1));
        s.c.a = vaddq_s32(s.c.a, vdupq_laneq_s32(all, 2));
        s.c.b = vaddq_s32(s.c.b, vdupq_laneq_s32(all, 2));
        s.d.a = vaddq_s32(s.d.a, vdupq_laneq_s32(all, 3));
        s.d.b = vaddq_s32(s.d.b, vdupq_laneq_s32(all, 3));
    }
    eq_lanes_store8_neon(t, s, y, y_pixel, t->out_c, mode);
}

/* 32 channels of two pixels. */
EQ_INLINE_NEON void eq_lanes_two32_neon(const eq_conv2d_layer_neon *t, const int8_t *x,
                                        int64_t step, const int32_t *z, int8_t *y,
                                        int64_t y_pixel, int mode)
{
    eq_tile16_neon s = eq_lanes32_neon(x, step, t->w, t->bias, t->taps);
    if (z != 0) {
        const int32x4_t za = vld1q_dup_s32(z), zb = vld1q_dup_s32(z + 1);
        s.a = eq_add_all_x16(s.a, za);
        s.b = eq_add_all_x16(s.b, za);
        s.c = eq_add_all_x16(s.c, zb);
        s.d = eq_add_all_x16(s.d, zb);
    }
    const eq_factors_x16 f = eq_load_factors_x16(t->bias, t->mult, t->shift);
    const int8x16_t a = eq_finish_x16(s.a, &f, t->range, mode);
    const int8x16_t c = eq_finish_x16(s.c, &f, t->range, mode);
    const eq_factors_x16 g = eq_load_factors_x16(t->bias + 16, t->mult + 16, t->shift + 16);
    const int8x16_t b = eq_finish_x16(s.b, &g, t->range, mode);
    const int8x16_t d = eq_finish_x16(s.d, &g, t->range, mode);
    vst1q_s8(y, a);
    vst1q_s8(y + 16, b);
    y += y_pixel;
    vst1q_s8(y, c);
    vst1q_s8(y + 16, d);
}

/* n pixels by 32, sixteen or eight channels from o on; the last tile goes back to be whole.
 * Fewer than four pixels are computed one by one, each several times. */
EQ_INLINE_NEON void eq_lanes_column_neon(const eq_conv2d_layer_neon *t, const int8_t *x,
                                         const int32_t *z, int8_t *y, int32_t y_pixel,
                                         int32_t n, int32_t o, int channels, int mode)
{
    const eq_conv2d_layer_neon block = {
        t->w + o * t->taps, t->bias + o, t->mult + o, t->shift + o, t->taps, t->step,
        t->out_c - o,       0,           0,           mode,         t->range};
    const int few = n < 4;
    const int64_t x_step = few ? 0 : t->step, y_step = few ? 0 : y_pixel;
    const int32_t last = few ? 1 : channels == 32 ? 2 : 4;
    y += o;
    for (;;) {
        if (channels == 32)
            eq_lanes_two32_neon(&block, x, x_step, z, y, y_step, mode);
        else if (channels == 16)
            eq_lanes_four16_neon(&block, x, x_step, z, y, y_step, mode);
        else
            eq_lanes_four8_neon(&block, x, x_step, z, y, y_step, mode);
        n -= last;
        if (n <= 0)
            break;
        const int32_t next = n < last ? n : last;
        x += next * block.step;
        y += next * y_pixel;
        if (z != 0)
            z += few ? 4 : next;
    }
}

/* The same, for any mode of the rounding form. */
EQ_INLINE_NEON void eq_lanes_modes_neon(const eq_conv2d_layer_neon *t, const int8_t *x,
                                        const int32_t *z, int8_t *y, int32_t y_pixel,
                                        int32_t n, int32_t o, int channels, int single)
{
    if (single)
        eq_lanes_column_neon(t, x, z, y, y_pixel, n, o, channels, EQ_SINGLE);
    else if (t->mode == EQ_LIVE)
        eq_lanes_column_neon(t, x, z, y, y_pixel, n, o, channels, EQ_LIVE);
    else if (t->mode == EQ_RELU)
        eq_lanes_column_neon(t, x, z, y, y_pixel, n, o, channels, EQ_RELU);
    else
        eq_lanes_column_neon(t, x, z, y, y_pixel, n, o, channels, EQ_DOUBLE);
}

/* Functions of their own, whose loops then have all registers. */
#define EQ_LANES_APART_NEON(name, channels, single)                                        \
    static __attribute__((noinline, unused)) void name(                                    \
        const eq_conv2d_layer_neon *t, const int8_t *x, const int32_t *z, int8_t *y,       \
        int32_t y_pixel, int32_t n, int32_t o)                                             \
    {                                                                                      \
        eq_lanes_modes_neon(t, x, z, y, y_pixel, n, o, channels, single);                  \
    }

EQ_LANES_APART_NEON(eq_lanes_double32_neon, 32, 0)
EQ_LANES_APART_NEON(eq_lanes_double16_neon, 16, 0)
EQ_LANES_APART_NEON(eq_lanes_double8_neon, 8, 0)
EQ_LANES_APART_NEON(eq_lanes_single32_neon, 32, 1)
EQ_LANES_APART_NEON(eq_lanes_single16_neon, 16, 1)
EQ_LANES_APART_NEON(eq_lanes_single8_neon, 8, 1)

/* One of these, as `single` and `channels` say. */
EQ_INLINE_NEON void eq_lanes_block_neon(const eq_conv2d_layer_neon *t, const int8_t *x,
                                        const int32_t *z, int8_t *y, int32_t y_pixel,
                                        int32_t n, int32_t o, int channels, int single)
{
    if (channels == 32)
        (single ? eq_lanes_single32_neon : eq_lanes_double32_neon)(t, x, z, y, y_pixel, n,
                                                                   o);
    else if (channels == 16)
        (single ? eq_lanes_single16_neon : eq_lanes_double16_neon)(t, x, z, y, y_pixel, n,
                                                                   o);
    else
        (single ? eq_lanes_single8_neon : eq_lanes_double8_neon)(t, x, z, y, y_pixel, n, o);
}

/* n >= 1 pixels by all channels. */
EQ_INLINE_NEON void eq_lanes_pixels_neon(const eq_conv2d_layer_neon *t, const int8_t *x,
                                         int8_t *y, int32_t y_pixel, int32_t n, int has_zw,
                                         int single)
{
    int32_t offsets[EQ_LANES_PIXELS + 4]; /* of fewer than four pixels each has four */
    const int32_t *const z = has_zw ? offsets : 0;
    for (; n > 0; n -= EQ_LANES_PIXELS) {
        const int32_t some = n < EQ_LANES_PIXELS ? n : EQ_LANES_PIXELS;
        int32_t o = 0;
        if (has_zw)
            eq_lanes_offsets_neon(offsets, t, x, some);
        for (; t->out_c - o >= 32; o += 32)
            eq_lanes_block_neon(t, x, z, y, y_pixel, some, o, 32, single);
        for (; t->out_c - o > 8; o += 16)
            eq_lanes_block_neon(t, x, z, y, y_pixel, some, o, 16, single);
        if (t->out_c > o)
            eq_lanes_block_neon(t, x, z, y, y_pixel, some, o, 8, single);
        x += EQ_LANES_PIXELS * t->step;
        y += EQ_LANES_PIXELS * y_pixel;
    }
}

#endif
