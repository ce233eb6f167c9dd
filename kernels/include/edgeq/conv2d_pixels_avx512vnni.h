/* Convolution for AVX-512 VNNI with pixels in lanes: planes, tiles of 32 pixels or of sixteen,
 * blocks of channels.
 *
 * How a tile is multiplied, and why it is exact, conv2d_lanes_avx512vnni.h says. A block of
 * sixteen channels goes over all pixels of its planes, so that its weights stay in the first
 * cache. Pixels that no border and no gap parts, as those of a 1x1 convolution, are one row.
 *
 * Scratch: the sums of windows, the planes, and a row as planes_avx512.h has it.
 */
#ifndef EDGEQ_CONV2D_PIXELS_AVX512VNNI_H
#define EDGEQ_CONV2D_PIXELS_AVX512VNNI_H

#include "edgeq/conv2d_call.h"
#include "edgeq/conv2d_lanes_two_avx512vnni.h"

/* Planes that are full, of `rows` rows of `columns` windows, `row` bytes from row to row. */
typedef struct {
    uint8_t *planes, *more;
    int64_t row, y_row;
    int32_t rows, columns;
} eq_pixels_rows;

/* Pixels of a row that share a tile with those of the next, or none. */
static inline int32_t eq_pixels_shared(const eq_pixels_rows *q)
{
    return q->columns % 16 > 8 || q->rows == 1 ? 0 : q->columns % 16;
}

/* Where the planes of rows from h on come from, and how many lines of them are full. */
typedef struct {
    const eq_planes *p;
    const int8_t *x;
    uint8_t *planes, *row;
    int32_t h, full;
} eq_pixels_source;

/* Fills the planes that rows [0, rows) of q see, or all that there are. */
static inline void eq_pixels_fill(eq_pixels_source *s, const eq_pixels_rows *q,
                                  int32_t rows)
{
    const eq_lines *g = &s->p->raw.lines;
    const int32_t most = rows < q->rows ? rows : q->rows;
    const int32_t lines = (most - 1) * g->stride_h + (g->kh - 1) * g->dil_h + 1;
    if (lines <= s->full)
        return;
    eq_fill_planes_avx512(s->planes, s->row, s->x, s->h, s->full, lines, s->p);
    s->full = lines;
}

/* Bytes of what a row of windows has added to its sums. */
static inline int64_t eq_pixels_more_row(const eq_pixels_rows *q)
{
    return (q->columns + 15) / 16 * 64;
}

/* Up to sixteen pixels of row r from `column` on, and as many of the next row where there is one;
 * more, channels and single are constants. */
EQ_INLINE_AVX512 void eq_pixels_ends(const eq_lanes *t, const eq_lanes_block *b,
                                     const eq_lanes_spot *row, const eq_pixels_rows *q,
                                     int32_t r, int32_t column, int32_t n, int more,
                                     int channels, int is_split, int single)
{
    const int64_t at = 4 * (int64_t)column;
    const int is_pair = r + 1 < q->rows;
    const eq_lanes_spot p = {.x = row->x + at,
                             .more = row->more + at,
                             .y = row->y + column * t->y_pixel,
                             .x_apart = q->row,
                             .more_apart = eq_pixels_more_row(q),
                             .y_apart = is_pair ? q->y_row : 8 * t->y_pixel};
    if (is_split)
        eq_lanes_do(t, b, &p, n, more, channels, 1, single);
    else if (is_pair)
        eq_two_do(t, b, &p, n, 0, more, channels, single);
    else
        eq_lanes_do(t, b, &p, n, more, channels, 0, single);
}

/* One block of channels of all its pixels; more, channels and single are constants. Planes are
 * filled from s, if there is one, a row and that of its pair ahead: while products are made. */
