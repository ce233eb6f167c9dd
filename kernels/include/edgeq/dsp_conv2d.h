/* conv2d_s8 with the DSP extension: tiles of four channels by two pixels, whose windows
 * dsp_gather.h writes, of weights that dsp_dot.h describes.
 */
#ifndef EDGEQ_DSP_CONV2D_H
#define EDGEQ_DSP_CONV2D_H

#include "edgeq/dsp_gather.h"

/* What a layer's pixels share. */
typedef struct {
    const int8_t *w;
    int8_t *blocks, *blocks_end;   /* of channels, prepared */
    int8_t *windows, *windows_end; /* of two pixels */
    int32_t rest;                  /* channels of a last block that is not whole */
} eq_dsp_layer;

/* Prepares all channels in scratch, and lays windows of `taps` taps behind them. */
static inline eq_dsp_layer eq_dsp_layer_of(const int8_t *w, const int32_t *bias,
                                           const int32_t *mult, const int32_t *shift,
                                           int8_t *scratch, int32_t taps,
                                           const eq_conv2d_s8_params *p)
{
    eq_dsp_layer l = {w, scratch, scratch, scratch, scratch, p->out_c & 3};
    l.blocks_end += (p->out_c >> 2) * eq_dsp_block_bytes;
    for (int32_t o = 0; o < p->out_c; o += 4) {
        eq_dsp_prepare(l.windows, bias + o, mult + o, shift + o, p->zy);
        l.windows += eq_dsp_block_bytes;
    }
    l.windows_end = l.windows + 4 * taps;
    return l;
}

/* Whole blocks of two pixels, eight taps at a time, or 16. */
static inline void eq_dsp_two_pixels(const eq_dsp_layer *l, int8_t *ya, int8_t *yb,
                                     int32_t by, int32_t form)
{
    const int8_t *block = l->blocks;
    const int8_t *w = l->w;
    do {
        eq_dsp_sums a = eq_dsp_biases(block);
        eq_dsp_sums b = a;
        const int8_t *x = l->windows;
        const int8_t *const end = l->windows_end;
        do {
            eq_dsp_taps_4x2(&a, &b, w, x);
            eq_dsp_taps_4x2(&a, &b, w + 16, x + 16);
            if (by == 16) {
                eq_dsp_taps_4x2(&a, &b, w + 32, x + 32);
                eq_dsp_taps_4x2(&a, &b, w + 48, x + 48);
            }
            w += 4 * by;
            x += 4 * by;
        } while (x != end);
        const eq_dsp_words y = eq_dsp_outputs(block, a, b, form);
        block += eq_dsp_block_bytes;
        eq_dsp_store(yb, y.b);
        eq_dsp_store(ya, y.a);
        ya += 4;
        yb += 4;
    } while (block != l->blocks_end);
}

/* Blocks of the first pixel alone, `rest` channels of a last one. */
static inline void eq_dsp_one_pixel(const eq_dsp_layer *l, int8_t *y, int32_t form)
{
    const int8_t *w = l->w;
    for (const int8_t *block = l->blocks; block != l->windows;
         block += eq_dsp_block_bytes) {
        eq_dsp_sums a = eq_dsp_biases(block);
        for (const int8_t *x = l->windows; x != l->windows_end; x += 32) {
            eq_dsp_taps_2x1(&a, w, eq_dsp_load(x));
            eq_dsp_taps_2x1(&a, w + 8, eq_dsp_load(x + 8));
            eq_dsp_taps_2x1(&a, w + 16, eq_dsp_load(x + 16));
            eq_dsp_taps_2x1(&a, w + 24, eq_dsp_load(x + 24));
            w += 32;
        }
        const int32_t out = eq_dsp_outputs_of_one(block, a, form);
        if (block == l->blocks_end)
            memcpy(y, &out, (size_t)l->rest);
        else
            eq_dsp_store(y, out);
        y += 4;
    }
}

/* All channels of two pixels; those of the last block that do not fill it go round. */
static inline void eq_dsp_pixels(const eq_dsp_layer *l, int8_t *ya, int8_t *yb, int32_t by,
                                 int32_t form)
{
    if (l->blocks_end != l->blocks)
        eq_dsp_two_pixels(l, ya, yb, by, form);
    if (l->rest == 0)
        return;
    int8_t last[8];
    eq_dsp_layer end = *l;
    const int32_t whole = (int32_t)(l->blocks_end - l->blocks) / eq_dsp_block_bytes;
    end.blocks = end.blocks_end;
    end.blocks_end += eq_dsp_block_bytes;
    end.w += whole * (l->windows_end - l->windows);
    eq_dsp_two_pixels(&end, last, last + 4, by, form);
    memcpy(yb + 4 * whole, last + 4, (size_t)l->rest);
    memcpy(ya + 4 * whole, last, (size_t)l->rest);
}

