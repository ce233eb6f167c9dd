/* Convolution of int16 activations for AVX2: up to six pixels by sixteen channels at a time, by the
 * steps of conv2d_tile_avx2.h.
 *
 * Rows are copied into a band with their borders, and windows read where they lie: VPMADDWD
 * takes the activations as they are.  Weights are packed as those of conv2d_avx2.h.
 *
 * Exact: a sum of two products is at most 2^23 in magnitude, 2^19 with int4 weights, and int32
 * holds sums of all by the contract's proof; in the kind that is `far` it does of a part of at
 * most 255 steps, 4095 with int4 weights, and parts are added as int64.
 */
#ifndef EDGEQ_CONV2D_S16_AVX2_H
#define EDGEQ_CONV2D_S16_AVX2_H

#include "edgeq/conv2d_band.h"
#include "edgeq/conv2d_call16.h"
#include "edgeq/conv2d_tile_avx2.h"
#include "edgeq/nibbles_avx2.h"
#include "edgeq/rescale16_avx2.h"

/* What a kernel is: int4 weights; sums, or biases, beyond int32; EQ_DOUBLE and so on. */
typedef struct {
    int is_int4, far, form;
} eq_kind16_avx2;

/* Constants of a layer, and how its windows lie in the band, in int16. */
typedef struct {
    const int8_t *w;
    const int64_t *bias;
    const int32_t *mult, *shift;
    int64_t segment; /* from segment to segment of a window */
    int32_t kh, run; /* segments and taps of one, even */
    int32_t out_c;
    eq_range16_avx2 range;
} eq_layer16_avx2;

/* Taps [k0, k1) of the segments [r0, r1) of windows. */
typedef struct {
    int32_t r0, r1, k0, k1;
} eq_part_avx2;

/* The dot products of parts of n pixels by sixteen channels. */
EQ_INLINE_AVX2 eq_tile_avx2 eq_dots16_avx2(const eq_layer16_avx2 *t,
                                           const eq_pixels_avx2 *g, int32_t o,
                                           const eq_part_avx2 *q, int n, int is_int4)
{
    const int32_t bytes = is_int4 ? 16 : 32;
    const __m256i zero = _mm256_setzero_si256();
    eq_tile_avx2 s = {zero, zero, zero, zero, zero, zero,
                      zero, zero, zero, zero, zero, zero};
    for (int32_t r = q->r0; r < q->r1; ++r) {
        const int64_t at = r * t->segment, first = (o / 16 * t->kh + r) * (int64_t)t->run;
        const int8_t *w = t->w + (first + q->k0) / 2 * bytes;
        for (int64_t k = at + q->k0; k < at + q->k1; k += 2) {
            const eq_nibbles_avx2 v = eq_weights_avx2(w, is_int4);
            eq_step_avx2(&s, g, k, v.low, v.high, n, 0);
            w += bytes;
        }
    }
    return s;
}

/* The same for 6, 4 and 2 pixels, functions of their own as in conv2d_avx2.h. */
EQ_APART_AVX2 eq_tile_avx2 eq_dots16_6_avx2(const eq_layer16_avx2 *t,
                                            const eq_pixels_avx2 *g, int32_t o,
                                            const eq_part_avx2 *q, int is_int4)
{
    return is_int4 ? eq_dots16_avx2(t, g, o, q, 6, 1) : eq_dots16_avx2(t, g, o, q, 6, 0);
}

EQ_APART_AVX2 eq_tile_avx2 eq_dots16_4_avx2(const eq_layer16_avx2 *t,
                                            const eq_pixels_avx2 *g, int32_t o,
                                            const eq_part_avx2 *q, int is_int4)
{
    return is_int4 ? eq_dots16_avx2(t, g, o, q, 4, 1) : eq_dots16_avx2(t, g, o, q, 4, 0);
}

EQ_APART_AVX2 eq_tile_avx2 eq_dots16_2_avx2(const eq_layer16_avx2 *t,
                                            const eq_pixels_avx2 *g, int32_t o,
                                            const eq_part_avx2 *q, int is_int4)
{
    return is_int4 ? eq_dots16_avx2(t, g, o, q, 2, 1) : eq_dots16_avx2(t, g, o, q, 2, 0);
}

/* How the dot products are made: n is 2, 4 or 6; always inlined. */
typedef eq_tile_avx2 eq_dots16_fn(const eq_layer16_avx2 *t, const eq_pixels_avx2 *g,
                                  int32_t o, const eq_part_avx2 *q, int n, int is_int4);

