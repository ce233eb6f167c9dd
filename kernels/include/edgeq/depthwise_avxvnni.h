/* Depthwise convolution for AVX-VNNI: four pixels by eight channels at a time.
 *
 * Rows are copied with their borders into a band of x + 128.  The bytes of four of its
 * lines that a window sees are put side by side, as a dword for each column and channel, up to 32
 * channels at once; a window of kh rows has (kh + 3) / 4 such groups.  VPDPBUSD multiplies a
 * dword with the weights of four rows, which are packed (o/8, kh/4, kw, o%8, kh%4).  Where a window
 * has at most three rows and the next is a row below, one strip of groups serves two rows of
 * outputs, the second with weights shifted by a byte.
 *
 * Exact: VPDPBUSD does not saturate, and its sums are modulo 2^32.  Biases have 128 times the sum of
 * their weights taken away (@offset), so the last sum is the contract's, which is in range.
 * What rows beyond the last of a window hold meets weights of zero.
 *
 * Where weights have a zero point zw, biases get 128 * zw * taps back, and w - zw, saturated to
 * int8, takes the place of w; what that is too much, at most 128, is another weight, whose sums are
 * taken away in passes where it is not zero everywhere.
 *
 * Scratch, with COLUMNS = (dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw,
 * STRIP = (kh + 3) / 4 * (COLUMNS * 4 * min(in_c, 32) + 128), and BAND as conv2d_band.h says:
 *
 *   BAND + 96 + max(1, min(row1 - row0, 16384 / STRIP)) * STRIP
 */
#ifndef EDGEQ_DEPTHWISE_AVXVNNI_H
#define EDGEQ_DEPTHWISE_AVXVNNI_H

#include "edgeq/conv2d_call.h"
#include "edgeq/depthwise_pixels_avxvnni.h"
#include "edgeq/depthwise_s8.h"

/* A job whose lines are its columns where that takes fewer steps of four. */
static inline eq_job_avxvnni eq_turn_avxvnni(const eq_job_avxvnni *g)
{
    if (g->n * ((g->lines + 3) / 4) >= g->lines * ((g->n + 3) / 4))
        return *g;
    const eq_job_avxvnni turned = {g->q,      g->y,     g->line, g->y_line, g->step,
                                   g->y_step, g->lines, g->n,    g->count,  g->row};
    return turned;
}

/* The outputs of every s->rows-th row, from row `row` of the strips at q on. */
static inline void eq_depthwise_rows_avxvnni(const eq_pass_avxvnni *t,
                                             const eq_strips_avxvnni *s, const uint8_t *q,
                                             int8_t *y, const eq_depthwise_s8_params *p,
                                             int32_t rows, int row, int32_t count,
                                             int single)
{
    const eq_job_avxvnni job = {.q = q,
                                .y = y + (int64_t)row * p->y_row,
                                .step = s->pixel,
                                .y_step = p->y_pixel,
                                .line = s->strip,
                                .y_line = (int64_t)s->rows * p->y_row,
                                .n = p->out_w,
                                .lines = (rows - row + s->rows - 1) / s->rows,
                                .count = count,
                                .row = row};
    const eq_job_avxvnni g = eq_turn_avxvnni(&job);
    if (t->has_much)
        eq_do_much_avxvnni(t, s, &g, single);
    else if (s->groups > 1 || s->kw != 3 || count < 8)
        eq_do_plain_avxvnni(t, s, &g, single);
    else if (g.step == s->column)
        eq_do_slide_avxvnni(t, s, &g, single);
    else
        eq_do_three_avxvnni(t, s, &g, single);
}

