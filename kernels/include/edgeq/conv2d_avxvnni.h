/* Convolution for AVX-VNNI: up to six pixels by sixteen channels at a time.
 *
 * Windows are read where they lie, from a band (conv2d_band.h) of x + 128, for one block of
 * channels after another (conv2d_tile_avxvnni.h).  Weights are packed (o/16, kh, kwi/4, o/4%2,
 * o/8%2, o%2, o/2%2, kwi%4), so they are read in order, and sums lie as scale_avx2.h wants them;
 * those of int4 (o/16, kh, kwi/4, o/8%2, o%2, o/2%2, kwi%4, o/4%2), so a byte holds one of either
 * eight channels.
 *
 * Windows of the band that follow each other evenly are one line, and what is left at its end is
 * taken with some before it once more; otherwise two rows are taken together, a half of each tile
 * from either.
 *
 * Exact: VPDPBUSD does not saturate, and its sums are modulo 2^32.  Biases have 128 times the sum of
 * their weights taken away (@offset), so the last sum is the contract's, which is in range.
 * Where a segment is no multiple of four taps, what is read behind it meets weights of zero.
 *
 * Where weights have a zero point zw, sum (x * (w - zw)) is sum ((x + 128) * w) - 128 * sum (w)
 * - zw * (sum (x + 128) - 128 * taps): the sums of the band's windows are made once, for all
 * channels.
 *
 * Nibbles become bytes in the upper halves of bytes, 16 times the weights: sums, their biases too,
 * are 16 times the contract's, which for those of 28 bits is in range, and are shifted back.  The
 * floats of a fused rescale lose their upper nibble, which is the same of all, and get it back.
 *
 * Kernels with a rescale by floats pack o%2, o/2%8 where these have o/4%2, o/8%2, o%2, o/2%2, and o%8
 * where there are eight channels alone.  Those of 32 channels are told of in conv2d_wide_avxvnni.h.
 */
#ifndef EDGEQ_CONV2D_AVXVNNI_H
#define EDGEQ_CONV2D_AVXVNNI_H

#include "edgeq/conv2d_call.h"
#include "edgeq/conv2d_ends_avxvnni.h"
#include "edgeq/conv2d_narrow_avxvnni.h"
#include "edgeq/conv2d_wide_avxvnni.h"
#include "edgeq/points_avxvnni.h"

/* Added to a kind of weights where a block has eight channels, or 32. */
enum { EQ_NARROW_AVXVNNI = 4, EQ_WIDE_AVXVNNI = 8 };

/* `tiles` tiles of n pixels from pixel `at` of a line on, or of two lines. */
EQ_INLINE_AVX2 void eq_tiles_at_avxvnni(const eq_block_avxvnni *t,
                                        const eq_halves_avxvnni *line, int32_t at,
                                        int32_t tiles, int n, int two, int kind, int single)
{
    const int64_t next = two ? n / 2 : n;
    eq_halves_avxvnni g = *line;
    eq_go_on_avxvnni(&g, at);
    if (kind >= EQ_NARROW_AVXVNNI) {
        if (n == 12)
            eq_narrow_12_avxvnni(t, &g, tiles, next, kind - EQ_NARROW_AVXVNNI, single);
        else
            eq_narrow_2_avxvnni(t, &g, tiles, next, kind - EQ_NARROW_AVXVNNI, single);
    } else if (n == 6)
        eq_tiles_6_avxvnni(t, &g, tiles, next, kind, single);
    else if (n == 4)
        eq_tiles_4_avxvnni(t, &g, tiles, next, kind, single);
    else
        eq_tiles_2_avxvnni(t, &g, tiles, next, kind, single);
}

/* The second half of a tile n pixels behind the first. */
EQ_INLINE_AVX2 eq_halves_avxvnni eq_halves_of_avxvnni(const eq_halves_avxvnni *line,
                                                      int64_t n)
{
    eq_halves_avxvnni g = *line;
    g.q = g.p + n * g.step;
    g.z = g.y + n * g.y_step;
    g.rest = g.more + 4 * n;
    return g;
}

/* The pixels of the next tile, of a line of n of which so many are left. */
EQ_INLINE_AVX2 int32_t eq_size_of_avxvnni(int32_t n, int32_t left, int kind)
{
    if (kind >= EQ_NARROW_AVXVNNI)
        return n >= 12 && left > 2 ? 12 : 2;
    return left > 4 && n >= 6 ? 6 : left > 2 && n >= 4 ? 4 : 2;
}

/* n pixels of a line; what is left of it is done with some before it once more. */
EQ_INLINE_AVX2 void eq_one_line_avxvnni(const eq_block_avxvnni *t,
                                        const eq_halves_avxvnni *line, int32_t n, int kind,
                                        int single)
{
    for (int32_t at = 0; at < n;) {
        const int32_t left = n - at, size = eq_size_of_avxvnni(n, left, kind);
        const int32_t tiles = left < size ? 1 : left / size;
        const int32_t from = left >= size ? at : n > size ? n - size : 0;
        const eq_halves_avxvnni g = eq_halves_of_avxvnni(line, n == 1 ? 0 : size / 2);
        eq_tiles_at_avxvnni(t, &g, from, tiles, size, 0, kind, single);
        at = from + tiles * size;
    }
}

