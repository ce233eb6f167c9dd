/* Lines of a depthwise convolution with 3 x 3 taps as words of two pixels (dsp_depthwise.h).
 *
 * A plane is an image seen along its rows or along its columns: lines lie `across`, pixels
 * `along`.  A line of scratch holds, for every position that a window reads, four words: for
 * each of four channels the pixels of lines r (low half) and r + 1 (high half) of x.  The line
 * of an output line begins with the first of its windows, so that the next one holds the
 * third.  Lines form a ring and lie side by side.
 */
#ifndef EDGEQ_DSP_DEPTHWISE_LINES_H
#define EDGEQ_DSP_DEPTHWISE_LINES_H

#include <stdint.h>

#include "edgeq/depthwise_s8.h"
#include "edgeq/dsp_depthwise.h"

/* What a kernel computes, by lines. */
typedef struct {
    const int8_t *x;  /* first pixel */
    int32_t x_along;  /* elements from pixel to pixel */
    int32_t x_across; /* elements from line to line */
    int32_t ring;     /* lines of x's ring */
    int32_t lines;    /* of x */
    int32_t pixels;   /* of a line of x */
    int32_t before;   /* pixels beyond the border before them */
    int32_t stride;   /* both ways */
    int8_t *y;        /* output pixel 0 of line `first` */
    int32_t y_along;
    int32_t y_across;
    int32_t count; /* output pixels of a line */
    int32_t start; /* line of x, perhaps beyond the border, where output line 0 begins */
    int32_t rows;  /* output lines */
    int32_t zx;
} eq_dw_plane;

static inline eq_dw_plane eq_dw_rows(const int8_t *x, int8_t *y,
                                     const eq_depthwise_s8_params *restrict p)
{
    const eq_dw_plane plane = {
        .x = x,
        .x_along = p->x_pixel,
        .x_across = p->x_row,
        .ring = p->x_ring,
        .lines = p->in_h,
        .pixels = p->in_w,
        .before = p->pad_left,
        .stride = p->stride_h,
        .y = y + p->row0 * p->y_row,
        .y_along = p->y_pixel,
        .y_across = p->y_row,
        .count = p->out_w,
        .start = p->row0 * p->stride_h - p->pad_top,
        .rows = p->row1 - p->row0,
        .zx = p->zx,
    };
    return plane;
}

/* Along columns; x must not be a ring. */
static inline eq_dw_plane eq_dw_columns(const int8_t *x, int8_t *y,
                                        const eq_depthwise_s8_params *restrict p)
{
    const int32_t start = p->row0 * p->stride_h - p->pad_top, cut = start > 0 ? start : 0;
    const eq_dw_plane plane = {
        .x = x + cut * p->x_row,
        .x_along = p->x_row,
        .x_across = p->x_pixel,
        .ring = p->in_w,
        .lines = p->in_w,
        .pixels = p->in_h - cut,
        .before = cut - start,
        .stride = p->stride_h,
        .y = y + p->row0 * p->y_row,
        .y_along = p->y_row,
        .y_across = p->y_pixel,
        .count = p->row1 - p->row0,
        .start = -p->pad_left,
        .rows = p->out_w,
        .zx = p->zx,
    };
    return plane;
}

typedef struct {
    int8_t *first;  /* line of the ring */
    int8_t *end;    /* of the last line */
    int32_t bytes;  /* of a line, 16 for a position */
    int32_t left;   /* bytes before the image */
    int32_t inside; /* bytes of the image */
    int32_t read;   /* lines of x that windows read are before this one */
} eq_dw_lines;

/* `count` lines of `positions` in scratch. */
static inline eq_dw_lines eq_dw_lines_of(int8_t *scratch, int32_t positions, int32_t count,
                                         const eq_dw_plane *restrict t)
{
    const int32_t left = t->before < positions ? t->before : positions;
    const int32_t room = positions - left, last = t->start + (t->rows - 1) * t->stride + 3;
    const eq_dw_lines lines = {
        .first = scratch,
        .end = scratch + 16 * positions * count,
        .bytes = 16 * positions,
        .left = 16 * left,
        .inside = 16 * (t->pixels < room ? t->pixels : room),
        .read = last < t->lines ? last : t->lines,
    };
    return lines;
}

static inline void eq_dw_fill_zx(int8_t *at, const int8_t *end, int32_t word)
{
    for (; at != end; at += 4)
        eq_dw_store(at, word);
}

/* The positions beyond the image, in every line. */
static inline void eq_dw_borders(const eq_dw_lines *restrict lines, int32_t zx)
{
    const int32_t pair = eq_dw_low(zx, zx), right = lines->left + lines->inside;
    for (int8_t *line = lines->first; line != lines->end; line += lines->bytes) {
        eq_dw_fill_zx(line, line + lines->left, pair);
        eq_dw_fill_zx(line + right, line + lines->bytes, pair);
    }
}

/* The four words of one position. */
static inline void eq_dw_pair(int8_t *restrict line, int32_t above, int32_t below)
{
    const int32_t low = eq_dw_low(above, below), high = eq_dw_high(above, below);
    eq_dw_store(line, eq_dw_even(low));
    eq_dw_store(line + 4, eq_dw_odd(low));
    eq_dw_store(line + 8, eq_dw_even(high));
    eq_dw_store(line + 12, eq_dw_odd(high));
}

/* Pixels of two lines, one position after the other.  A step is 0 beyond the border. */
static inline void eq_dw_pairs(int8_t *restrict line, const int8_t *end, const int8_t *a,
                               int32_t step_a, const int8_t *b, int32_t step_b)
{
    for (; end - line >= 32; line += 32) {
        eq_dw_pair(line, eq_dw_load(a), eq_dw_load(b));
        eq_dw_pair(line + 16, eq_dw_load(a + step_a), eq_dw_load(b + step_b));
        a += 2 * step_a;
        b += 2 * step_b;
    }
    if (line != end)
        eq_dw_pair(line, eq_dw_load(a), eq_dw_load(b));
}

/* Line r of x, or a word of zero points beyond the border. */
static inline const int8_t *eq_dw_line(const eq_dw_lines *restrict lines, const int8_t *x,
                                       int32_t r, const int8_t *zx,
                                       const eq_dw_plane *restrict t)
{
    return r >= 0 && r < lines->read ? x + r % t->ring * t->x_across : zx;
}

/* `count` lines from `line` on, the first from lines r and r + 1 of x, which is the group's
 * first channel; returns the line after them. */
static inline int8_t *eq_dw_fill(const eq_dw_lines *restrict lines, int8_t *line,
                                 const int8_t *x, int32_t r, int32_t count, int32_t stride,
                                 const eq_dw_plane *restrict t)
{
    int8_t zx[4];
    memset(zx, t->zx, 4);
    const int32_t step = t->x_along;
    const int8_t *a = eq_dw_line(lines, x, r, zx, t);
    for (; count > 0; --count) {
        if (stride > 1)
            a = eq_dw_line(lines, x, r, zx, t);
        const int8_t *b = eq_dw_line(lines, x, r + 1, zx, t);
        int8_t *from = line + lines->left;
        eq_dw_pairs(from, from + lines->inside, a, a == zx ? 0 : step, b,
                    b == zx ? 0 : step);
        a = b;
        r += stride;
        line += lines->bytes;
        if (line == lines->end)
            line = lines->first;
    }
    return line;
}

#endif