EQ_INLINE_AVX512 void eq_pixels_block(const eq_lanes *t, const eq_pixels_rows *q,
                                      eq_pixels_source *s, int8_t *y, int32_t o, int more,
                                      int channels, int single)
{
    eq_lanes_block b;
    eq_lanes_block_of(&b, t, o, single);
    const int64_t more_row = eq_pixels_more_row(q);
    const int32_t shared = eq_pixels_shared(q);
    eq_lanes_spot p = {.x = q->planes,
                       .more = q->more,
                       .y = y + o,
                       .x_apart = 64,
                       .more_apart = 64,
                       .y_apart = 16 * t->y_pixel};
    for (int32_t r = 0; r < q->rows; ++r) {
        const int is_odd = r % 2, is_last = !is_odd && r + 1 == q->rows;
        const int32_t n = is_last ? q->columns : q->columns - shared;
        const int32_t rest = n % 32 > 16 ? 0 : n % 32;
        if (s)
            eq_pixels_fill(s, q, r + 3);
        if (n > 16)
            eq_two_do(t, &b, &p, n, 16, more, channels, single);
        if (rest > 0 && !is_odd)
            eq_pixels_ends(t, &b, &p, q, r, n - rest, rest, more, channels, 0, single);
        if (shared > 0 && !is_odd && !is_last)
            eq_pixels_ends(t, &b, &p, q, r, n, shared, more, channels, 1, single);
        p.x += q->row;
        p.more += more_row;
        p.y += q->y_row;
    }
}

/* All channels; has_zw and single are constants. */
EQ_INLINE_AVX512 void eq_pixels_of_planes(const eq_lanes *t, const eq_pixels_rows *q,
                                          eq_pixels_source *s, int8_t *y, int has_zw,
                                          int single)
{
    const int make = has_zw ? EQ_MAKE_MORE : EQ_NO_MORE;
    if (t->out_c <= 8)
        eq_pixels_block(t, q, s, y, 0, make, 8, single);
    else
        eq_pixels_block(t, q, s, y, 0, make, 16, single);
    for (int32_t o = 16; o < t->out_c; o += 16)
        eq_pixels_block(t, q, 0, y, o, has_zw ? EQ_HAVE_MORE : EQ_NO_MORE, 16, single);
}

/* 1 where the image is one row of pixels, each of which is a window. */
static inline int eq_is_one_row(const eq_conv2d_call *p)
{
    return p->kh == 1 && p->kw == 1 && p->stride_h == 1 && p->stride_w == 1 &&
           p->pad_top == 0 && p->pad_left == 0 && p->in_c % 4 == 0 &&
           p->x_pixel == p->in_c && p->out_w == p->in_w && p->x_row == p->in_w * p->in_c &&
           p->x_ring == p->in_h && p->y_row == p->out_w * p->y_pixel && p->row1 <= p->in_h;
}

/* Where sums, of weights with a zero point, and planes lie in scratch: a chunk has `rows` rows of
 * `columns` windows. Lines that are filled while there are sums change what is behind them. */
static inline eq_pixels_rows eq_pixels_rows_of(const eq_planes *p, uint8_t *scratch,
                                               int32_t rows, int32_t columns, int64_t y_row,
                                               int has_zw)
{
    eq_pixels_rows q = {.planes = scratch,
                        .more = scratch,
                        .row = p->raw.lines.stride_h * p->line,
                        .y_row = y_row,
                        .rows = rows,
                        .columns = columns};
    if (has_zw)
        q.planes += rows * eq_pixels_more_row(&q);
    return q;
}

/* The row behind its planes. */
static inline uint8_t *eq_pixels_row_of(const eq_planes *p, const eq_pixels_rows *q)
{
    const eq_lines *g = &p->raw.lines;
    const int64_t lines = (int64_t)(q->rows - 1) * g->stride_h + (g->kh - 1) * g->dil_h + 1;
    return q->planes + lines * p->line;
}