/* n pixels of each of two lines. */
EQ_INLINE_AVX2 void eq_two_lines_avxvnni(const eq_block_avxvnni *t,
                                         const eq_halves_avxvnni *lines, int32_t n,
                                         int kind, int single)
{
    if (kind >= EQ_NARROW_AVXVNNI) {
        const int32_t most = n >= 6 ? 6 : 1;
        eq_tiles_at_avxvnni(t, lines, 0, n / most, 2 * most, 1, kind, single);
        if (n % most != 0)
            eq_tiles_at_avxvnni(t, lines, n - 6, 1, 12, 1, kind, single);
        return;
    }
    if (n >= 3)
        eq_tiles_at_avxvnni(t, lines, 0, n / 3, 6, 1, kind, single);
    if (n % 3 != 0)
        eq_tiles_at_avxvnni(t, lines, n / 3 * 3, 1, 2 * (n % 3), 1, kind, single);
}

/* Where the windows of a band lie as lines: n pixels in each of `lines`. */
typedef struct {
    eq_halves_avxvnni first; /* of the first two lines */
    int64_t line, y_line;
    int32_t n, lines;
} eq_grid_avxvnni;

/* The windows of `rows` rows of a band. */
static inline eq_grid_avxvnni eq_grid_of_avxvnni(const eq_band *b, const uint8_t *band,
                                                 const uint8_t *more, int8_t *y,
                                                 const eq_conv2d_call *p, int32_t rows)
{
    const int32_t n = p->out_w;
    eq_grid_avxvnni g = {
        {band, band, y, y, more, more, b->step, p->y_pixel}, b->row, p->y_row, n, rows};
    const int even = b->row == n * b->step && p->y_row == n * p->y_pixel;
    if (n == 1) {
        g.first.step = b->row;
        g.first.y_step = p->y_row;
    }
    if (n == 1 || even) {
        g.n = n * rows;
        g.lines = 1;
    } else if (rows > 1) {
        g.first.q += g.line;
        g.first.z += g.y_line;
        g.first.rest += 4 * n;
    }
    return g;
}

/* Whether a window's segments, of one dword each, are put one behind another. */
static inline int eq_has_columns_avxvnni(const eq_band *b, int kind)
{
    const int is_zw = kind % EQ_NARROW_AVXVNNI == EQ_ZERO_POINT_AVXVNNI;
    return b->lines.dil_h == 1 && b->lines.kh > 1 &&
           (b->run == 4 || (b->run == 3 && !is_zw));
}

/* The windows of `rows` rows where columns of dwords are the lines, so many bytes apart. */
static inline eq_grid_avxvnni eq_columns_of_avxvnni(const uint8_t *x, const uint8_t *more,
                                                    int8_t *y, const eq_conv2d_call *p,
                                                    int32_t rows, int64_t apart)
{
    const int both = p->out_w > 1;
    const eq_grid_avxvnni g = {{x, both ? x + apart : x, y, both ? y + p->y_pixel : y, more,
                                both ? more + 4 * rows : more, 4 * p->stride_h, p->y_row},
                               apart,
                               p->y_pixel,
                               rows,
                               p->out_w};
    return g;
}

/* One block of 32 channels, of all lines, one after another. */
EQ_INLINE_AVX2 void eq_broad_lines_avxvnni(const eq_block_avxvnni *t,
                                           const eq_grid_avxvnni *g, int32_t o, int kind,
                                           int single)
{
    eq_halves_avxvnni line = g->first;
    line.y += o;
    for (int32_t left = g->lines; left > 0; --left) {
        eq_broad_line_avxvnni(t, &line, g->n, kind, single);
        line.p += g->line;
        line.y += g->y_line;
        line.more += 4 * (int64_t)g->n;
    }
}

/* One block of channels, of all lines. */
EQ_INLINE_AVX2 void eq_lines_avxvnni(const eq_block_avxvnni *t, const eq_grid_avxvnni *g,
                                     int32_t o, int kind, int single)
{
    if (kind >= EQ_WIDE_AVXVNNI) {
        eq_broad_lines_avxvnni(t, g, o, kind - EQ_WIDE_AVXVNNI, single);
        return;
    }
    eq_halves_avxvnni two = g->first;
    two.y += o;
    two.z += o;
    int32_t left = g->lines;
    for (; left >= 2; left -= 2) {
        eq_two_lines_avxvnni(t, &two, g->n, kind, single);
        two.p += 2 * g->line;
        two.q += 2 * g->line;
        two.y += 2 * g->y_line;
        two.z += 2 * g->y_line;
        two.more += 8 * (int64_t)g->n;
        two.rest += 8 * (int64_t)g->n;
    }
    if (left > 0)
        eq_one_line_avxvnni(t, &two, g->n, kind, single);
}

/* How many vectors of eight channels a block has. */
static inline int32_t eq_vectors_avxvnni(int kind)
{
    return kind >= EQ_WIDE_AVXVNNI ? 4 : kind >= EQ_NARROW_AVXVNNI ? 1 : 2;
}

