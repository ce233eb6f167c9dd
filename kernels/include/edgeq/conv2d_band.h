/* A band: the rows that several output rows see, copied once with their borders, so that
 * windows are read where they lie.
 *
 * A window is kh segments of `run` contiguous bytes, `segment` bytes apart; windows of a
 * row begin `step` apart, rows of windows `row`. With dil_w == 1 the segments of
 * neighbours overlap; otherwise a line holds every window's taps side by side.
 *
 * Scratch of a kernel that reads up to S bytes behind a segment, with LINE =
 * (dil_w == 1) * ((out_w - 1) * stride_w + kw) * in_c + (dil_w > 1) * out_w * kw * in_c:
 *
 *   ((max(1, min(row1 - row0, 24576 / (LINE * stride_h))) - 1) * stride_h
 *    + (kh - 1) * dil_h + 1) * LINE + S
 *
 * What is read behind a segment is of no value: another pixel's, or not initialized.
 */
#ifndef EDGEQ_CONV2D_BAND_H
#define EDGEQ_CONV2D_BAND_H

#include "edgeq/conv2d_lines.h"

/* How many bytes a band may have, unless one row of windows needs more. */
enum { EQ_BAND_BYTES = 24576 };

typedef struct {
    eq_lines lines;
    int32_t out_w, kw, dil_w, stride_w;
    int32_t run, segment, step, row; /* bytes, as above */
    int32_t line;                    /* bytes from line to line of the band */
    int32_t rows;                    /* rows of windows that a band holds, at least 1 */
} eq_band;

/* The band of windows that lie as `g` says but for its columns, which follow. */
static inline eq_band eq_band_of(eq_lines g, int32_t out_w, int32_t kw, int32_t dil_w,
                                 int32_t stride_w)
{
    g.columns = dil_w == 1 ? (out_w - 1) * stride_w + kw : out_w * kw;
    const int32_t run = kw * g.in_c, line = g.columns * g.in_c;
    const int32_t fit = EQ_BAND_BYTES / (line * g.stride_h);
    const eq_band b = {.lines = g,
                       .out_w = out_w,
                       .kw = kw,
                       .dil_w = dil_w,
                       .stride_w = stride_w,
                       .run = run,
                       .segment = g.dil_h * line,
                       .step = dil_w == 1 ? stride_w * g.in_c : run,
                       .row = g.stride_h * line,
                       .line = line,
                       .rows = fit > 1 ? fit : 1};
    return b;
}

/* Row `row` of the image, window by window. */
static inline void eq_copy_taps(int8_t *line, const int8_t *x, int32_t row,
                                const eq_band *b)
{
    const eq_lines *g = &b->lines;
    const int8_t *from = x + row % g->x_ring * g->x_row;
    for (int32_t c = 0; c < b->out_w; ++c)
        for (int32_t k = 0; k < b->kw; ++k) {
            const int32_t column = c * b->stride_w - g->pad_left + k * b->dil_w;
            if (column < 0 || column >= g->in_w)
                memset(line, g->zx, (size_t)g->in_c);
            else
                memcpy(line, from + column * g->x_pixel, (size_t)g->in_c);
            line += g->in_c;
        }
}

/* The band of output rows [h, h + rows), rows <= b->rows: the window of pixel (h + r, c) is
 * at band + r * b->row + c * b->step. */
static inline void eq_fill_band(int8_t *band, const int8_t *x, int32_t h, int32_t rows,
                                const eq_band *b)
{
    const eq_lines *g = &b->lines;
    const int32_t top = h * g->stride_h - g->pad_top;
    const int32_t lines = (rows - 1) * g->stride_h + (g->kh - 1) * g->dil_h + 1;
    for (int32_t r = 0; r < lines; ++r) {
        const int32_t row = top + r;
        if (b->dil_w == 1 || row < 0 || row >= g->in_h)
            eq_copy_line(band + r * b->line, x, row, g);
        else
            eq_copy_taps(band + r * b->line, x, row, b);
    }
}

#endif
