/* What the convolutions for NEON by sixteen channels share: a walk over pixels, six or
 * four at a time, wherever they lie.
 *
 * Where pixels do not fill the last tile, its last pixel is computed more than once. */
#ifndef EDGEQ_CONV2D_TILES_NEON_H
#define EDGEQ_CONV2D_TILES_NEON_H

#include "edgeq/rescale_neon.h"

/* Constants of a layer. Arrays are packed by sixteen channels, and zeros fill the last
 * block, of which each has `block` bytes of weights; those of eight channels are `half`
 * apart. */
typedef struct {
    const int8_t *w;
    const int32_t *bias, *mult, *shift;
    int64_t block;
    int32_t half, out_c, zy, lo, hi, zw;
} eq_layer_neon;

/* Windows of pixels and where their outputs go: rows * w of them. A window is `segments`
 * runs of `run` bytes, the first `bytes` of which count; `gap` bytes lie between them. */
typedef struct {
    const int8_t *x;
    int8_t *y;
    int64_t x_row, x_step, y_row, y_pixel;
    int32_t rows, w, segments, run, bytes;
    int64_t gap;
} eq_pixels_neon;

/* How far the pixels of a tile lie from the first one, in x and in y. */
typedef struct {
    int64_t x[6], y[6];
} eq_offsets_neon;

/* A tile, as assembly knows it. */
typedef struct {
    const int8_t *x;
    int8_t *y;
    const eq_offsets_neon *at;
    int64_t gap;
    int32_t segments, run;
    int32_t zy, lo, hi, bytes;
    int32_t zw;        /* a zero point of weights */
    int32_t offset[6]; /* what that adds to each pixel */
} eq_tile_neon;

/* Tiles of which the first k pixels end a row, in one row for k = 6; at[0] is for
 * others. */
typedef struct {
    eq_offsets_neon at[7];
} eq_kinds_neon;

/* Where a walk over pixels stands: at pixel c of a row, after which `left` pixels follow
 * what is begun. What assembly reads is not in here, for the compiler keeps this in
 * registers. */
typedef struct {
    int32_t left, c;
    const int8_t *x, *x_row;
    int8_t *y, *y_row;
} eq_walk_neon;

/* How many tiles of six and of four pixels cover all, with the least effort. */
typedef struct {
    int32_t sixes, fours;
} eq_tiles_neon;

static inline eq_tiles_neon eq_tiles_of_neon(int32_t pixels)
{
    const int32_t rest = pixels % 6;
    const int32_t fours = pixels <= 4 ? 1 : rest == 0 || rest == 5 ? 0 : rest <= 2 ? 2 : 1;
    const eq_tiles_neon n = {pixels <= 4 ? 0 : (pixels - 4 * fours + 5) / 6, fours};
    return n;
}

/* Rows without gaps become one row. */
static inline eq_walk_neon eq_begin_walk_neon(eq_kinds_neon *kinds, eq_pixels_neon *g)
{
    const int64_t x_jump = g->x_row - g->w * g->x_step;
    const int64_t y_jump = g->y_row - g->w * g->y_pixel;
    if (x_jump == 0 && y_jump == 0) {
        g->w *= g->rows;
        g->rows = 1;
    }
    for (int32_t kind = g->rows > 1 ? 1 : 6; kind <= 6; ++kind)
        for (int32_t i = 0; i < 6; ++i) {
            kinds->at[kind].x[i] = i * g->x_step + (i < kind ? 0 : x_jump);
            kinds->at[kind].y[i] = i * g->y_pixel + (i < kind ? 0 : y_jump);
        }
    const eq_walk_neon k = {g->rows * g->w, 0, g->x, g->x, g->y, g->y};
    return k;
}

/* The offsets of a tile of n pixels, of which some are not there or that rows of few pixels
 * fill. */
static inline void eq_odd_tile_neon(eq_offsets_neon *at, eq_walk_neon *k,
                                    const eq_pixels_neon *g, int32_t n)
{
    const int8_t *const x = k->x;
    const int8_t *const y = k->y;
    for (int32_t i = 0; i < n; ++i) {
        at->x[i] = k->x - x;
        at->y[i] = k->y - y;
        if (i + 1 >= n + k->left)
            continue;
        k->x += g->x_step;
        k->y += g->y_pixel;
        if (++k->c == g->w) {
            k->c = 0;
            k->x = k->x_row += g->x_row;
            k->y = k->y_row += g->y_row;
        }
    }
}

/* The next n, 6 or 4, pixels. */
static inline __attribute__((always_inline)) void
eq_next_tile_neon(eq_tile_neon *t, eq_walk_neon *k, eq_kinds_neon *kinds,
                  const eq_pixels_neon *g, int32_t n)
{
    const int32_t rest = g->w - k->c;
    t->x = k->x;
    t->y = k->y;
    t->at = &kinds->at[6];
    k->left -= n;
    if (rest > n) {
        k->c += n;
        k->x += n * g->x_step;
        k->y += n * g->y_pixel;
    } else if (k->left < 0 || g->w < 6) {
        t->at = &kinds->at[0];
        eq_odd_tile_neon(&kinds->at[0], k, g, n);
    } else {
        if (rest < n)
            t->at = &kinds->at[rest];
        k->c = n - rest;
        k->x_row += g->x_row;
        k->y_row += g->y_row;
        k->x = k->x_row + k->c * g->x_step;
        k->y = k->y_row + k->c * g->y_pixel;
    }
}

static inline eq_tile_neon eq_tile_of_neon(const eq_layer_neon *t, const eq_pixels_neon *g)
{
    const eq_tile_neon at = {.gap = g->gap,
                             .segments = g->segments,
                             .run = g->run,
                             .zy = t->zy,
                             .lo = t->lo,
                             .hi = t->hi,
                             .bytes = g->bytes,
                             .zw = t->zw};
    return at;
}

/* A tile that writes side by side to `bytes`. */
static inline eq_tile_neon eq_side_tile_neon(const eq_tile_neon *at,
                                             eq_offsets_neon *offsets, int8_t *bytes)
{
    eq_tile_neon side = *at;
    *offsets = *at->at;
    for (int32_t i = 0; i < 6; ++i)
        offsets->y[i] = 16 * i;
    side.y = bytes;
    side.at = offsets;
    return side;
}

/* The first n < 16 bytes of each pixel from there. */
static inline void eq_scatter_tile_neon(const eq_tile_neon *at, const int8_t *bytes,
                                        int32_t pixels, int32_t n)
{
    for (int32_t i = 0; i < pixels; ++i)
        memcpy(at->y + at->at->y[i], bytes + 16 * i, (size_t)n);
}

#endif