/* Output rows by as many as planes hold; has_zw and single are constants. */
EQ_INLINE_AVX512 void eq_pixels_image(const eq_lanes *t, const eq_planes *p,
                                      const eq_conv2d_arrays *a, uint8_t *scratch,
                                      const eq_conv2d_call *c, int has_zw, int single)
{
    const int32_t all = c->row1 - c->row0;
    eq_pixels_rows q = eq_pixels_rows_of(p, scratch, p->rows < all ? p->rows : all,
                                         c->out_w, c->y_row, has_zw);
    uint8_t *const row = eq_pixels_row_of(p, &q);
    for (int32_t h = c->row0; h < c->row1; h += q.rows) {
        q.rows = c->row1 - h < q.rows ? c->row1 - h : q.rows;
        eq_pixels_source s = {p, a->x, q.planes, row, h, 0};
        eq_pixels_of_planes(t, &q, &s, a->y + (int64_t)h * c->y_row, has_zw, single);
    }
}

/* One row of n pixels, by as many as planes hold. */
EQ_INLINE_AVX512 void eq_pixels_line(const eq_lanes *t, const eq_planes *p, const int8_t *x,
                                     int8_t *y, uint8_t *scratch, int32_t n, int has_zw,
                                     int single)
{
    eq_pixels_rows q = eq_pixels_rows_of(p, scratch, 1, p->count, 0, has_zw);
    uint8_t *const row = eq_pixels_row_of(p, &q);
    for (int32_t i = 0; i < n; i += p->count) {
        q.columns = n - i < p->count ? n - i : p->count;
        eq_cut_pixels_avx512(q.planes, row, x + i * p->step, q.columns, p);
        eq_pixels_of_planes(t, &q, 0, y + i * t->y_pixel, has_zw, single);
    }
}

/* Pixels of a chunk of a row of n, all groups of which are in one plane each. */
static inline int32_t eq_pixels_chunk(int32_t n, int32_t in_c)
{
    const int32_t fit = EQ_BAND_BYTES / in_c / 16 * 16, all = (n + 15) / 16 * 16;
    const int32_t most = fit > 16 ? fit : 16;
    return all < most ? all : most;
}

/* A whole call: either of them; has_zw and the mode single are constants. */
EQ_INLINE_AVX512 void eq_conv2d_by_pixels(const eq_conv2d_arrays *a, int8_t *bytes,
                                          const eq_conv2d_call *c, int has_zw, int single)
{
    uint8_t *const scratch = (uint8_t *)bytes;
    const int is_row = eq_is_one_row(c);
    const int32_t n = (c->row1 - c->row0) * c->out_w;
    const int32_t columns = is_row ? eq_pixels_chunk(n, c->in_c) : c->out_w;
    const eq_lines g = EQ_LINES_OF(c);
    const eq_planes p = eq_planes_of(g, columns, c->kw, c->dil_w, c->stride_w);
    const int is_one = p.taps == 1 && c->dil_h == 1; /* planes of rows follow each other */
    const int32_t groups = is_one ? c->kh * p.groups : p.groups;
    const eq_lanes t = {.w = a->w,
                        .bias = a->bias,
                        .mult = a->mult,
                        .shift = a->shift,
                        .tap = p.tap,
                        .turn = c->dil_h * p.line - p.taps * p.tap,
                        .plane = p.plane,
                        .y_pixel = c->y_pixel,
                        .segments = is_one ? 1 : c->kh * p.taps,
                        .taps = p.taps,
                        .out_c = c->out_c,
                        .zw = c->zw,
                        .zy = c->zy,
                        .groups = groups,
                        .is_odd = groups % 2,
                        .pairs = groups / 2,
                        .window = c->kh * c->kw * c->in_c,
                        .clamps = c->act_min > INT8_MIN || c->act_max < INT8_MAX,
                        .range = eq_load_range_avx512(c->zy, c->act_min, c->act_max)};
    if (is_row)
        eq_pixels_line(&t, &p, a->x + (int64_t)c->row0 * c->x_row,
                       a->y + (int64_t)c->row0 * c->y_row, scratch, n, has_zw, single);
    else
        eq_pixels_image(&t, &p, a, scratch, c, has_zw, single);
}

#endif
