/* Convolutions for NEON with windows of 8, 16 or 32 bytes, which stay in registers while all
 * channels pass by; otherwise as conv2d_neon.h does it. */
#ifndef EDGEQ_CONV2D_SMALL_NEON_H
#define EDGEQ_CONV2D_SMALL_NEON_H

#include "edgeq/conv2d_neon.h"

/* Dot products of one window with four channels.  Of 8 bytes, two products that are added in
 * int16 are within 2 * 128 * 127. */
static inline int32x4_t eq_four8_neon(int8x8_t x, int8x8_t p, int8x8_t q, int8x8_t r,
                                      int8x8_t s)
{
    const int16x8_t pq = vpaddq_s16(vmull_s8(x, p), vmull_s8(x, q));
    const int16x8_t rs = vpaddq_s16(vmull_s8(x, r), vmull_s8(x, s));
    return vpaddq_s32(vpaddlq_s16(pq), vpaddlq_s16(rs));
}

static inline int32x4_t eq_four16_neon(int8x16_t x, int8x16_t p, int8x16_t q, int8x16_t r,
                                       int8x16_t s)
{
    const int32x4_t pq =
        vpaddq_s32(vpaddlq_s16(eq_mul16_neon(x, p)), vpaddlq_s16(eq_mul16_neon(x, q)));
    const int32x4_t rs =
        vpaddq_s32(vpaddlq_s16(eq_mul16_neon(x, r)), vpaddlq_s16(eq_mul16_neon(x, s)));
    return vpaddq_s32(pq, rs);
}

static inline int32x4_t eq_four32_neon(eq_pair_neon x, eq_pair_neon p, eq_pair_neon q,
                                       eq_pair_neon r, eq_pair_neon s, int fours)
{
    const int32x4_t none = vdupq_n_s32(0);
    const int32x4_t pq = vpaddq_s32(eq_dot32_neon(none, x, p, 1, fours),
                                    eq_dot32_neon(none, x, q, 1, fours));
    const int32x4_t rs = vpaddq_s32(eq_dot32_neon(none, x, r, 1, fours),
                                    eq_dot32_neon(none, x, s, 1, fours));
    return vpaddq_s32(pq, rs);
}

/* All channels of the four pixels of a tile, for windows of 8 bytes, which stay in registers. */
static inline void eq_conv2d_tile8_neon(const eq_conv2d_layer_neon *t, const int8_t *x,
                                        int8_t *y, int32_t y_pixel)
{
    const int8_t *w = t->w;
    const eq_offsets_neon z = eq_conv2d_offsets_neon(t, x);
    const int64_t step = t->window.step;
    const int8x8_t a = vld1_s8(x), b = vld1_s8(x + step);
    const int8x8_t c = vld1_s8(x + 2 * step), d = vld1_s8(x + 3 * step);
    for (int32_t o = 0; o < t->out_c; o += 4) {
        const int8x8_t p = vld1_s8(w);
        const int8x8_t q = vld1_s8(w + 32);
        const int8x8_t r = vld1_s8(w + 64);
        const int8x8_t s = vld1_s8(w + 96);
        const eq_quad_neon s4 = {
            eq_four8_neon(a, p, q, r, s),
            eq_four8_neon(b, p, q, r, s),
            eq_four8_neon(c, p, q, r, s),
            eq_four8_neon(d, p, q, r, s),
        };
        eq_conv2d_finish_neon(t, s4, z, y, y_pixel, o);
        w += 128;
    }
}

/* Pixels as eq_conv2d_pixels_neon takes them, of windows of 8 bytes. */
static inline void eq_conv2d_pixels8_neon(const eq_conv2d_layer_neon *t, const int8_t *x,
                                          int8_t *y, int32_t y_pixel, int32_t n)
{
    const int32_t tiled = n % 4 == 3 && n > 4 ? n : n / 4 * 4;
    int32_t i = 0;
    for (; i < tiled; i += 4) {
        const int32_t at = i + 4 <= n ? i : n - 4;
        const int8_t *from = x + at * t->window.step;
        int8_t *to = y + at * y_pixel;
        eq_conv2d_tile8_neon(t, from, to, y_pixel);
    }
    for (; i < n; ++i)
        eq_conv2d_pixel_neon(t, x + i * t->window.step, y + i * y_pixel);
}