EQ_INLINE_AVX2 eq_tile_avx2 eq_dots16_n_avx2(const eq_layer16_avx2 *t,
                                             const eq_pixels_avx2 *g, int32_t o,
                                             const eq_part_avx2 *q, int n, int is_int4)
{
    return n == 6   ? eq_dots16_6_avx2(t, g, o, q, is_int4)
           : n == 4 ? eq_dots16_4_avx2(t, g, o, q, is_int4)
                    : eq_dots16_2_avx2(t, g, o, q, is_int4);
}

/* Sixteen channels each of n pixels, rescaled and stored. */
EQ_INLINE_AVX2 void eq_finish_tile16_avx2(const eq_layer16_avx2 *t, const eq_tile_avx2 *s,
                                          const eq_pixels_avx2 *g, int32_t o, int n,
                                          int form)
{
    const __m256i a[6] = {s->a0, s->a1, s->a2, s->a3, s->a4, s->a5};
    const __m256i b[6] = {s->b0, s->b1, s->b2, s->b3, s->b4, s->b5};
    const eq_factors16_x8 f = eq_load_factors16(t->mult + o, t->shift + o, form),
                          h = eq_load_factors16(t->mult + o + 8, t->shift + o + 8, form);
    const __m256i u = eq_load_short_x8(t->bias + o), v = eq_load_short_x8(t->bias + o + 8);
    for (int i = 0; i < n; ++i)
        eq_store16_avx2((int16_t *)(void *)g->y[i] + o,
                        eq_rescale16_x8(_mm256_add_epi32(a[i], u), &f, form),
                        eq_rescale16_x8(_mm256_add_epi32(b[i], v), &h, form), t->out_c - o,
                        &t->range);
}

/* Sums of a tile beyond int32. */
typedef struct {
    eq_long_x8 a[EQ_TILE_AVX2], b[EQ_TILE_AVX2];
} eq_far_tile_avx2;

EQ_INLINE_AVX2 void eq_begin_far_avx2(eq_far_tile_avx2 *far, const int64_t *bias, int n)
{
    for (int i = 0; i < n; ++i) {
        far->a[i] = eq_load_long_x8(bias);
        far->b[i] = eq_load_long_x8(bias + 8);
    }
}

EQ_INLINE_AVX2 void eq_add_far_avx2(eq_far_tile_avx2 *far, const eq_tile_avx2 *s, int n)
{
    const __m256i a[6] = {s->a0, s->a1, s->a2, s->a3, s->a4, s->a5};
    const __m256i b[6] = {s->b0, s->b1, s->b2, s->b3, s->b4, s->b5};
    for (int i = 0; i < n; ++i) {
        far->a[i] = eq_add_long_x8(far->a[i], a[i]);
        far->b[i] = eq_add_long_x8(far->b[i], b[i]);
    }
}

EQ_INLINE_AVX2 void eq_finish_far_avx2(const eq_layer16_avx2 *t, const eq_far_tile_avx2 *s,
                                       const eq_pixels_avx2 *g, int32_t o, int n, int form)
{
    const eq_factors16_x8 f = eq_load_factors16(t->mult + o, t->shift + o, form),
                          h = eq_load_factors16(t->mult + o + 8, t->shift + o + 8, form);
    for (int i = 0; i < n; ++i)
        eq_store16_avx2((int16_t *)(void *)g->y[i] + o,
                        eq_rescale_long_x8(s->a[i], &f, form),
                        eq_rescale_long_x8(s->b[i], &h, form), t->out_c - o, &t->range);
}

/* Sixteen channels of n pixels whose windows int32 holds the sums of. */
EQ_INLINE_AVX2 void eq_tile16_avx2(const eq_layer16_avx2 *t, const eq_pixels_avx2 *g,
                                   int32_t o, int n, const eq_kind16_avx2 *kind,
                                   eq_dots16_fn *dots)
{
    const eq_part_avx2 all = {0, t->kh, 0, t->run};
    const eq_tile_avx2 s = dots(t, g, o, &all, n, kind->is_int4);
    eq_finish_tile16_avx2(t, &s, g, o, n, kind->form);
}

