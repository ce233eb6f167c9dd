/* The band of the depthwise convolutions for NEON: the lines that several output rows see, with
 * their borders, of sixteen channels at a time.
 *
 * A pixel is sixteen bytes, so neighbours lie side by side and one LD1 reads several taps.
 * Where an image has fewer channels, a pixel holds eight of them of two rows of the image,
 * so that sixteen lanes give outputs of two rows.
 *
 * Scratch, with WIDE columns and TALL lines of a window:
 *
 *   ((max(1, min(row1 - row0, 1536 / (((out_w - 1) * stride_w + WIDE) * stride_h))) - 1)
 *    * stride_h + TALL) * ((out_w - 1) * stride_w + WIDE) * 16
 */
#ifndef EDGEQ_DEPTHWISE_BAND_NEON_H
#define EDGEQ_DEPTHWISE_BAND_NEON_H

#include "edgeq/conv2d_lines.h"

#include <arm_neon.h>

enum {
    EQ_BAND_PIXELS = 1536, /* pixels of a band, unless one row of outputs needs more */
    EQ_PIXEL = 16          /* bytes of one */
};

typedef struct {
    eq_lines lines;
    int32_t tall; /* lines that a window spans */
    int32_t line; /* bytes from line to line */
    int32_t fit;  /* rows of outputs that a band holds, at least 1 */
} eq_band_neon;

/* The band for windows of `tall` lines; g says where the image lies, and how wide a line is. */
static inline eq_band_neon eq_band_neon_of(eq_lines g, int32_t tall)
{
    const int32_t fit = EQ_BAND_PIXELS / (g.columns * g.stride_h);
    const eq_band_neon b = {g, tall, g.columns * EQ_PIXEL, fit > 1 ? fit : 1};
    return b;
}

/* The lines of a band that `rows` rows of outputs see. */
static inline int32_t eq_band_lines_neon(const eq_band_neon *b, int32_t rows)
{
    return (rows - 1) * b->lines.stride_h + b->tall;
}

/* The pixels of the image that a line holds. */
static inline int32_t eq_band_inside_neon(const eq_band_neon *b)
{
    const int32_t rest = b->lines.columns - b->lines.pad_left;
    const int32_t some = rest < b->lines.in_w ? rest : b->lines.in_w;
    return some > 0 ? some : 0;
}

/* What lies beyond the image in `lines` lines, the first of which is row `top` of it: `wide`
 * whole pixels, or else eight bytes of each. */
static inline void eq_border_neon(int8_t *band, int32_t top, int32_t lines, int wide,
                                  const eq_band_neon *b)
{
    const eq_lines *g = &b->lines;
    const int8x16_t zx = vdupq_n_s8((int8_t)g->zx);
    const int32_t inside = eq_band_inside_neon(b);
    for (int32_t i = 0; i < lines; ++i, band += b->line) {
        const int out = top + i < 0 || top + i >= g->in_h || inside == 0;
        for (int32_t c = 0; c < g->columns; ++c) {
            if (!out && c == g->pad_left)
                c += inside;
            if (c >= g->columns)
                break;
            if (wide)
                vst1q_s8(band + c * EQ_PIXEL, zx);
            else
                vst1_s8(band + c * EQ_PIXEL, vget_low_s8(zx));
        }
    }
}

/* n pixels of sixteen channels. */
static inline void eq_copy_wide_neon(int8_t *to, const int8_t *x, int64_t pixel, int32_t n)
{
    for (; n >= 4; n -= 4) {
        const int8x16_t a = vld1q_s8(x), b = vld1q_s8(x + pixel);
        const int8x16_t c = vld1q_s8(x + 2 * pixel), d = vld1q_s8(x + 3 * pixel);
        vst1q_s8(to, a);
        vst1q_s8(to + 16, b);
        vst1q_s8(to + 32, c);
        vst1q_s8(to + 48, d);
        x += 4 * pixel;
        to += 64;
    }
    for (; n > 0; --n) {
        vst1q_s8(to, vld1q_s8(x));
        x += pixel;
        to += EQ_PIXEL;
    }
}

