/* Convolution for AVX2: up to six pixels by sixteen channels at a time.
 *
 * Windows are read where they lie, from a band of int16 (conv2d_band.h): two taps of a pixel are
 * broadcast, and VPMADDWD multiplies them with two taps of eight channels.  Weights are
 * packed (o/16, kh, kwi/2, o/4%2, o/8%2, o%4, kwi%2), so they are read in order; those of int4
 * (o/16, kh, kwi/2, o/8%2, o%4, kwi%2, o/4%2), so a byte holds one of either eight channels.
 *
 * Exact: a sum of two products is at most 2^15 in magnitude, and int32 holds sums in any
 * order by the contract's proof.  A window with an odd number of taps in a row meets a weight
 * of zero behind it, and where weights have a zero point, which is taken from all of them, it is
 * a zero that stands behind it.  Weights less their zero point are int16, and two products
 * at most 2^16 in magnitude.
 */
#ifndef EDGEQ_CONV2D_AVX2_H
#define EDGEQ_CONV2D_AVX2_H

#include "edgeq/conv2d_call.h"
#include "edgeq/conv2d_tile_avx2.h"
#include "edgeq/conv2d_wide_band_avx2.h"
#include "edgeq/nibbles_avx2.h"
#include "edgeq/scale_avx2.h"

/* Kinds of weights: int8, int8 less a zero point, int4. */
enum { EQ_INT8_AVX2 = 0, EQ_ZERO_POINT_AVX2 = 1, EQ_INT4_AVX2 = 2 };

/* Constants of a layer, and how its windows lie in the band, in int16. */
typedef struct {
    const int8_t *w;
    const int32_t *bias, *mult, *shift;
    int64_t segment; /* from segment to segment of a window */
    int32_t kh, run; /* segments and taps of one, even */
    int32_t out_c;
    int32_t
        odd; /* 1 where weights have a zero point and the last tap of a segment is none */
    __m256i zw;  /* that zero point */
    __m256i top; /* what is on top of sums: 2^31 for scale_avx2.h, or 0 */
    eq_range_avx2 range;
} eq_layer_avx2;

/* What the sums of eight channels begin with. */
EQ_INLINE_AVX2 __m256i eq_load_sums_avx2(const eq_layer_avx2 *t, int32_t o)
{
    return _mm256_xor_si256(eq_load_x8(t->bias + o), t->top);
}

/* The dot products of n pixels by sixteen channels on top of their biases. */
EQ_INLINE_AVX2 eq_tile_avx2 eq_dots_avx2(const eq_layer_avx2 *t, const eq_pixels_avx2 *g,
                                         int32_t o, int n, int kind)
{
    const __m256i a = eq_load_sums_avx2(t, o), b = eq_load_sums_avx2(t, o + 8);
    const int32_t bytes = kind == EQ_INT4_AVX2 ? 16 : 32;
    eq_tile_avx2 s = {a, b, a, b, a, b, a, b, a, b, a, b};
    const int8_t *w = t->w + (int64_t)o * t->kh * t->run * bytes / 32;
    for (int32_t r = 0; r < t->kh; ++r) {
        const int64_t at = r * t->segment;
        for (int64_t k = at; k < at + t->run; k += 2) {
            const eq_nibbles_avx2 v = eq_weights_avx2(w, kind == EQ_INT4_AVX2);
            eq_step_avx2(&s, g, k, v.low, v.high, n, 0);
            w += bytes;
        }
    }
    return s;
}

/* The same for 6, 4 and 2 pixels, functions of their own: gcc 12 keeps the twelve sums in
 * registers only where nothing else is going on. */
EQ_APART_AVX2 eq_tile_avx2 eq_dots_6_avx2(const eq_layer_avx2 *t, const eq_pixels_avx2 *g,
                                          int32_t o)
{
    return eq_dots_avx2(t, g, o, 6, EQ_INT8_AVX2);
}

EQ_APART_AVX2 eq_tile_avx2 eq_dots_4_avx2(const eq_layer_avx2 *t, const eq_pixels_avx2 *g,
                                          int32_t o)
{
    return eq_dots_avx2(t, g, o, 4, EQ_INT8_AVX2);
}