/* The same of sums beyond int32. */
EQ_INLINE_AVX2 void eq_far_tile16_avx2(const eq_layer16_avx2 *t, const eq_pixels_avx2 *g,
                                       int32_t o, int n, const eq_kind16_avx2 *kind,
                                       eq_dots16_fn *dots)
{
    const int32_t steps = kind->is_int4 ? 4095 : 255, fit = 2 * steps / t->run;
    const int32_t rows = fit > 1 ? fit : 1, taps = fit > 0 ? t->run : 2 * steps;
    eq_far_tile_avx2 far;
    eq_begin_far_avx2(&far, t->bias + o, n);
    for (eq_part_avx2 q = {0, 0, 0, 0}; q.r0 < t->kh; q.r0 = q.r1) {
        q.r1 = t->kh - q.r0 < rows ? t->kh : q.r0 + rows;
        for (q.k0 = 0; q.k0 < t->run; q.k0 = q.k1) {
            q.k1 = t->run - q.k0 < taps ? t->run : q.k0 + taps;
            const eq_tile_avx2 s = dots(t, g, o, &q, n, kind->is_int4);
            eq_add_far_avx2(&far, &s, n);
        }
    }
    eq_finish_far_avx2(t, &far, g, o, n, kind->form);
}

/* n pixels by all channels; n is 2, 4 or 6. */
EQ_INLINE_AVX2 void eq_pixels16_n_avx2(const eq_layer16_avx2 *t, const eq_pixels_avx2 *g,
                                       int n, const eq_kind16_avx2 *kind,
                                       eq_dots16_fn *dots)
{
    for (int32_t o = 0; o < t->out_c; o += 16) {
        if (kind->far)
            eq_far_tile16_avx2(t, g, o, n, kind, dots);
        else
            eq_tile16_avx2(t, g, o, n, kind, dots);
    }
}

/* n <= 6 pixels. */
EQ_INLINE_AVX2 void eq_pixels16_any_avx2(const eq_layer16_avx2 *t, eq_pixels_avx2 *g,
                                         int32_t n, const eq_kind16_avx2 *kind,
                                         eq_dots16_fn *dots)
{
    eq_fill_tile_avx2(g, n);
    if (n > 4)
        eq_pixels16_n_avx2(t, g, 6, kind, dots);
    else if (n > 2)
        eq_pixels16_n_avx2(t, g, 4, kind, dots);
    else
        eq_pixels16_n_avx2(t, g, 2, kind, dots);
}

/* The windows of `rows` rows of a band, y_row and y_pixel apart in y. */
EQ_INLINE_AVX2 void eq_conv2d_rows16_avx2(const eq_layer16_avx2 *t, const eq_band *b,
                                          const int8_t *band, int16_t *y, int32_t rows,
                                          const eq_conv2d_call *p,
                                          const eq_kind16_avx2 *kind, eq_dots16_fn *dots)
{
    eq_pixels_avx2 g;
    int32_t n = 0;
    for (int32_t r = 0; r < rows; ++r)
        for (int32_t c = 0; c < b->out_w; ++c) {
            const int8_t *window = band + (int64_t)r * b->row + (int64_t)c * b->step;
            int16_t *out = y + (int64_t)r * p->y_row + (int64_t)c * p->y_pixel;
            g.x[n] = (const int16_t *)(const void *)window;
            g.y[n] = (int8_t *)(void *)out;
            if (++n == EQ_TILE_AVX2) {
                eq_pixels16_n_avx2(t, &g, EQ_TILE_AVX2, kind, dots);
                n = 0;
            }
        }
    if (n > 0)
        eq_pixels16_any_avx2(t, &g, n, kind, dots);
}

/* A whole call. */
EQ_INLINE_AVX2 void eq_conv2d16_by_band_avx2(const eq_conv2d_call16 *call, int8_t *scratch,
                                             const eq_kind16_avx2 *kind, eq_dots16_fn *dots)
{
    const eq_conv2d_call *p = &call->p;
    eq_lines g = EQ_LINES_OF(p);
    g.in_c *= 2;
    g.x_row *= 2;
    g.x_pixel *= 2;
    const eq_band b = eq_band_of(g, p->out_w, p->kw, p->dil_w, p->stride_w);
    const eq_layer16_avx2 t = {.w = call->w,
                               .bias = call->bias,
                               .mult = call->mult,
                               .shift = call->shift,
                               .segment = b.segment / 2,
                               .kh = p->kh,
                               .run = (b.run / 2 + 1) / 2 * 2,
                               .out_c = p->out_c,
                               .range = eq_load_range16(p->act_min, p->act_max)};
    for (int32_t h = p->row0; h < p->row1; h += b.rows) {
        const int32_t left = p->row1 - h, rows = left < b.rows ? left : b.rows;
        eq_fill_band(scratch, (const int8_t *)(const void *)call->x, h, rows, &b);
        eq_conv2d_rows16_avx2(&t, &b, scratch, call->y + (int64_t)h * p->y_row, rows, p,
                              kind, dots);
    }
}

#endif
