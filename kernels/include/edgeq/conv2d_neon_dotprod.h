/* What the convolutions for NEON with dot products share: pixels, six at a time, by all channels. */
#ifndef EDGEQ_CONV2D_NEON_DOTPROD_H
#define EDGEQ_CONV2D_NEON_DOTPROD_H

#include "edgeq/conv2d_weigh_neon.h"
#include "edgeq/tiles_neon_dotprod.h"

/* The last channels, fewer than sixteen, by halves of a block; what is less than one goes through
 * a buffer. */
static inline __attribute__((always_inline)) void
eq_conv2d_rest_dotprod(const eq_layer_neon *t, eq_tile_neon *at, int32_t n, int form)
{
    const int8_t *w = t->w + t->out_c / 16 * t->block;
    int32_t o = t->out_c & ~15;
    at->y += o;
    for (; o < t->out_c; o += 8) {
        int8_t bytes[96];
        eq_offsets_neon offsets;
        const int whole = t->out_c - o >= 8;
        eq_tile_neon side;
        if (!whole)
            side = eq_side_tile_neon(at, &offsets, bytes);
        eq_tile_dotprod(whole ? at : &side, w, t->bias + o, t->mult + o, t->shift + o, 1, n,
                        1, form);
        if (!whole)
            eq_scatter_tile_neon(at, bytes, n, t->out_c - o);
        at->y += 8;
        w += 32;
    }
}

/* All channels of the n, 6 or 4, pixels of a tile. */
static inline __attribute__((always_inline)) void
eq_conv2d_tile_dotprod(const eq_layer_neon *t, eq_tile_neon *at, int32_t n, int form)
{
    if (t->out_c >= 16)
        eq_tile_dotprod(at, t->w, t->bias, t->mult, t->shift, t->out_c / 16, n, 0, form);
    if (t->out_c % 16 != 0)
        eq_conv2d_rest_dotprod(t, at, n, form);
}

/* All pixels of g; form is a constant, EQ_LIVE, EQ_DOUBLE or EQ_SINGLE. */
static inline __attribute__((always_inline)) void
eq_conv2d_walk_dotprod(const eq_layer_neon *t, eq_pixels_neon g, int form)
{
    eq_tile_neon at = eq_tile_of_neon(t, &g);
    eq_kinds_neon kinds;
    eq_walk_neon walk = eq_begin_walk_neon(&kinds, &g);
    for (int32_t n; (n = eq_next_tile_neon(&at, &walk, &kinds, &g)) > 0;) {
        if (t->zw != 0)
            eq_weigh_tile_neon(&at, n);
        if (n == 6)
            eq_conv2d_tile_dotprod(t, &at, 6, form);
        else
            eq_conv2d_tile_dotprod(t, &at, 4, form);
    }
}

/* All pixels of g, with the form of rounding that `single` says. */
static inline __attribute__((always_inline)) void
eq_conv2d_pixels_dotprod(const eq_layer_neon *t, eq_pixels_neon g, int single)
{
    if (!single && eq_is_live(t->zy, t->lo, t->hi))
        eq_conv2d_walk_dotprod(t, g, EQ_LIVE);
    else
        eq_conv2d_walk_dotprod(t, g, single);
}

#endif
