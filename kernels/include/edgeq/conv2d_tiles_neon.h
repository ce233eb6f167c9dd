/* What the convolutions for NEON by sixteen channels share: a walk over pixels, six or four at a
 * time, wherever they lie.
 *
 * Where pixels do not fill the last tile, its last pixel is computed more than once. */
#ifndef EDGEQ_CONV2D_TILES_NEON_H
#define EDGEQ_CONV2D_TILES_NEON_H

#include "edgeq/rescale_neon.h"

/* Constants of a layer.  Arrays are packed by sixteen channels, and zeros fill the last
 * block, of which each has `block` bytes of weights; those of eight channels are `half` apart. */
typedef struct {
    const int8_t *w;
    const int32_t *bias, *mult, *shift;
    int64_t block;
    int32_t half, out_c, zy, lo, hi, zw;
} eq_layer_neon;

/* Windows of pixels and where their outputs go: rows * w of them.  A window is `segments` runs
 * of `run` bytes, the first `bytes` of which count; `gap` bytes lie between them. */
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

/* Tiles of which the first k pixels end a row, in one row for k = 6; at[0] is for others. */
typedef struct {
    eq_offsets_neon at[7];
} eq_kinds_neon;

/* Where a walk over pixels stands.  What assembly reads is not in here, for the compiler keeps
 * this in registers. */
typedef struct {
    int32_t left, c;
    const int8_t *x_row;
    int8_t *y_row;
} eq_walk_neon;

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
    const eq_walk_neon k = {g->rows * g->w, 0, g->x, g->y};
    return k;
}

/* The offsets of a tile of n pixels, of which n - left are not there or that rows of few pixels
 * fill. */
static inline void eq_odd_tile_neon(eq_offsets_neon *at, eq_walk_neon *k,
                                    const eq_pixels_neon *g, int32_t n)
{
    const int64_t x0 = k->c * g->x_step, y0 = k->c * g->y_pixel;
    int64_t x = x0, y = y0, x_row = 0, y_row = 0;
    for (int32_t i = 0; i < n; ++i) {
        at->x[i] = x - x0;
        at->y[i] = y - y0;
        if (i + 1 >= k->left)
            continue;
        x += g->x_step;
        y += g->y_pixel;
        if (++k->c == g->w) {
            k->c = 0;
            x = x_row += g->x_row;
            y = y_row += g->y_row;
        }
    }
    k->x_row += x_row;
    k->y_row += y_row;
}

/* The next tile: how many pixels it has, 6 or 4, or 0 where none are left. */
static inline __attribute__((always_inline)) int32_t eq_next_tile_neon(
    eq_tile_neon *t, eq_walk_neon *k, eq_kinds_neon *kinds, const eq_pixels_neon *g)
{
    const int32_t left = k->left;
    const int32_t n = left <= 4 || left == 7 || left == 8 ? 4 : 6;
    if (left <= 0)
        return 0;
    if (k->c == g->w) {
        k->c = 0;
        k->x_row += g->x_row;
        k->y_row += g->y_row;
    }
    const int32_t rest = g->w - k->c;
    int32_t kind = 6;
    t->x = k->x_row + k->c * g->x_step;
    t->y = k->y_row + k->c * g->y_pixel;
    if (left < n || g->w < 6) {
        kind = 0;
        eq_odd_tile_neon(&kinds->at[0], k, g, n);
    } else if (rest >= n) {
        k->c += n;
    } else {
        kind = rest;
        k->c = n - rest;
        k->x_row += g->x_row;
        k->y_row += g->y_row;
    }
    t->at = &kinds->at[kind];
    k->left = left - n;
    return n;
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