EQ_APART_AVX2 eq_tile_avx2 eq_dots_2_avx2(const eq_layer_avx2 *t, const eq_pixels_avx2 *g,
                                          int32_t o)
{
    return eq_dots_avx2(t, g, o, 2, EQ_INT8_AVX2);
}

EQ_APART_AVX2 eq_tile_avx2 eq_dots_int4_6_avx2(const eq_layer_avx2 *t,
                                               const eq_pixels_avx2 *g, int32_t o)
{
    return eq_dots_avx2(t, g, o, 6, EQ_INT4_AVX2);
}

EQ_APART_AVX2 eq_tile_avx2 eq_dots_int4_4_avx2(const eq_layer_avx2 *t,
                                               const eq_pixels_avx2 *g, int32_t o)
{
    return eq_dots_avx2(t, g, o, 4, EQ_INT4_AVX2);
}

EQ_APART_AVX2 eq_tile_avx2 eq_dots_int4_2_avx2(const eq_layer_avx2 *t,
                                               const eq_pixels_avx2 *g, int32_t o)
{
    return eq_dots_avx2(t, g, o, 2, EQ_INT4_AVX2);
}

/* The same for 2, 4 or 6 pixels where weights have a zero point. */
EQ_APART_AVX2 eq_tile_avx2 eq_dots_zw_avx2(const eq_layer_avx2 *t, const eq_pixels_avx2 *g,
                                           int32_t o, int n)
{
    const __m256i a = eq_load_sums_avx2(t, o), b = eq_load_sums_avx2(t, o + 8);
    eq_tile_avx2 s = {a, b, a, b, a, b, a, b, a, b, a, b};
    const int8_t *w = t->w + (int64_t)o * t->kh * t->run;
    for (int32_t r = 0; r < t->kh; ++r) {
        const int64_t at = r * t->segment, end = at + t->run - 2 * t->odd;
        for (int64_t k = at; k < end; k += 2) {
            const __m256i u = _mm256_sub_epi16(eq_widen_avx2(w), t->zw);
            const __m256i v = _mm256_sub_epi16(eq_widen_avx2(w + 16), t->zw);
            eq_step_avx2(&s, g, k, u, v, n, 0);
            w += 32;
        }
        if (t->odd) {
            const __m256i u = _mm256_sub_epi16(eq_widen_avx2(w), t->zw);
            const __m256i v = _mm256_sub_epi16(eq_widen_avx2(w + 16), t->zw);
            eq_step_avx2(&s, g, end, u, v, n, 1);
            w += 32;
        }
    }
    return s;
}

/* Two pixels rescaled, narrowed and stored. */
EQ_INLINE_AVX2 void eq_finish_two_avx2(const eq_layer_avx2 *t, const eq_factors_x8 *f,
                                       const __m256i *s, int8_t *y0, int8_t *y1, int32_t o,
                                       int single)
{
    const __m256i v = eq_narrow_s8_x32(
        eq_rescale_x8(s[0], &f[0], single), eq_rescale_x8(s[1], &f[1], single),
        eq_rescale_x8(s[2], &f[0], single), eq_rescale_x8(s[3], &f[1], single), &t->range);
    eq_store_two_avx2(y0 + o, y1 + o, v, t->out_c - o);
}

/* The same of sums with 2^31 on top where factors are as scale_avx2.h wants them. */
EQ_INLINE_AVX2 void eq_scale_two_avx2(const eq_layer_avx2 *t, const eq_scale_avx2 *f,
                                      const __m256i *s, int8_t *y0, int8_t *y1, int32_t o,
                                      int single)
{
    const __m256i first = _mm256_packs_epi32(eq_scaled_avx2(s[0], &f[0], single),
                                             eq_scaled_avx2(s[1], &f[1], single));
    const __m256i second = _mm256_packs_epi32(eq_scaled_avx2(s[2], &f[0], single),
                                              eq_scaled_avx2(s[3], &f[1], single));
    const __m256i v = eq_two_in_order_avx2(eq_bytes_avx2(first, second, &t->range));
    eq_store_two_avx2(y0 + o, y1 + o, v, t->out_c - o);
}

