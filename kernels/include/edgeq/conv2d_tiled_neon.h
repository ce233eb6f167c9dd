/* Convolutions for NEON by sixteen channels: images walked by tiles, for any contract and any
 * tile function. */
#ifndef EDGEQ_CONV2D_TILED_NEON_H
#define EDGEQ_CONV2D_TILED_NEON_H

#include "edgeq/conv2d_band_neon.h"
#include "edgeq/conv2d_call.h"
#include "edgeq/conv2d_pixels_neon.h"

/* How weights are packed: taps come `taps` at a time, a byte each, or two in a byte.  Both are
 * constants. */
typedef struct {
    int taps, nibbles;
} eq_grain_neon;

/* Segments of `run` taps, a multiple of the grain's. */
static inline __attribute__((always_inline)) eq_layer_neon
eq_tiled_layer_neon(const eq_conv2d_arrays *a, const eq_conv2d_call *p, eq_grain_neon grain,
                    int32_t segments, int32_t run)
{
    const int64_t taps = segments * run;
    const eq_layer_neon layer = {.w = a->w,
                                 .bias = a->bias,
                                 .mult = a->mult,
                                 .shift = a->shift,
                                 .block = 16 * taps >> grain.nibbles,
                                 .half = 8 * grain.taps >> grain.nibbles,
                                 .out_c = p->out_c,
                                 .zy = p->zy,
                                 .lo = p->act_min,
                                 .hi = p->act_max,
                                 .zw = p->zw};
    return layer;
}

/* Windows of one pixel without padding: x is read where it lies. */
static inline __attribute__((always_inline)) void
eq_conv2d_1x1_tiled_neon(const eq_conv2d_arrays *a, const eq_conv2d_call *p,
                         eq_grain_neon grain, int single, eq_tile_neon_fn *tile)
{
    const eq_layer_neon layer = eq_tiled_layer_neon(a, p, grain, 1, p->in_c);
    const int32_t rows = p->x_ring == p->in_h ? p->row1 - p->row0 : 1;
    for (int32_t h = p->row0; h < p->row1; h += rows) {
        const eq_pixels_neon pixels = {.x = a->x + h * p->stride_h % p->x_ring * p->x_row,
                                       .y = a->y + h * p->y_row,
                                       .x_row = p->stride_h * p->x_row,
                                       .x_step = p->stride_w * p->x_pixel,
                                       .y_row = p->y_row,
                                       .y_pixel = p->y_pixel,
                                       .rows = rows,
                                       .w = p->out_w,
                                       .segments = 1,
                                       .run = p->in_c,
                                       .bytes = p->in_c};
        eq_conv2d_tiled_neon(&layer, pixels, single, tile);
    }
}

/* Any window: x is read from a band in scratch. */
static inline __attribute__((always_inline)) void
eq_conv2d_band_tiled_neon(const eq_conv2d_arrays *a, int8_t *scratch,
                          const eq_conv2d_call *p, eq_grain_neon grain, int single,
                          eq_tile_neon_fn *tile)
{
    const eq_lines lines = EQ_LINES_OF(p);
    const eq_band b = eq_band_of(lines, p->out_w, p->kw, p->dil_w, p->stride_w);
    const int32_t run = (b.run + grain.taps - 1) & ~(grain.taps - 1);
    const eq_layer_neon layer = eq_tiled_layer_neon(a, p, grain, p->kh, run);
    for (int32_t h = p->row0; h < p->row1; h += b.rows) {
        const int32_t left = p->row1 - h, rows = left < b.rows ? left : b.rows;
        eq_fill_band_neon(scratch, a->x, h, rows, &b);
        const eq_pixels_neon pixels = {.x = scratch,
                                       .y = a->y + h * p->y_row,
                                       .x_row = b.row,
                                       .x_step = b.step,
                                       .y_row = p->y_row,
                                       .y_pixel = p->y_pixel,
                                       .rows = rows,
                                       .w = p->out_w,
                                       .segments = p->kh,
                                       .run = run,
                                       .gap = b.segment - run,
                                       .bytes = b.run};
        eq_conv2d_tiled_neon(&layer, pixels, single, tile);
    }
}

#endif
