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

/* The part of a band that lies inside of the image: `lines` lines of `pixels` pixels, the first
 * at band + to and x + from, the one that is number `wrap` at x again. */
typedef struct {
    int64_t to, from;
    int32_t lines, pixels, wrap;
} eq_inside_neon;

static inline eq_inside_neon eq_inside_neon_of(int32_t top, int32_t lines,
                                               const eq_band_neon *b)
{
    const eq_lines *g = &b->lines;
    const int32_t first = top > 0 ? top : 0, ring = first % g->x_ring;
    const int32_t end = top + lines > g->in_h ? g->in_h : top + lines;
    const eq_inside_neon n = {(int64_t)(first - top) * b->line + g->pad_left * EQ_PIXEL,
                              (int64_t)ring * g->x_row, end - first, eq_band_inside_neon(b),
                              g->x_ring - ring};
    return n;
}

/* Copies it; `way` is a constant, x the first byte that counts.  What is higher than wide is
 * copied column by column. */
static inline __attribute__((always_inline)) void
eq_copy_inside_way_neon(int8_t *band, const int8_t *x, const eq_inside_neon *n, int way,
                        const eq_lanes_neon *l, const eq_band_neon *b)
{
    const int64_t pixel = b->lines.x_pixel, row = b->lines.x_row, line = b->line;
    const int8_t *from = x + n->from;
    int8_t *to = band + n->to;
    int32_t lines = n->lines, wrap = n->wrap;
    const int32_t pixels = n->pixels;
    if (way != EQ_LANES && lines > pixels && lines <= wrap) {
        for (int32_t c = pixels; c > 0; --c, from += pixel, to += EQ_PIXEL)
            eq_copy_pixels_neon(to, line, from, row, lines, way);
        return;
    }
    for (; lines > 0; --lines, to += line) {
        if (way == EQ_LANES)
            eq_copy_by_lanes_neon(to, from, pixel, pixels, l);
        else
            eq_copy_pixels_neon(to, EQ_PIXEL, from, pixel, pixels, way);
        from = --wrap == 0 ? x : from + row;
    }
}

/* All blocks of channels of all bands.  Those of EQ_WIDE and EQ_HALF go back where they would
 * reach beyond the last channel; EQ_HALF takes two rows of outputs at once, of which the
 * second begin where they end with the band: of an odd number one is computed twice. */
typedef struct {
    eq_band_neon band;
    const int8_t *x;
    int8_t *at; /* the band's memory */
    int32_t row0, row1, channels, multiplier, bytes;
    int way;
    /* the block: channels from o on of rows [h, h + rows), and from h + other on of EQ_HALF */
    int32_t o, h, rows, other, both, next;
    eq_inside_neon first, second;
} eq_blocks_neon;

/* Blocks of a layer whose x_row and x_pixel count bytes, elements being of `bytes` bytes;
 * g->in_c counts elements. */
static inline void eq_begin_blocks_neon(eq_blocks_neon *k, eq_band_neon band,
                                        const int8_t *x, int8_t *at, int32_t row0,
                                        int32_t row1, int32_t multiplier, int32_t bytes,
                                        int way)
{
    k->band = band;
    k->x = x;
    k->at = at;
    k->row0 = row0;
    k->row1 = row1;
    k->channels = band.lines.in_c * multiplier;
    k->multiplier = multiplier;
    k->bytes = bytes;
    k->way = way;
    k->h = row0;
    k->both = 0;
    k->next = k->channels;
}

/* A band from row h of outputs on, but for what lies inside of the image. */
static inline void eq_begin_band_neon(eq_blocks_neon *k)
{
    const eq_band_neon *b = &k->band;
    const int32_t left = k->row1 - k->h, most = k->way == EQ_HALF ? 2 * b->fit : b->fit;
    k->both = left < most ? left : most;
    k->rows = k->way == EQ_HALF ? (k->both + 1) / 2 : k->both;
    k->other = k->both - k->rows;
    k->next = 0;
    const int32_t lines = eq_band_lines_neon(b, k->rows), stride = b->lines.stride_h;
    const int32_t top = k->h * stride - b->lines.pad_top, second = top + k->other * stride;
    eq_border_neon(k->at, top, lines, k->way, b);
    k->first = eq_inside_neon_of(top, lines, b);
    if (k->way == EQ_HALF) {
        eq_border_neon(k->at + 8, second, lines, k->way, b);
        k->second = eq_inside_neon_of(second, lines, b);
    }
}

static inline void eq_copy_wide_neon(const eq_blocks_neon *k)
{
    eq_copy_inside_way_neon(k->at, k->x + k->o * k->bytes, &k->first, EQ_WIDE, 0, &k->band);
}

