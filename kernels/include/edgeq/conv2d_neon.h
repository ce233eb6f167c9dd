/* What the convolutions for NEON with int8 weights share: tiles of four
 * pixels by all channels, and what becomes of the sums.
 *
 * What is a constant where these functions are called, zero points of weights and the rounding
 * form, is one in what they become: they are always inlined.
 */
#ifndef EDGEQ_CONV2D_NEON_H
#define EDGEQ_CONV2D_NEON_H

#include "edgeq/conv2d_flush_neon.h"
#include "edgeq/conv2d_int4_neon.h"
#include "edgeq/rescale_neon.h"
#include "edgeq/sum_neon.h"

#define EQ_INLINE_NEON static inline __attribute__((always_inline))

/* What a layer is made of: int8 weights, few of them with their channels in lanes
 * (conv2d_lanes_neon.h), or int4 weights. */
enum { EQ_CONV2D_TILES, EQ_CONV2D_LANES, EQ_CONV2D_NIBBLES };

/* Constants of a layer.  w is in the order that its kind asks for, arrays are packed by four
 * channels, of few taps by eight, and zeros fill the last block.  A window is `taps` contiguous
 * bytes, a multiple of what the kind takes at once; windows begin `step` apart. */
typedef struct {
    const int8_t *w;
    const int32_t *bias, *mult, *shift;
    int32_t taps, step, out_c;
    int32_t zw;   /* zero point of the weights */
    int32_t used; /* bytes of a window that it is multiplied with */
    int mode;     /* EQ_DOUBLE, ... */
    eq_range_s8 range;
} eq_conv2d_layer_neon;

/* What the zero point of the weights adds to each channel of four pixels. */
typedef struct {
    int32x4_t a, b, c, d;
} eq_offsets_neon;

EQ_INLINE_NEON eq_offsets_neon eq_conv2d_offsets_neon(const eq_conv2d_layer_neon *t,
                                                      const int8_t *x, int64_t step)
{
    const int32x4_t all = vmulq_n_s32(eq_sums4_neon(x, step, t->used), -t->zw);
    const eq_offsets_neon z = {vdupq_laneq_s32(all, 0), vdupq_laneq_s32(all, 1),
                               vdupq_laneq_s32(all, 2), vdupq_laneq_s32(all, 3)};
    return z;
}

/* Four channels of four pixels, pixel by pixel. */
EQ_INLINE_NEON int8x16_t eq_conv2d_finish_neon(eq_tile4_neon s, eq_factors_x4 f,
                                               eq_range_s8 range, int mode)
{
    const int32x4_t a = eq_rescale_x4(vaddq_s32(s.a, f.bias), f, mode);
    const int32x4_t b = eq_rescale_x4(vaddq_s32(s.b, f.bias), f, mode);
    const int32x4_t c = eq_rescale_x4(vaddq_s32(s.c, f.bias), f, mode);
    const int32x4_t d = eq_rescale_x4(vaddq_s32(s.d, f.bias), f, mode);
    if (mode == EQ_LIVE)
        return eq_narrow_live_s8_x16(a, b, c, d);
    return mode == EQ_RELU ? eq_narrow_relu_s8_x16(a, b, c, d, range)
                           : eq_narrow_s8_x16(a, b, c, d, range);
}

/* The same, asking for the mode where the rounding form leaves one open. */
EQ_INLINE_NEON int8x16_t eq_conv2d_results_neon(const eq_conv2d_layer_neon *t,
                                                eq_tile4_neon s, eq_factors_x4 f,
                                                int single)
{
    if (single)
        return eq_conv2d_finish_neon(s, f, t->range, EQ_SINGLE);
    if (t->mode == EQ_LIVE)
        return eq_conv2d_finish_neon(s, f, t->range, EQ_LIVE);
    if (t->mode == EQ_RELU)
        return eq_conv2d_finish_neon(s, f, t->range, EQ_RELU);
    return eq_conv2d_finish_neon(s, f, t->range, EQ_DOUBLE);
}

/* Four bytes to each of four pixels, which move on behind them: no intrinsic does that. */
static inline void eq_conv2d_put_neon(int8x16_t v, int8_t **a, int8_t **b, int8_t **c,
                                      int8_t **d)
{
    __asm__("st1 {%4.s}[0], [%0], 4\n\t"
            "st1 {%4.s}[1], [%1], 4\n\t"
            "st1 {%4.s}[2], [%2], 4\n\t"
            "st1 {%4.s}[3], [%3], 4"
            : "+r"(*a), "+r"(*b), "+r"(*c), "+r"(*d)
            : "w"(v)
            : "memory");
}

/* All channels of the four pixels at x, `step` apart. */
EQ_INLINE_NEON void eq_conv2d_four_neon(const eq_conv2d_layer_neon *t, const int8_t *x,
                                        int64_t step, int8_t *y, int32_t y_pixel, int kind,
                                        int has_zw, int single)
{
    const int8_t *const b = x + step, *const c = b + step, *const d = c + step;
    const int8_t *w = t->w;
    const int32_t *bias = t->bias, *mult = t->mult, *shift = t->shift;
    int8_t *yb = y + y_pixel, *yc = yb + y_pixel, *yd = yc + y_pixel;
    const int32x4_t none = vdupq_n_s32(0);
    eq_offsets_neon z = {none, none, none, none};
    if (has_zw)
        z = eq_conv2d_offsets_neon(t, x, step);
    for (int32_t left = t->out_c;;) {
        eq_tile4_neon s = kind == EQ_CONV2D_NIBBLES
                              ? eq_conv2d_int4_neon(x, b, c, d, &w, t->taps)
                              : eq_conv2d_tile_neon(x, b, c, d, &w, t->taps);
        if (has_zw) {
            s.a = vaddq_s32(s.a, z.a);
            s.b = vaddq_s32(s.b, z.b);
            s.c = vaddq_s32(s.c, z.c);
            s.d = vaddq_s32(s.d, z.d);
        }
        const int8x16_t v =
            eq_conv2d_results_neon(t, s, eq_load_factors(bias, mult, shift), single);
        bias += 4;
        mult += 4;
        shift += 4;
        left -= 4;
        if (left < 0) {
            eq_store_part_columns_s8(y, y_pixel, v, left + 4);
            break;
        }
        eq_conv2d_put_neon(v, &y, &yb, &yc, &yd);
        if (left == 0)
            break;
    }
}

