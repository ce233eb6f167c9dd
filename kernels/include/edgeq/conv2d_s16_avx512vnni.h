/* Convolution of int16 activations for AVX-512 VNNI: windows, a tile of them at a time.
 *
 * Windows are read where they lie: those of one pixel in x itself, others in a band of rows that
 * are copied with their borders.  Where rows of windows, and of y, follow each other without a gap
 * they are one row.
 *
 * How a tile is multiplied, and why it is exact, conv2d_s16_tile_avx512vnni.h says.
 */
#ifndef EDGEQ_CONV2D_S16_AVX512VNNI_H
#define EDGEQ_CONV2D_S16_AVX512VNNI_H

#include "edgeq/band16_avx512.h"
#include "edgeq/conv2d_call16.h"
#include "edgeq/conv2d_s16_tile_avx512vnni.h"
#include "edgeq/lines16.h"

/* What a kernel is: tiles of 12, 8 and 4 pixels and of one, and how many channels they have;
 * sums beyond int32; EQ_DOUBLE and so on. */
typedef struct {
    eq_tile16_fn *twelve, *eight, *four, *one;
    int32_t channels;
    int far, form;
} eq_kind16_x512;

/* Rows of windows: bytes of x and y from row to row and from pixel to pixel. */
typedef struct {
    const int8_t *x;
    int8_t *y;
    int64_t row, step, y_row, y_pixel;
    int32_t rows, columns;
} eq_windows16_x512;

/* 12, 8, 4 pixels or 1 by all channels. */
EQ_INLINE_AVX512 void eq_pixels16_x512_n(const eq_layer16_x512 *t,
                                         const eq_pixels16_x512 *g, int32_t n,
                                         const eq_kind16_x512 *kind)
{
    for (int32_t o = 0; o < t->out_c; o += kind->channels)
        if (n == 12)
            kind->twelve(t, g, o);
        else if (n == 8)
            kind->eight(t, g, o);
        else if (n == 4)
            kind->four(t, g, o);
        else
            kind->one(t, g, o);
}

/* How many pixels the next tile has, of `left` behind the first c of a row: as many as are left or
 * more where it may go back, for what is made twice is the same. */
static inline int32_t eq_next16_x512(int32_t left, int32_t c)
{
    const int32_t most = left > 16 || left == 12 ? 12 : 8;
    const int32_t n = left > 8 ? most : left > 4 ? 8 : left > 1 ? 4 : 1;
    if (n <= left + c)
        return n;
    return left >= 8 ? 8 : left >= 4 ? 4 : 1;
}

/* All windows. */
EQ_INLINE_AVX512 void eq_windows16_run(const eq_layer16_x512 *t, eq_windows16_x512 q,
                                       const eq_kind16_x512 *kind)
{
    if (q.row == q.columns * q.step && q.y_row == q.columns * q.y_pixel) {
        q.columns *= q.rows;
        q.rows = 1;
    }
    for (int32_t r = 0; r < q.rows; ++r)
        for (int32_t c = 0; c < q.columns;) {
            const int32_t left = q.columns - c, n = eq_next16_x512(left, c);
            const int32_t first = n < left ? c : q.columns - n;
            const eq_pixels16_x512 g = {q.x + r * q.row + first * q.step,
                                        q.y + r * q.y_row + first * q.y_pixel, q.step,
                                        q.y_pixel};
            eq_pixels16_x512_n(t, &g, n, kind);
            c = first + n;
        }
}

/* Biases and factors by sixteen channels; where what follows them is. */
EQ_INLINE_AVX512 int8_t *eq_constants16_x512(int8_t *to, const eq_conv2d_call16 *call,
                                             const eq_kind16_x512 *kind)
{
    for (int32_t o = 0; o < call->p.out_c; o += kind->channels)
        for (int32_t i = o; i < o + kind->channels; i += 16) {
            const eq_factors16_x16 f =
                eq_load_factors16_x16(call->mult + i, call->shift + i, kind->form);
            const eq_long_x16 bias = eq_load_long_x16(call->bias + i);
            int8_t *const at = to + EQ_FACTORS16_X512;
            eq_keep_factors16(to, &f);
            _mm512_storeu_si512((void *)at,
                                kind->far ? bias.even : eq_weave_x16(bias.even, bias.odd));
            _mm512_storeu_si512((void *)(at + 64), bias.odd);
            to += EQ_CONSTANTS16_X512;
        }
    return to;
}

/* 1 where windows are pixels of x, whole steps long. */
static inline int eq_is_direct_x512(const eq_conv2d_call *p)
{
    return p->kh == 1 && p->kw == 1 && p->in_c % 4 == 0 && p->pad_top == 0 &&
           p->pad_left == 0 && p->x_ring >= p->in_h &&
           (p->row1 - 1) * p->stride_h < p->in_h && (p->out_w - 1) * p->stride_w < p->in_w;
}

/* A whole call; `kind` is constant. */
EQ_INLINE_AVX512 void eq_conv2d16_x512(const eq_conv2d_call16 *call, int8_t *scratch,
                                       const eq_kind16_x512 *kind)
{
    const eq_conv2d_call *p = &call->p;
    const int8_t *const x = (const int8_t *)(const void *)call->x;
    int8_t *const y = (int8_t *)(void *)call->y;
    int8_t *const band = eq_constants16_x512(scratch, call, kind);
    const eq_lines g = EQ_LINES16_OF(p);
    const eq_band b = eq_band_of(g, p->out_w, p->kw, p->dil_w, p->stride_w);
    const eq_layer16_x512 t = {.w = call->w,
                               .constants = scratch,
                               .segment = b.segment,
                               .kh = p->kh,
                               .run = (b.run + 7) / 8 * 8,
                               .out_c = p->out_c,
                               .all = p->kh,
                               .range = eq_load_range16_avx512(p->act_min, p->act_max)};
    eq_windows16_x512 q = {.x = x + (int64_t)p->row0 * p->stride_h * g.x_row,
                           .y = y + 2 * (int64_t)p->row0 * p->y_row,
                           .row = (int64_t)p->stride_h * g.x_row,
                           .step = (int64_t)p->stride_w * g.x_pixel,
                           .y_row = 2 * (int64_t)p->y_row,
                           .y_pixel = 2 * (int64_t)p->y_pixel,
                           .rows = p->row1 - p->row0,
                           .columns = p->out_w};
    if (eq_is_direct_x512(p)) {
        eq_windows16_run(&t, q, kind);
        return;
    }
    q.x = band;
    q.row = b.row;
    q.step = b.step;
    for (int32_t h = p->row0; h < p->row1; h += b.rows) {
        q.rows = p->row1 - h < b.rows ? p->row1 - h : b.rows;
        eq_fill_zero_band(band, x, h, q.rows, &b);
        q.y = y + 2 * (int64_t)h * p->y_row;
        eq_windows16_run(&t, q, kind);
    }
}

#endif