/* The strips of `rows` rows of outputs and up to 32 channels from c on; y is their first. */
EQ_INLINE_AVX2 void eq_depthwise_chunk_avxvnni(eq_pass_avxvnni *t,
                                               const eq_strips_avxvnni *s, const uint8_t *q,
                                               const eq_conv2d_arrays *a, int8_t *y,
                                               const eq_depthwise_s8_params *p,
                                               int32_t rows, int32_t c, int has_zw,
                                               int single)
{
    const int32_t left = p->in_c - c;
    for (int32_t i = 0; i < left && i < EQ_CHUNK_AVXVNNI; i += 8) {
        const int32_t o = c + i, rest = left - i, count = rest < 8 ? rest : 8;
        const int8_t *const w = a->w + (int64_t)o * s->groups * s->kw * 4;
        t->bias = eq_bias_avxvnni(a->bias + o, eq_top_avxvnni(single), 0);
        t->f = eq_load_factors_avxvnni(a->mult + o, a->shift + o, single);
        if (has_zw)
            eq_load_quads_zw_avxvnni(t, w, p->kh, p->kw, t->zw);
        else
            eq_load_quads_avxvnni(t, w, p->kh, p->kw);
        for (int row = 0; row < s->rows && row < rows; ++row)
            eq_depthwise_rows_avxvnni(t, s, q + 4 * i, y + o, p, rows, row, count, single);
    }
}

/* `rows` rows of outputs from y on, of windows in a band. */
EQ_INLINE_AVX2 void eq_depthwise_band_avxvnni(eq_pass_avxvnni *t, const eq_band *b,
                                              const eq_strips_avxvnni *s,
                                              const uint8_t *band, uint8_t *strips,
                                              const eq_conv2d_arrays *a, int8_t *y,
                                              const eq_depthwise_s8_params *p, int32_t rows,
                                              int has_zw, int single)
{
    const eq_lines *g = &b->lines;
    const int32_t lines = (rows - 1) * g->stride_h + (g->kh - 1) * g->dil_h + 1;
    for (int32_t c = 0; c < p->in_c; c += EQ_CHUNK_AVXVNNI)
        for (int32_t r = 0; r < rows; r += s->kept * s->rows) {
            const int32_t left = rows - r, most = s->kept * s->rows;
            const int32_t now = left < most ? left : most;
            for (int32_t i = 0; i < now; i += s->rows)
                eq_fill_strip_avxvnni(strips + i / s->rows * s->strip, band, b, s,
                                      (r + i) * g->stride_h, lines, c);
            eq_depthwise_chunk_avxvnni(t, s, strips, a, y + (int64_t)r * p->y_row, p, now,
                                       c, has_zw, single);
        }
}

/* A whole call of multiplier 1, whose weights have the zero point zw; the last two are constants. */
EQ_INLINE_AVX2 void eq_depthwise_image_avxvnni(const eq_conv2d_arrays *a, int8_t *scratch,
                                               const eq_depthwise_s8_params *p, int32_t zw,
                                               int has_zw, int single)
{
    const eq_lines g = EQ_LINES_OF(p);
    const eq_band b = eq_band_of(g, p->out_w, p->kw, p->dil_w, p->stride_w);
    const eq_strips_avxvnni s = eq_strips_of_avxvnni(&b, p->row1 - p->row0);
    const int32_t all = p->row1 - p->row0, most = all < b.rows ? all : b.rows;
    const int32_t lines = (most - 1) * p->stride_h + (p->kh - 1) * p->dil_h + 1;
    const int64_t before = ((int64_t)lines * b.line + 32 + 63) / 64 * 64;
    uint8_t *const band = (uint8_t *)scratch;
    eq_pass_avxvnni t;
    t.zw = zw;
    t.range = eq_load_range_avx2(p->zy, p->act_min, p->act_max);
    for (int32_t h = p->row0; h < p->row1; h += b.rows) {
        const int32_t left = p->row1 - h, rows = left < b.rows ? left : b.rows;
        eq_fill_band_avxvnni(band, a->x, h, rows, &b);
        eq_depthwise_band_avxvnni(&t, &b, &s, band, band + before, a,
                                  a->y + (int64_t)h * p->y_row, p, rows, has_zw, single);
    }
}

#endif