/* Clamps what was clamped to int8 to a layer's range within. */
static inline void eq_dsp_clamp_rows(int8_t *y, const eq_conv2d_s8_params *p)
{
    if (p->act_min == -128 && p->act_max == 127)
        return;
    for (int32_t h = p->row0; h < p->row1; ++h)
        for (int32_t c = 0; c < p->out_w; ++c)
            eq_dsp_clamp(y + h * p->y_row + c * p->y_pixel, p->out_c, p->act_min,
                         p->act_max);
}

/* Windows of any shape; weights and windows in steps of `by` taps, 8 or 16. */
static inline void eq_dsp_conv2d(const int8_t *x, const int8_t *w, const int32_t *bias,
                                 const int32_t *mult, const int32_t *shift, int8_t *y,
                                 int8_t *scratch, const eq_conv2d_s8_params *p, int32_t by,
                                 int32_t form)
{
    const int32_t taps = (p->kh * p->kw * p->in_c + by - 1) / by * by;
    const eq_dsp_layer l = eq_dsp_layer_of(w, bias, mult, shift, scratch, taps, p);
    const int32_t kind = by == 16 ? eq_dsp_in_fours : eq_dsp_in_order;
    const eq_dsp_columns inside = eq_dsp_columns_of(p);
    const int32_t step = p->dil_h * p->x_row;
    const int32_t run = p->kw * p->in_c;
    int8_t *first = 0;
    for (int32_t h = p->row0; h < p->row1; ++h) {
        const eq_dsp_rows rows = eq_dsp_rows_of(h, p);
        const int in_one =
            rows.kh1 - rows.kh0 == p->kh && rows.row + (p->kh - 1) * p->dil_h < p->x_ring;
        int32_t at = rows.row * p->x_row - p->pad_left * p->x_pixel;
        int8_t *out = y + h * p->y_row;
        for (int32_t c = 0; c < p->out_w; ++c) {
            int8_t *const s = l.windows + (first ? 4 : 0);
            const int full = in_one && c >= inside.first && c - inside.first < inside.count;
            if (full && kind == eq_dsp_in_fours)
                eq_dsp_gather_inside_fours(s, x + at, step, run, s + 4 * taps);
            else if (full)
                eq_dsp_gather_inside(s, x + at, step, run, p->kh * run);
            else
                eq_dsp_gather(s, x, rows, c, p, kind);
            if (first)
                eq_dsp_pixels(&l, first, out, by, form);
            first = first ? 0 : out;
            at += p->stride_w * p->x_pixel;
            out += p->y_pixel;
        }
    }
    if (first)
        eq_dsp_one_pixel(&l, first, form);
    eq_dsp_clamp_rows(y, p);
}

/* Eight channels of two pixels, as windows of one pixel each, in fours. */
static inline void eq_dsp_widen_both(int8_t *s, const int8_t *a, const int8_t *b,
                                     const int8_t *end)
{
    do {
        for (int32_t i = 0; i < 8; i += 4) {
            const int32_t xa = eq_dsp_load(a + i);
            const int32_t xb = eq_dsp_load(b + i);
            eq_dsp_store(s + 4 * i, eq_dsp_even(xa));
            eq_dsp_store(s + 4 * i + 4, eq_dsp_even(xb));
            eq_dsp_store(s + 4 * i + 8, eq_dsp_odd(xa));
            eq_dsp_store(s + 4 * i + 12, eq_dsp_odd(xb));
        }
        a += 8;
        b += 8;
        s += 32;
    } while (s != end);
}

/* Windows of one pixel without padding, of a multiple of `by` channels. */
static inline void eq_dsp_conv2d_1x1(const int8_t *x, const int8_t *w, const int32_t *bias,
                                     const int32_t *mult, const int32_t *shift, int8_t *y,
                                     int8_t *scratch, const eq_conv2d_s8_params *p,
                                     int32_t by, int32_t form)
{
    const eq_dsp_layer l = eq_dsp_layer_of(w, bias, mult, shift, scratch, p->in_c, p);
    const int32_t step = p->stride_w * p->x_pixel;
    const int whole = p->stride_h == 1 && p->x_ring == p->in_h &&
                      p->x_row == p->out_w * step && p->y_row == p->out_w * p->y_pixel;
    const int32_t rows = whole ? p->row1 - p->row0 : 1;
    for (int32_t h = p->row0; h < p->row1; h += rows) {
        const int8_t *from = x + h * p->stride_h % p->x_ring * p->x_row;
        int8_t *out = y + h * p->y_row;
        for (int32_t left = rows * p->out_w; left > 0; left -= 2) {
            const int32_t other = left > 1 ? step : 0;
            eq_dsp_widen_both(l.windows, from, from + other, l.windows_end);
            if (left > 1)
                eq_dsp_pixels(&l, out, out + p->y_pixel, by, form);
            else
                eq_dsp_one_pixel(&l, out, form);
            from += 2 * step;
            out += 2 * p->y_pixel;
        }
    }
    eq_dsp_clamp_rows(y, p);
}

#endif