/* All channels of the four pixels of a tile, for windows of 16 bytes, which stay in registers. */
static inline void eq_conv2d_tile16_neon(const eq_conv2d_layer_neon *t, const int8_t *x,
                                         int8_t *y, int32_t y_pixel)
{
    const int8_t *w = t->w;
    const eq_offsets_neon z = eq_conv2d_offsets_neon(t, x);
    const int64_t step = t->window.step;
    for (int32_t o = 0; o < t->out_c; o += 4) {
        const int8x16_t a = vld1q_s8(x), b = vld1q_s8(x + step);
        const int8x16_t c = vld1q_s8(x + 2 * step), d = vld1q_s8(x + 3 * step);
        const int8x16_t p = vld1q_s8(w);
        const int8x16_t q = vld1q_s8(w + 32);
        const int8x16_t r = vld1q_s8(w + 64);
        const int8x16_t s = vld1q_s8(w + 96);
        const eq_quad_neon s4 = {
            eq_four16_neon(a, p, q, r, s),
            eq_four16_neon(b, p, q, r, s),
            eq_four16_neon(c, p, q, r, s),
            eq_four16_neon(d, p, q, r, s),
        };
        eq_conv2d_finish_neon(t, s4, z, y, y_pixel, o);
        w += 128;
    }
}

/* Pixels as eq_conv2d_pixels_neon takes them, of windows of 16 bytes. */
static inline void eq_conv2d_pixels16_neon(const eq_conv2d_layer_neon *t, const int8_t *x,
                                           int8_t *y, int32_t y_pixel, int32_t n)
{
    const int32_t tiled = n % 4 == 3 && n > 4 ? n : n / 4 * 4;
    int32_t i = 0;
    for (; i < tiled; i += 4) {
        const int32_t at = i + 4 <= n ? i : n - 4;
        const int8_t *from = x + at * t->window.step;
        int8_t *to = y + at * y_pixel;
        eq_conv2d_tile16_neon(t, from, to, y_pixel);
    }
    for (; i < n; ++i)
        eq_conv2d_pixel_neon(t, x + i * t->window.step, y + i * y_pixel);
}

/* All channels of the four pixels of a tile, for windows of 32 bytes, which stay in registers. */
static inline void eq_conv2d_tile32_neon(const eq_conv2d_layer_neon *t, const int8_t *x,
                                         int8_t *y, int32_t y_pixel)
{
    const int8_t *w = t->w;
    const eq_offsets_neon z = eq_conv2d_offsets_neon(t, x);
    const int64_t step = t->window.step;
    for (int32_t o = 0; o < t->out_c; o += 4) {
        const eq_pair_neon a = eq_load32_neon(x), b = eq_load32_neon(x + step);
        const eq_pair_neon c = eq_load32_neon(x + 2 * step),
                           d = eq_load32_neon(x + 3 * step);
        const eq_pair_neon p = eq_load32_neon(w);
        const eq_pair_neon q = eq_load32_neon(w + 32);
        const eq_pair_neon r = eq_load32_neon(w + 64);
        const eq_pair_neon s = eq_load32_neon(w + 96);
        const eq_quad_neon s4 = {
            eq_four32_neon(a, p, q, r, s, t->window.fours),
            eq_four32_neon(b, p, q, r, s, t->window.fours),
            eq_four32_neon(c, p, q, r, s, t->window.fours),
            eq_four32_neon(d, p, q, r, s, t->window.fours),
        };
        eq_conv2d_finish_neon(t, s4, z, y, y_pixel, o);
        w += 128;
    }
}

/* Pixels as eq_conv2d_pixels_neon takes them, of windows of 32 bytes. */
static inline void eq_conv2d_pixels32_neon(const eq_conv2d_layer_neon *t, const int8_t *x,
                                           int8_t *y, int32_t y_pixel, int32_t n)
{
    const int32_t tiled = n % 4 == 3 && n > 4 ? n : n / 4 * 4;
    int32_t i = 0;
    for (; i < tiled; i += 4) {
        const int32_t at = i + 4 <= n ? i : n - 4;
        const int8_t *from = x + at * t->window.step;
        int8_t *to = y + at * y_pixel;
        eq_conv2d_tile32_neon(t, from, to, y_pixel);
    }
    for (; i < n; ++i)
        eq_conv2d_pixel_neon(t, x + i * t->window.step, y + i * y_pixel);
}

#endif
