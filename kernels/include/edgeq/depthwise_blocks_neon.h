/* The blocks of channels of a depthwise convolution for NEON, band by band: each is copied to the
 * band (depthwise_band_neon.h) when its turn comes.
 */
#ifndef EDGEQ_DEPTHWISE_BLOCKS_NEON_H
#define EDGEQ_DEPTHWISE_BLOCKS_NEON_H

#include "edgeq/depthwise_band_neon.h"

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
