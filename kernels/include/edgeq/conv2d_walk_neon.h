/* How the convolutions for NEON walk: through windows of one pixel where x lies,
 * or through windows gathered from it. */
#ifndef EDGEQ_CONV2D_WALK_NEON_H
#define EDGEQ_CONV2D_WALK_NEON_H

#include "edgeq/conv2d_call.h"
#include "edgeq/conv2d_columns_neon.h"
#include "edgeq/conv2d_gather_neon.h"
#include "edgeq/conv2d_lines.h"

/* The layer of a call whose windows begin `step` apart; `kind` and single are constants. */
EQ_INLINE_NEON eq_conv2d_layer_neon eq_conv2d_layer_of_neon(const eq_conv2d_arrays *a,
                                                            const eq_conv2d_call *p,
                                                            int32_t taps, int32_t step,
                                                            int single)
{
    const eq_conv2d_layer_neon layer = {
        .w = a->w,
        .bias = a->bias,
        .mult = a->mult,
        .shift = a->shift,
        .taps = taps,
        .step = step,
        .out_c = p->out_c,
        .zw = p->zw,
        .used = p->kh * p->kw * p->in_c,
        .mode = eq_mode_of(single, p->zy, p->act_min, p->act_max),
        .range = eq_load_range(p->zy, p->act_min, p->act_max)};
    return layer;
}

/* How many taps a kind takes at once. */
static inline int32_t eq_conv2d_grain_neon(int kind)
{
    return kind == EQ_CONV2D_LANES ? 4 : kind == EQ_CONV2D_TILES ? 8 : 16;
}

/* n >= 1 pixels. */
EQ_INLINE_NEON void eq_conv2d_some_neon(int kind, const eq_conv2d_layer_neon *t,
                                        const int8_t *x, int8_t *y, int32_t y_pixel,
                                        int32_t n, int has_zw, int single)
{
    if (kind == EQ_CONV2D_LANES)
        eq_lanes_pixels_neon(t, x, y, y_pixel, n, has_zw, single);
    else
        eq_conv2d_pixels_neon(t, x, y, y_pixel, n, kind, has_zw, single);
}

/* Windows of one pixel without padding, where x lies; a dense image counts as one row. */
EQ_INLINE_NEON void eq_conv2d_points_neon(const eq_conv2d_arrays *a,
                                          const eq_conv2d_call *p, int kind, int has_zw,
                                          int single)
{
    const eq_conv2d_layer_neon t =
        eq_conv2d_layer_of_neon(a, p, p->in_c, p->stride_w * p->x_pixel, single);
    const int whole = p->stride_h == 1 && p->x_ring == p->in_h &&
                      p->x_row == p->out_w * t.step && p->y_row == p->out_w * p->y_pixel;
    const int32_t rows = whole ? p->row1 - p->row0 : 1;
    for (int32_t h = p->row0; h < p->row1; h += rows)
        eq_conv2d_some_neon(kind, &t, a->x + h * p->stride_h % p->x_ring * p->x_row,
                            a->y + h * p->y_row, p->y_pixel, rows * p->out_w, has_zw,
                            single);
}

/* Any window: rows are copied with their borders to scratch, windows gathered from them behind
 * it, sixteen at a time, or 64 of few taps. */
EQ_INLINE_NEON void eq_conv2d_patches_neon(const eq_conv2d_arrays *a, int8_t *scratch,
                                           const eq_conv2d_call *p, int kind, int has_zw,
                                           int single)
{
    const int32_t grain = eq_conv2d_grain_neon(kind);
    const int32_t taps = (p->kh * p->kw * p->in_c + grain - 1) / grain * grain;
    const eq_conv2d_layer_neon t = eq_conv2d_layer_of_neon(a, p, taps, taps + 16, single);
    eq_lines g = EQ_LINES_OF(p);
    g.columns = (p->out_w - 1) * p->stride_w + (p->kw - 1) * p->dil_w + 1;
    const int32_t line = g.columns * g.in_c, run = p->kw * g.in_c;
    const int near = p->dil_w == 1, dense = p->y_row == p->out_w * p->y_pixel;
    const eq_runs_neon runs = {g.kh,  near ? 1 : p->kw,  near ? run : g.in_c,
                               line,  p->dil_w * g.in_c, p->stride_w * g.in_c,
                               t.step};
    int8_t *const patches = scratch + g.kh * line + 16;
    const int32_t most = kind == EQ_CONV2D_LANES ? 64 : 16;
    int32_t n = 0;
    for (int32_t h = p->row0; h < p->row1; ++h) {
        eq_copy_lines(scratch, a->x, h, h == p->row0, &g);
        for (int32_t c = 0; c < p->out_w;) {
            const int32_t rest = p->out_w - c, take = rest < most - n ? rest : most - n;
            eq_gather_neon(patches + n * t.step, scratch + c * runs.step, &runs, take);
            n += take;
            c += take;
            if (n < most && (c < p->out_w || (dense && h + 1 < p->row1)))
                continue;
            eq_conv2d_some_neon(kind, &t, patches,
                                a->y + h * p->y_row + (c - n) * p->y_pixel, p->y_pixel, n,
                                has_zw, single);
            n = 0;
        }
    }
}

#endif