/* n pixels of eight. */
static inline void eq_copy_half_neon(int8_t *to, const int8_t *x, int64_t pixel, int32_t n)
{
    for (; n >= 4; n -= 4) {
        const int8x8_t a = vld1_s8(x), b = vld1_s8(x + pixel);
        const int8x8_t c = vld1_s8(x + 2 * pixel), d = vld1_s8(x + 3 * pixel);
        vst1_s8(to, a);
        vst1_s8(to + 16, b);
        vst1_s8(to + 32, c);
        vst1_s8(to + 48, d);
        x += 4 * pixel;
        to += 64;
    }
    for (; n > 0; --n) {
        vst1_s8(to, vld1_s8(x));
        x += pixel;
        to += EQ_PIXEL;
    }
}

/* Which bytes of a pixel lanes hold where these are not sixteen that follow each other: `need`
 * bytes from x + first on, of which lane i gets number lanes[i].  They are read as two times
 * `size` bytes that may overlap, into the lower and the upper half. */
typedef struct {
    int32_t first, need, size;
    uint8x16_t lanes;
} eq_lanes_neon;

/* Lanes for elements of `bytes` bytes (1 or 2): elements (o + i) / multiplier, up to in_c - 1. */
static inline eq_lanes_neon eq_lanes_neon_of(int32_t o, int32_t multiplier, int32_t in_c,
                                             int32_t bytes)
{
    const int32_t first = o / multiplier, count = EQ_PIXEL / bytes;
    const int32_t end = (o + count - 1) / multiplier;
    const int32_t last = end < in_c ? end : in_c - 1, need = (last + 1 - first) * bytes;
    const int32_t size = need >= 8 ? 8 : need >= 4 ? 4 : need >= 2 ? 2 : 1;
    uint8_t lanes[EQ_PIXEL];
    for (int32_t i = 0; i < EQ_PIXEL; ++i) {
        const int32_t at = (o + i / bytes) / multiplier;
        const int32_t byte = ((at < last ? at : last) - first) * bytes + i % bytes;
        lanes[i] = (uint8_t)(byte < size ? byte : byte - need + size + 8);
    }
    const eq_lanes_neon l = {first * bytes, need, size, vld1q_u8(lanes)};
    return l;
}

/* n pixels by their lanes; `size` is a constant. */
static inline __attribute__((always_inline)) void
eq_copy_lanes_neon(int8_t *to, const int8_t *x, int64_t pixel, int32_t n,
                   const eq_lanes_neon *l, size_t size)
{
    const uint8x16_t lanes = l->lanes;
    const int64_t high = l->need - (int64_t)size;
    for (; n > 0; --n) {
        uint64_t a = 0, b = 0;
        memcpy(&a, x, size);
        memcpy(&b, x + high, size);
        vst1q_s8(to, vqtbl1q_s8(vcombine_s8(vcreate_s8(a), vcreate_s8(b)), lanes));
        x += pixel;
        to += EQ_PIXEL;
    }
}

/* The ways of copying pixels. */
enum { EQ_WIDE, EQ_HALF, EQ_LANES };

/* n pixels, in the way `way`; x is their first byte that counts. */
static inline void eq_copy_neon(int8_t *to, const int8_t *x, int64_t pixel, int32_t n,
                                int way, const eq_lanes_neon *l)
{
    if (way == EQ_WIDE)
        eq_copy_wide_neon(to, x, pixel, n);
    else if (way == EQ_HALF)
        eq_copy_half_neon(to, x, pixel, n);
    else if (l->size == 8)
        eq_copy_lanes_neon(to, x, pixel, n, l, 8);
    else if (l->size == 4)
        eq_copy_lanes_neon(to, x, pixel, n, l, 4);
    else if (l->size == 2)
        eq_copy_lanes_neon(to, x, pixel, n, l, 2);
    else
        eq_copy_lanes_neon(to, x, pixel, n, l, 1);
}

/* What lies inside of the image. */
static inline void eq_inside_neon(int8_t *band, const int8_t *x, int32_t top, int32_t lines,
                                  int way, const eq_lanes_neon *l, const eq_band_neon *b)
{
    const eq_lines *g = &b->lines;
    const int32_t inside = eq_band_inside_neon(b);
    const int32_t first = top < 0 ? -top : 0;
    const int32_t end = top + lines > g->in_h ? g->in_h - top : lines;
    band += first * b->line + g->pad_left * EQ_PIXEL;
    for (int32_t i = first; i < end; ++i, band += b->line)
        eq_copy_neon(band, x + (top + i) % g->x_ring * g->x_row, g->x_pixel, inside, way,
                     l);
}

#endif
