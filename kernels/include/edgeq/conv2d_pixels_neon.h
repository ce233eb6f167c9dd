/* What the convolutions for NEON by sixteen channels share: pixels, six at a time, by all
 * channels. */
#ifndef EDGEQ_CONV2D_PIXELS_NEON_H
#define EDGEQ_CONV2D_PIXELS_NEON_H

#include "edgeq/conv2d_weigh_neon.h"

/* Computes blocks of sixteen channels, or the first half of one, of the n, 6 or 4,
 * pixels of a tile. n, half and form (EQ_LIVE...) are constants, and calls are inlined. */
typedef void eq_tile_neon_fn(const eq_tile_neon *at, const int8_t *w, const int32_t *bias,
                             const int32_t *mult, const int32_t *shift, int32_t blocks,
                             int32_t n, int half, int form);

/* The last channels, fewer than sixteen, by halves of a block; what is less than one
 * goes through a buffer. */
static inline __attribute__((always_inline)) void eq_tiled_rest_neon(const eq_layer_neon *t,
                                                                     eq_tile_neon *at,
                                                                     int32_t n, int form,
                                                                     eq_tile_neon_fn *tile)
{
    int32_t o = t->out_c & ~15;
    const int8_t *w = t->w + t->out_c / 16 * t->block;
    at->y += o;
    if (t->out_c & 8) {
        tile(at, w, t->bias + o, t->mult + o, t->shift + o, 1, n, 1, form);
        at->y += 8;
        w += t->half;
        o += 8;
    }
    if (t->out_c & 7) {
        int8_t bytes[96];
        eq_offsets_neon offsets;
        const eq_tile_neon side = eq_side_tile_neon(at, &offsets, bytes);
        tile(&side, w, t->bias + o, t->mult + o, t->shift + o, 1, n, 1, form);
        eq_scatter_tile_neon(at, bytes, n, t->out_c & 7);
    }
}

/* All channels of the next n, 6 or 4, pixels. */
static inline __attribute__((always_inline)) void
eq_tiled_channels_neon(const eq_layer_neon *t, eq_tile_neon *at, int32_t n, int form,
                       eq_tile_neon_fn *tile)
{
    if (t->zw != 0)
        eq_weigh_tile_neon(at, n);
    if (t->out_c >= 16)
        tile(at, t->w, t->bias, t->mult, t->shift, t->out_c / 16, n, 0, form);
    if (t->out_c & 15)
        eq_tiled_rest_neon(t, at, n, form, tile);
}

/* All pixels of g; form is a constant, EQ_LIVE, EQ_DOUBLE or EQ_SINGLE. */
static inline __attribute__((always_inline)) void eq_tiled_walk_neon(const eq_layer_neon *t,
                                                                     eq_pixels_neon g,
                                                                     int form,
                                                                     eq_tile_neon_fn *tile)
{
    eq_tile_neon at = eq_tile_of_neon(t, &g);
    eq_kinds_neon kinds;
    eq_walk_neon walk = eq_begin_walk_neon(&kinds, &g);
    const eq_tiles_neon n = eq_tiles_of_neon(walk.left);
    for (int32_t i = n.sixes; i > 0; --i) {
        eq_next_tile_neon(&at, &walk, &kinds, &g, 6);
        eq_tiled_channels_neon(t, &at, 6, form, tile);
    }
    for (int32_t i = n.fours; i > 0; --i) {
        eq_next_tile_neon(&at, &walk, &kinds, &g, 4);
        eq_tiled_channels_neon(t, &at, 4, form, tile);
    }
}

/* All pixels of g, with the form of rounding that `single` says, by tiles that `tile`
 * computes. */
static inline __attribute__((always_inline)) void
eq_conv2d_tiled_neon(const eq_layer_neon *t, eq_pixels_neon g, int single,
                     eq_tile_neon_fn *tile)
{
    if (!single && eq_is_live(t->zy, t->lo, t->hi))
        eq_tiled_walk_neon(t, g, EQ_LIVE, tile);
    else
        eq_tiled_walk_neon(t, g, single, tile);
}

#endif