/* The dot products of a tile, whatever its weights; n is 2, 4 or 6. */
EQ_INLINE_AVX2 eq_tile_avx2 eq_dots_kind_avx2(const eq_layer_avx2 *t,
                                              const eq_pixels_avx2 *g, int32_t o, int n,
                                              int kind)
{
    if (kind == EQ_ZERO_POINT_AVX2)
        return eq_dots_zw_avx2(t, g, o, n);
    if (kind == EQ_INT4_AVX2)
        return n == 6   ? eq_dots_int4_6_avx2(t, g, o)
               : n == 4 ? eq_dots_int4_4_avx2(t, g, o)
                        : eq_dots_int4_2_avx2(t, g, o);
    return n == 6   ? eq_dots_6_avx2(t, g, o)
           : n == 4 ? eq_dots_4_avx2(t, g, o)
                    : eq_dots_2_avx2(t, g, o);
}

/* n pixels of sums rescaled, narrowed and stored. */
EQ_INLINE_AVX2 void eq_finish_tile_avx2(const eq_layer_avx2 *t, const eq_tile_avx2 *s,
                                        const eq_pixels_avx2 *g, int32_t o, int n,
                                        int single)
{
    const eq_factors_x8 f[2] = {
        eq_load_factors_of(t->mult + o, t->shift + o, single),
        eq_load_factors_of(t->mult + o + 8, t->shift + o + 8, single)};
    const __m256i first[4] = {s->a0, s->b0, s->a1, s->b1};
    eq_finish_two_avx2(t, f, first, g->y[0], g->y[1], o, single);
    const __m256i second[4] = {s->a2, s->b2, s->a3, s->b3};
    if (n > 2)
        eq_finish_two_avx2(t, f, second, g->y[2], g->y[3], o, single);
    const __m256i third[4] = {s->a4, s->b4, s->a5, s->b5};
    if (n > 4)
        eq_finish_two_avx2(t, f, third, g->y[4], g->y[5], o, single);
}

/* The same of sums with 2^31 on top where factors are as scale_avx2.h wants them. */
EQ_INLINE_AVX2 void eq_scale_tile_avx2(const eq_layer_avx2 *t, const eq_tile_avx2 *s,
                                       const eq_pixels_avx2 *g, int32_t o, int n,
                                       int single)
{
    const eq_scale_avx2 f[2] = {
        eq_load_scale_avx2(t->mult + o, t->shift + o, single),
        eq_load_scale_avx2(t->mult + o + 8, t->shift + o + 8, single)};
    const __m256i first[4] = {s->a0, s->b0, s->a1, s->b1};
    eq_scale_two_avx2(t, f, first, g->y[0], g->y[1], o, single);
    const __m256i second[4] = {s->a2, s->b2, s->a3, s->b3};
    if (n > 2)
        eq_scale_two_avx2(t, f, second, g->y[2], g->y[3], o, single);
    const __m256i third[4] = {s->a4, s->b4, s->a5, s->b5};
    if (n > 4)
        eq_scale_two_avx2(t, f, third, g->y[4], g->y[5], o, single);
}

/* n pixels by all channels; n is 2, 4 or 6. */
EQ_INLINE_AVX2 void eq_pixels_n_avx2(const eq_layer_avx2 *t, const eq_pixels_avx2 *g, int n,
                                     int kind, int single)
{
    for (int32_t o = 0; o < t->out_c; o += 16) {
        const eq_tile_avx2 s = eq_dots_kind_avx2(t, g, o, n, kind);
        if (single & EQ_ANY)
            eq_finish_tile_avx2(t, &s, g, o, n, single);
        else
            eq_scale_tile_avx2(t, &s, g, o, n, single);
    }
}