/* n pixels of eight bytes each of two rows. */
static inline void eq_copy_pairs_neon(int8_t *to, const int8_t *x, const int8_t *other,
                                      int32_t n)
{
    for (int32_t fours = n >> 2; fours > 0; --fours) {
        const int8x16x2_t a = vld1q_s8_x2(x), b = vld1q_s8_x2(other);
        const int64x2_t a0 = vreinterpretq_s64_s8(a.val[0]),
                        a1 = vreinterpretq_s64_s8(a.val[1]);
        const int64x2_t b0 = vreinterpretq_s64_s8(b.val[0]),
                        b1 = vreinterpretq_s64_s8(b.val[1]);
        vst1q_s8(to, vreinterpretq_s8_s64(vzip1q_s64(a0, b0)));
        vst1q_s8(to + 16, vreinterpretq_s8_s64(vzip2q_s64(a0, b0)));
        vst1q_s8(to + 32, vreinterpretq_s8_s64(vzip1q_s64(a1, b1)));
        vst1q_s8(to + 48, vreinterpretq_s8_s64(vzip2q_s64(a1, b1)));
        x += 32;
        other += 32;
        to += 64;
    }
    for (n &= 3; n > 0; --n) {
        vst1q_s8(to, vcombine_s8(vld1_s8(x), vld1_s8(other)));
        x += 8;
        other += 8;
        to += EQ_PIXEL;
    }
}

/* The lines that both halves have, where eight channels are all and nothing wraps; what one
 * half has alone is for the other way. */
static inline void eq_copy_dense_halves_neon(const eq_blocks_neon *k, int8_t *at,
                                             int64_t from, int64_t second, int32_t lines)
{
    const eq_band_neon *b = &k->band;
    const int8_t *x = k->x + from, *other = k->x + second;
    for (; lines > 0; --lines) {
        eq_copy_pairs_neon(at, x, other, k->first.pixels);
        at += b->line;
        x += b->lines.x_row;
        other += b->lines.x_row;
    }
}

static inline void eq_copy_halves_neon(const eq_blocks_neon *k)
{
    const int8_t *x = k->x + k->o * k->bytes;
    const eq_inside_neon *a = &k->first, *b = &k->second;
    const int64_t line = k->band.line, row = k->band.lines.x_row;
    const int dense = k->channels == 8 && k->band.lines.x_pixel == 8;
    const int32_t down =
        (int32_t)((a->to - b->to) / line); /* lines of the second half alone */
    const int32_t both = b->lines - down < a->lines ? b->lines - down : a->lines;
    if (!dense || down < 0 || both <= 0 || a->lines > a->wrap || b->lines > b->wrap) {
        eq_copy_inside_way_neon(k->at, x, a, EQ_HALF, 0, &k->band);
        eq_copy_inside_way_neon(k->at + 8, x, b, EQ_HALF, 0, &k->band);
        return;
    }
    const eq_inside_neon above = {b->to, b->from, down, b->pixels, b->wrap};
    const eq_inside_neon below = {a->to + both * line, a->from + both * row,
                                  a->lines - both, a->pixels, a->wrap - both};
    eq_copy_inside_way_neon(k->at + 8, x, &above, EQ_HALF, 0, &k->band);
    eq_copy_inside_way_neon(k->at, x, &below, EQ_HALF, 0, &k->band);
    eq_copy_dense_halves_neon(k, k->at + a->to, a->from, b->from + down * row, both);
}

static inline void eq_copy_some_neon(const eq_blocks_neon *k)
{
    const eq_lanes_neon l =
        eq_lanes_neon_of(k->o, k->multiplier, k->band.lines.in_c, k->bytes);
    eq_copy_inside_way_neon(k->at, k->x + l.first, &k->first, EQ_LANES, &l, &k->band);
}

/* Fills the band for the next block; 0 when there is none. */
static inline int eq_next_block_neon(eq_blocks_neon *k)
{
    const int32_t count = k->way == EQ_HALF ? 8 : EQ_PIXEL / k->bytes;
    if (k->next >= k->channels) {
        k->h += k->both;
        if (k->h >= k->row1)
            return 0;
        eq_begin_band_neon(k);
    }
    const int whole = k->next + count <= k->channels;
    k->o = whole || k->way == EQ_LANES ? k->next : k->channels - count;
    k->next += count;
    if (k->way == EQ_HALF)
        eq_copy_halves_neon(k);
    else if (k->way == EQ_WIDE || (whole && k->multiplier == 1))
        eq_copy_wide_neon(k);
    else
        eq_copy_some_neon(k);
    return 1;
}

#endif
