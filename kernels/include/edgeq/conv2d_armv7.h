/* What the convolutions for NEON of 32-bit Arm share: rows of pixels, two at a time, by all
 * channels.
 *
 * Exact: see conv2d_tile_armv7.h.
 */
#ifndef EDGEQ_CONV2D_ARMV7_H
#define EDGEQ_CONV2D_ARMV7_H

#include "edgeq/conv2d_small_armv7.h"
#include "edgeq/conv2d_tile_armv7.h"

#include "edgeq/conv2d_gather_neon.h"
#include "edgeq/conv2d_lines.h"
#include "edgeq/conv2d_s8.h"

/* n >= 1 pixels whose windows begin window.step apart: the last tile goes back to be whole,
 * and a pixel that is alone makes both of its tile. */
static inline void eq_conv2d_pixels_armv7(const eq_conv2d_layer_armv7 *t, const int8_t *x,
                                          int8_t *y, int32_t y_pixel, int32_t n)
{
    for (int32_t i = 0; i < n; i += 2) {
        const int32_t j = i + 1 < n ? i + 1 : i, k = j > 0 ? j - 1 : j;
        const int8_t *a = x + k * t->window.step, *b = x + j * t->window.step;
        int8_t *ya = y + k * y_pixel, *yb = y + j * y_pixel;
        if (t->small == 8)
            eq_conv2d_tile8_armv7(t, a, b, ya, yb);
        else if (t->small == 16)
            eq_conv2d_tile16_armv7(t, a, b, ya, yb);
        else if (t->small == 32)
            eq_conv2d_tile32_armv7(t, a, b, ya, yb);
        else
            eq_conv2d_tile_armv7(t, a, b, ya, yb);
    }
}

/* Windows of one pixel without padding, over x where it lies.  A dense image is one row. */
static inline void eq_conv2d_1x1_armv7(const eq_conv2d_layer_armv7 *t, const int8_t *x,
                                       int8_t *y, const eq_conv2d_s8_params *p)
{
    const int whole = p->stride_h == 1 && p->x_ring == p->in_h &&
                      p->x_row == p->out_w * t->window.step &&
                      p->y_row == p->out_w * p->y_pixel;
    const int32_t rows = whole ? p->row1 - p->row0 : 1;
    for (int32_t h = p->row0; h < p->row1; h += rows)
        eq_conv2d_pixels_armv7(t, x + h * p->stride_h % p->x_ring * p->x_row,
                               y + h * p->y_row, p->y_pixel, rows * p->out_w);
}

/* Windows whose patches begin `step` bytes apart: at least 15 bytes more than a patch. */
static inline eq_runs_neon eq_conv2d_runs_armv7(const eq_conv2d_s8_params *p, int32_t line,
                                                int32_t step)
{
    const int near = p->dil_w == 1;
    const eq_runs_neon runs = {p->kh, near ? 1 : p->kw,   near ? p->kw * p->in_c : p->in_c,
                               line,  p->dil_w * p->in_c, p->stride_w * p->in_c,
                               step};
    return runs;
}

/* Any window: rows are copied with their borders, windows gathered from them, up to four, also
 * from two rows where y is dense. */
static inline void eq_conv2d_patches_armv7(const eq_conv2d_layer_armv7 *t, const int8_t *x,
                                           int8_t *y, int8_t *scratch,
                                           const eq_conv2d_s8_params *p)
{
    const int32_t columns = (p->out_w - 1) * p->stride_w + (p->kw - 1) * p->dil_w + 1;
    const int32_t line = columns * p->in_c, room = t->window.step;
    const eq_lines g = {p->in_h,     p->in_w,    p->in_c,     p->kh,    p->dil_h,
                        p->stride_h, p->pad_top, p->pad_left, p->x_row, p->x_pixel,
                        p->x_ring,   p->zx,      columns};
    const eq_runs_neon runs = eq_conv2d_runs_armv7(p, line, room);
    const int dense = p->y_row == p->out_w * p->y_pixel;
    int8_t *const patches = scratch + p->kh * line + 16;
    int32_t n = 0;
    for (int32_t h = p->row0; h < p->row1; ++h) {
        eq_copy_lines(scratch, x, h, h == p->row0, &g);
        for (int32_t c = 0; c < p->out_w;) {
            const int32_t rest = p->out_w - c, take = rest < 4 - n ? rest : 4 - n;
            eq_gather_neon(patches + n * room, scratch + c * runs.step, &runs, take);
            n += take;
            c += take;
            if (n < 4 && (c < p->out_w || (dense && h + 1 < p->row1)))
                continue;
            eq_conv2d_pixels_armv7(t, patches, y + h * p->y_row + (c - n) * p->y_pixel,
                                   p->y_pixel, n);
            n = 0;
        }
    }
}

#endif