/* n <= 6 pixels. */
EQ_INLINE_AVX2 void eq_pixels_any_avx2(const eq_layer_avx2 *t, eq_pixels_avx2 *g, int32_t n,
                                       int kind, int single)
{
    eq_fill_tile_avx2(g, n);
    if (n > 4)
        eq_pixels_n_avx2(t, g, 6, kind, single);
    else if (n > 2)
        eq_pixels_n_avx2(t, g, 4, kind, single);
    else
        eq_pixels_n_avx2(t, g, 2, kind, single);
}

/* The windows of `rows` rows of a band, y_row and y_pixel apart in y. */
EQ_INLINE_AVX2 void eq_conv2d_rows_avx2(const eq_layer_avx2 *t, const eq_band *b,
                                        const int16_t *band, int8_t *y, int32_t y_row,
                                        int32_t y_pixel, int32_t rows, int kind, int single)
{
    const int32_t out_w = b->out_w;
    const int64_t row = b->row, step = b->step;
    eq_pixels_avx2 g;
    int32_t n = 0;
    for (int32_t r = 0; r < rows; ++r) {
        const int16_t *x = band + r * row;
        int8_t *to = y + (int64_t)r * y_row;
        for (int32_t c = 0; c < out_w; ++c) {
            g.x[n] = x;
            g.y[n] = to;
            x += step;
            to += y_pixel;
            if (++n == EQ_TILE_AVX2) {
                eq_pixels_n_avx2(t, &g, EQ_TILE_AVX2, kind, single);
                n = 0;
            }
        }
    }
    if (n > 0)
        eq_pixels_any_avx2(t, &g, n, kind, single);
}

/* All output rows; kind and single are constants. */
EQ_INLINE_AVX2 void eq_conv2d_image_avx2(const eq_layer_avx2 *t, const eq_band *b,
                                         int16_t *band, const int8_t *x, int8_t *y,
                                         const eq_conv2d_call *p, int kind, int single)
{
    for (int32_t h = p->row0; h < p->row1; h += b->rows) {
        const int32_t left = p->row1 - h, rows = left < b->rows ? left : b->rows;
        eq_fill_wide_band_avx2(band, x, h, rows, b);
        eq_conv2d_rows_avx2(t, b, band, y + (int64_t)h * p->y_row, p->y_row, p->y_pixel,
                            rows, kind, single);
    }
}

/* The constants of a call, how its windows lie, and what follows. */
static inline eq_layer_avx2 eq_layer_of_avx2(const int8_t *w, const int32_t *bias,
                                             const int32_t *mult, const int32_t *shift,
                                             const eq_conv2d_call *p, const eq_band *b,
                                             int kind, int single)
{
    const eq_layer_avx2 t = {.w = w,
                             .bias = bias,
                             .mult = mult,
                             .shift = shift,
                             .segment = b->segment,
                             .kh = p->kh,
                             .run = (b->run + 1) / 2 * 2,
                             .out_c = p->out_c,
                             .odd = kind == EQ_ZERO_POINT_AVX2 && b->run % 2 != 0,
                             .zw = _mm256_set1_epi16((int16_t)p->zw),
                             .top = _mm256_set1_epi32(single & EQ_ANY ? 0 : INT32_MIN),
                             .range = eq_load_range_avx2(p->zy, p->act_min, p->act_max)};
    return t;
}

/* A whole call: `single` is the rounding form. */
EQ_INLINE_AVX2 void eq_conv2d_by_band_avx2(const int8_t *x, const int8_t *w,
                                           const int32_t *bias, const int32_t *mult,
                                           const int32_t *shift, int8_t *y, int8_t *scratch,
                                           const eq_conv2d_call *p, int kind, int single)
{
    const eq_lines g = EQ_LINES_OF(p);
    const eq_band b = eq_band_of(g, p->out_w, p->kw, p->dil_w, p->stride_w);
    const eq_layer_avx2 t = eq_layer_of_avx2(w, bias, mult, shift, p, &b, kind, single);
    int16_t *const band = (int16_t *)(void *)scratch;
    if (!single && eq_is_live(p->zy, p->act_min, p->act_max))
        eq_conv2d_image_avx2(&t, &b, band, x, y, p, kind, EQ_LIVE);
    else
        eq_conv2d_image_avx2(&t, &b, band, x, y, p, kind, single);
}

#endif
