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

/* The ways of copying pixels: sixteen bytes, eight, or by lanes. */
enum { EQ_WIDE, EQ_HALF, EQ_LANES };

static inline __attribute__((always_inline)) void eq_store_pixel_neon(int8_t *to,
                                                                      int8x16_t v, int way)
{
    if (way == EQ_HALF)
        vst1_s8(to, vget_low_s8(v));
    else
        vst1q_s8(to, v);
}

static inline __attribute__((always_inline)) int8x16_t eq_load_pixel_neon(const int8_t *x,
                                                                          int way)
{
    return way == EQ_HALF ? vcombine_s8(vld1_s8(x), vdup_n_s8(0)) : vld1q_s8(x);
}

/* n pixels of zx. */
static inline __attribute__((always_inline)) void eq_fill_neon(int8_t *to, int8x16_t zx,
                                                               int32_t n, int way)
{
    for (; n > 0; --n, to += EQ_PIXEL)
        eq_store_pixel_neon(to, zx, way);
}

/* What lies beyond the image in `lines` lines, the first of which is row `top` of it. */
static inline __attribute__((always_inline)) void
eq_border_way_neon(int8_t *band, int32_t top, int32_t lines, int way, const eq_band_neon *b)
{
    const eq_lines *g = &b->lines;
    const int8x16_t zx = vdupq_n_s8((int8_t)g->zx);
    const int32_t inside = eq_band_inside_neon(b), right = g->pad_left + inside;
    for (int32_t r = top; r < top + lines; ++r, band += b->line) {
        if (r < 0 || r >= g->in_h || inside == 0) {
            eq_fill_neon(band, zx, g->columns, way);
        } else {
            eq_fill_neon(band, zx, g->pad_left, way);
            eq_fill_neon(band + right * EQ_PIXEL, zx, g->columns - right, way);
        }
    }
}

static inline void eq_border_neon(int8_t *band, int32_t top, int32_t lines, int way,
                                  const eq_band_neon *b)
{
    if (way == EQ_HALF)
        eq_border_way_neon(band, top, lines, EQ_HALF, b);
    else
        eq_border_way_neon(band, top, lines, EQ_WIDE, b);
}

/* Copies four pixels, `pixel` bytes apart, side by side, and goes on in both: assembly, for gcc
 * 12 has additions for what LD1 and ST1 add themselves. */
static inline __attribute__((always_inline)) void
eq_copy_four_neon(int8_t **to, const int8_t **x, int64_t pixel)
{
    __asm__ volatile("ld1 {v0.16b}, [%1], %2\n\t"
                     "ld1 {v1.16b}, [%1], %2\n\t"
                     "ld1 {v2.16b}, [%1], %2\n\t"
                     "ld1 {v3.16b}, [%1], %2\n\t"
                     "st1 {v0.16b-v3.16b}, [%0], #64"
                     : "+r"(*to), "+r"(*x)
                     : "r"(pixel)
                     : "v0", "v1", "v2", "v3", "memory");
}

/* n pixels, `step` bytes apart where they go. */
static inline __attribute__((always_inline)) void
eq_copy_pixels_neon(int8_t *to, int64_t step, const int8_t *x, int64_t pixel, int32_t n,
                    int way)
{
    const int dense = way != EQ_HALF && step == EQ_PIXEL; /* a constant */
    for (int32_t fours = n >> 2; fours > 0 && dense; --fours)
        eq_copy_four_neon(&to, &x, pixel);
    for (int32_t fours = n >> 2; fours > 0 && !dense; --fours) {
        const int8x16_t a = eq_load_pixel_neon(x, way);
        const int8x16_t b = eq_load_pixel_neon(x + pixel, way);
        const int8x16_t c = eq_load_pixel_neon(x + 2 * pixel, way);
        const int8x16_t d = eq_load_pixel_neon(x + 3 * pixel, way);
        eq_store_pixel_neon(to, a, way);
        eq_store_pixel_neon(to + step, b, way);
        eq_store_pixel_neon(to + 2 * step, c, way);
        eq_store_pixel_neon(to + 3 * step, d, way);
        x += 4 * pixel;
        to += 4 * step;
    }
    if (n & 2) {
        const int8x16_t a = eq_load_pixel_neon(x, way);
        const int8x16_t b = eq_load_pixel_neon(x + pixel, way);
        eq_store_pixel_neon(to, a, way);
        eq_store_pixel_neon(to + step, b, way);
        x += 2 * pixel;
        to += 2 * step;
    }
    if (n & 1)
        eq_store_pixel_neon(to, eq_load_pixel_neon(x, way), way);
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

static inline void eq_copy_by_lanes_neon(int8_t *to, const int8_t *x, int64_t pixel,
                                         int32_t n, const eq_lanes_neon *l)
{
    if (l->size == 8)
        eq_copy_lanes_neon(to, x, pixel, n, l, 8);
    else if (l->size == 4)
        eq_copy_lanes_neon(to, x, pixel, n, l, 4);
    else if (l->size == 2)
        eq_copy_lanes_neon(to, x, pixel, n, l, 2);
    else
        eq_copy_lanes_neon(to, x, pixel, n, l, 1);
}

#endif
