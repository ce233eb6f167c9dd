/* How the convolutions for NEON walk: through windows of one pixel where x lies,
 * or through windows gathered from it. */
#ifndef EDGEQ_CONV2D_WALK_NEON_H
#define EDGEQ_CONV2D_WALK_NEON_H

#include "edgeq/conv2d_columns_neon.h"
#include "edgeq/conv2d_gather_neon.h"
#include "edgeq/conv2d_lines.h"

/* Where pixels lie, as params of the contract say it. */
typedef struct {
    eq_lines lines; /* but for its columns */
    int32_t kw, dil_w, stride_w, out_w, row0, row1, y_row, y_pixel;
} eq_conv2d_place_neon;

/* From any contract's params. */
#define EQ_CONV2D_PLACE_NEON(p)                                                            \
    {{(p)->in_h, (p)->in_w, (p)->in_c, (p)->kh, (p)->dil_h, (p)->stride_h, (p)->pad_top,   \
      (p)->pad_left, (p)->x_row, (p)->x_pixel, (p)->x_ring, (p)->zx, 0},                   \
     (p)->kw,                                                                              \
     (p)->dil_w,                                                                           \
     (p)->stride_w,                                                                        \
     (p)->out_w,                                                                           \
     (p)->row0,                                                                            \
     (p)->row1,                                                                            \
     (p)->y_row,                                                                           \
     (p)->y_pixel}

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
EQ_INLINE_NEON void eq_conv2d_points_neon(const eq_conv2d_layer_neon *t, const int8_t *x,
                                          int8_t *y, const eq_conv2d_place_neon *p,
                                          int kind, int has_zw, int single)
{
    const eq_lines *g = &p->lines;
    const int whole = g->stride_h == 1 && g->x_ring == g->in_h &&
                      g->x_row == p->out_w * t->step && p->y_row == p->out_w * p->y_pixel;
    const int32_t rows = whole ? p->row1 - p->row0 : 1;
    for (int32_t h = p->row0; h < p->row1; h += rows)
        eq_conv2d_some_neon(kind, t, x + h * g->stride_h % g->x_ring * g->x_row,
                            y + h * p->y_row, p->y_pixel, rows * p->out_w, has_zw, single);
}

/* Any window: rows are copied with their borders to scratch, windows gathered from them behind
 * it, sixteen at a time, or 64 of few taps. */
EQ_INLINE_NEON void eq_conv2d_patches_neon(const eq_conv2d_layer_neon *t, const int8_t *x,
                                           int8_t *y, int8_t *scratch,
                                           const eq_conv2d_place_neon *p, int kind,
                                           int has_zw, int single)
{
    eq_lines g = p->lines;
    g.columns = (p->out_w - 1) * p->stride_w + (p->kw - 1) * p->dil_w + 1;
    const int32_t line = g.columns * g.in_c, run = p->kw * g.in_c;
    const int near = p->dil_w == 1, dense = p->y_row == p->out_w * p->y_pixel;
    const eq_runs_neon runs = {g.kh,   near ? 1 : p->kw,  near ? run : g.in_c,
                               line,   p->dil_w * g.in_c, p->stride_w * g.in_c,
                               t->step};
    int8_t *const patches = scratch + g.kh * line + 16;
    const int32_t most = kind == EQ_CONV2D_LANES ? 64 : 16;
    int32_t n = 0;
    for (int32_t h = p->row0; h < p->row1; ++h) {
        eq_copy_lines(scratch, x, h, h == p->row0, &g);
        for (int32_t c = 0; c < p->out_w;) {
            const int32_t rest = p->out_w - c, take = rest < most - n ? rest : most - n;
            eq_gather_neon(patches + n * t->step, scratch + c * runs.step, &runs, take);
            n += take;
            c += take;
            if (n < most && (c < p->out_w || (dense && h + 1 < p->row1)))
                continue;
            eq_conv2d_some_neon(kind, t, patches, y + h * p->y_row + (c - n) * p->y_pixel,
                                p->y_pixel, n, has_zw, single);
            n = 0;
        }
    }
}

#endif