/* Of one window: `count` times 16 taps of four channels, whose weights lie channel by channel. */
static inline eq_tile4_neon eq_conv2d_run_neon(eq_tile4_neon s, const int8_t **x,
                                               const int8_t **w, int32_t count)
{
    const int8_t *p = *w, *const q = p + 16 * count, *const r = q + 16 * count;
    const int8_t *const u = r + 16 * count;
    for (int32_t i = 0; i < 16 * count; i += 16) {
        const int8x16_t v = vld1q_s8(*x + i);
        s.a = eq_dot16_neon(s.a, v, vld1q_s8(p + i), 0);
        s.b = eq_dot16_neon(s.b, v, vld1q_s8(q + i), 0);
        s.c = eq_dot16_neon(s.c, v, vld1q_s8(r + i), 0);
        s.d = eq_dot16_neon(s.d, v, vld1q_s8(u + i), 0);
    }
    *x += 16 * count;
    *w += 64 * count;
    return s;
}

/* The dot products of one window with the four channels at *weights, which moves on behind
 * these, two products in a lane. */
static inline int32x4_t eq_conv2d_one_neon(const int8_t *x, const int8_t **weights,
                                           int32_t taps)
{
    const int8_t *codes = *weights + 1, *w = *weights + eq_codes_neon(taps);
    const int32x4_t none = vdupq_n_s32(0);
    eq_tile4_neon s = {none, none, none, none};
    if ((taps & 8) != 0) {
        const int8x8_t v = vld1_s8(x);
        s.a = vpaddlq_s16(vmull_s8(v, vld1_s8(w)));
        s.b = vpaddlq_s16(vmull_s8(v, vld1_s8(w + 8)));
        s.c = vpaddlq_s16(vmull_s8(v, vld1_s8(w + 16)));
        s.d = vpaddlq_s16(vmull_s8(v, vld1_s8(w + 24)));
        x += 8;
        w += 32;
    }
    if ((taps & 16) != 0)
        s = eq_conv2d_run_neon(s, &x, &w, 1);
    if ((taps & 32) != 0)
        s = eq_conv2d_run_neon(s, &x, &w, 2);
    for (; *codes != 0; ++codes) {
        s = eq_conv2d_run_neon(s, &x, &w, *codes == 2 ? 3 : 2);
        s = eq_conv2d_run_neon(s, &x, &w, *codes == 2 ? 1 : 2);
    }
    *weights = w;
    return vpaddq_s32(vpaddq_s32(s.a, s.b), vpaddq_s32(s.c, s.d));
}

/* All channels of one pixel. */
EQ_INLINE_NEON void eq_conv2d_pixel_neon(const eq_conv2d_layer_neon *t, const int8_t *x,
                                         int8_t *y, int has_zw, int single)
{
    const int8_t *w = t->w;
    const int32x4_t none = vdupq_n_s32(0);
    const int32x4_t z = has_zw ? eq_conv2d_offsets_neon(t, x, 0).a : none;
    for (int32_t o = 0; o < t->out_c; o += 4) {
        const int32x4_t sum = vaddq_s32(eq_conv2d_one_neon(x, &w, t->taps), z);
        const eq_factors_x4 f = eq_load_factors(t->bias + o, t->mult + o, t->shift + o);
        const int32x4_t v = eq_rescale_x4(vaddq_s32(sum, f.bias), f, single);
        const int32x2_t words = vreinterpret_s32_s8(eq_narrow_s8_x8(v, v, t->range));
        const int32_t word = vget_lane_s32(words, 0), left = t->out_c - o;
        if (left >= 4)
            memcpy(y + o, &word, 4);
        else
            memcpy(y + o, &word, (size_t)left);
    }
}

/* n >= 1 pixels: the last tile goes back to be whole where three pixels are left, one or two
 * are computed alone. */
EQ_INLINE_NEON void eq_conv2d_pixels_neon(const eq_conv2d_layer_neon *t, const int8_t *x,
                                          int8_t *y, int32_t y_pixel, int32_t n, int kind,
                                          int has_zw, int single)
{
    const int back = n > 4 && (n % 4 == 3 || kind == EQ_CONV2D_NIBBLES);
    const int32_t tiled = back ? n : n / 4 * 4;
    int32_t i = 0;
    for (; i < tiled; i += 4) {
        const int32_t at = i + 4 <= n ? i : n - 4;
        eq_conv2d_four_neon(t, x + at * t->step, t->step, y + at * y_pixel, y_pixel, kind,
                            has_zw, single);
    }
    for (; i < n; ++i) {
        if (kind == EQ_CONV2D_NIBBLES)
            eq_conv2d_four_neon(t, x + i * t->step, 0, y + i * y_pixel, 0, kind, has_zw,
                                single);
        else
            eq_conv2d_pixel_neon(t, x + i * t->step, y + i * y_pixel, has_zw, single);
    }
}

#endif