/* What all blocks of channels of a layer share, of windows of kh segments of `run` taps, an end with
 * weights of `over` bytes in each, or none. */
static inline eq_block_avxvnni eq_layer_of_avxvnni(const eq_band *b,
                                                   const eq_conv2d_call *p, int32_t kh,
                                                   int32_t run, int64_t over)
{
    eq_block_avxvnni t;
    t.range = eq_load_range_avx2(p->zy, p->act_min, p->act_max);
    t.kh = kh;
    const int32_t fours = (run + 3) / 4 - (over > 0);
    t.sixteens = fours / 4;
    t.rest = fours % 4 * 4;
    t.skip = b->segment - 16 * t.sixteens - t.rest;
    t.over = over;
    return t;
}

/* All blocks of channels. */
EQ_INLINE_AVX2 void eq_blocks_avxvnni(eq_block_avxvnni *t, const eq_grid_avxvnni *g,
                                      const eq_conv2d_arrays *a, int32_t out_c, int kind,
                                      int single)
{
    const int is_int4 = kind == EQ_INT4_AVXVNNI;
    const int32_t vectors = eq_vectors_avxvnni(kind);
    const int64_t taps =
        t->kh * (16 * (int64_t)t->sixteens + t->rest + (t->over > 0 ? 4 : 0));
    const int64_t bytes = is_int4 ? taps / 2 : taps;
    const __m256i top = eq_top_avxvnni(single);
    for (int32_t o = 0; o < out_c; o += 8 * vectors) {
        t->w = a->w + o * bytes;
        t->count = out_c - o;
        for (int32_t i = 0; i < vectors; ++i) {
            const int32_t c = o + 8 * i;
            t->bias[i] = eq_bias_avxvnni(a->bias + c, top, is_int4);
            t->f[i] = eq_load_factors_avxvnni(a->mult + c, a->shift + c, single);
        }
        if (t->over > 0)
            eq_end_weights_avxvnni(t, vectors);
        eq_lines_avxvnni(t, g, o, kind, single);
    }
}

/* The windows' sums of a grid, for weights with a zero point. */
static inline void eq_fill_grid_avxvnni(uint8_t *more, const eq_grid_avxvnni *g,
                                        const eq_band *b, const eq_block_avxvnni *t,
                                        int32_t zw)
{
    const int32_t run = t->kh == b->lines.kh ? b->run : 4 * b->lines.kh;
    const eq_spans_avxvnni w = eq_spans_of_avxvnni(b->segment, g->first.step, t->kh, run);
    for (int32_t i = 0; i < g->lines; ++i)
        eq_fill_more_avxvnni(more + (int64_t)i * g->n * 4, g->first.p + i * g->line, g->n,
                             zw, &w);
}

/* A whole call; kind and single are constants. */
EQ_INLINE_AVX2 void eq_conv2d_by_band_avxvnni(const eq_conv2d_arrays *a, int8_t *scratch,
                                              const eq_conv2d_call *p, int kind, int single)
{
    const eq_lines l = EQ_LINES_OF(p);
    const eq_band b = eq_points_of(eq_band_of(l, p->out_w, p->kw, p->dil_w, p->stride_w));
    const int32_t all = p->row1 - p->row0, most = all < b.rows ? all : b.rows;
    const int32_t lines = (most - 1) * p->stride_h + (p->kh - 1) * p->dil_h + 1;
    const int turned = eq_has_columns_avxvnni(&b, kind);
    const int ends = kind % EQ_WIDE_AVXVNNI == EQ_INT8_AVXVNNI && eq_has_ends_avxvnni(&b);
    const int64_t over = ends ? 32 * eq_vectors_avxvnni(kind) : 0;
    const int64_t apart = 4 * (int64_t)lines;
    uint8_t *const band = (uint8_t *)scratch, *const columns = band + lines * b.line + 32;
    uint8_t *const more = columns + (turned ? p->out_w * apart : 0);
    eq_block_avxvnni t = turned ? eq_layer_of_avxvnni(&b, p, 1, 4 * p->kh, 0)
                                : eq_layer_of_avxvnni(&b, p, p->kh, b.run, over);
    for (int32_t h = p->row0; h < p->row1; h += b.rows) {
        const int32_t left = p->row1 - h, rows = left < b.rows ? left : b.rows;
        int8_t *const y = a->y + (int64_t)h * p->y_row;
        const eq_grid_avxvnni g =
            turned ? eq_columns_of_avxvnni(columns, more, y, p, rows, apart)
                   : eq_grid_of_avxvnni(&b, band, more, y, p, rows);
        eq_fill_read_avxvnni(band, a->x, h, rows, &b);
        if (turned)
            eq_fill_columns_avxvnni(columns, apart, band, rows, &b);
        if (ends)
            eq_fill_ends_avxvnni(more, band, rows, &b);
        if (kind % EQ_NARROW_AVXVNNI == EQ_ZERO_POINT_AVXVNNI)
            eq_fill_grid_avxvnni(more, &g, &b, &t, p->zw);
        eq_blocks_avxvnni(&t, &g, a, p->out_c, kind, single);
    }
}

#endif
