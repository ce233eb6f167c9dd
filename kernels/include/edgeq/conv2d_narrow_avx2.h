/* Convolution to at most eight channels for AVX2: twelve pixels of a row at a time.
 *
 * Windows are read where they lie, from a band of int16 (conv2d_band.h): two taps of a pixel are
 * broadcast, and VPMADDWD multiplies them with two taps of eight channels.  Weights are
 * packed (o/8, kh, kwi/2, o/4%2, o%2, o/2%2, kwi%2), so they are read in order.  What does not fill
 * the last tile of a row is computed once more.
 *
 * Exact: as conv2d_avx2.h.
 */
#ifndef EDGEQ_CONV2D_NARROW_AVX2_H
#define EDGEQ_CONV2D_NARROW_AVX2_H

#include "edgeq/conv2d_avx2.h"

enum { EQ_TWELVE_AVX2 = 12 };

/* Sums of a tile: eight channels of each pixel. */
typedef struct {
    __m256i a, b, c, d, e, f, g, h, i, j, k, l;
} eq_twelve_avx2;

/* Two taps of twelve pixels, `step` apart, or one. */
EQ_INLINE_AVX2 void eq_twelve_step_avx2(eq_twelve_avx2 *s, const int16_t *x, int64_t step,
                                        __m256i w, int one)
{
    const int16_t *y = x + 3 * step, *z = x + 6 * step, *u = x + 9 * step;
    s->a = eq_mac_avx2(s->a, eq_two_avx2(x, one), w);
    s->b = eq_mac_avx2(s->b, eq_two_avx2(x + step, one), w);
    s->c = eq_mac_avx2(s->c, eq_two_avx2(x + 2 * step, one), w);
    s->d = eq_mac_avx2(s->d, eq_two_avx2(y, one), w);
    s->e = eq_mac_avx2(s->e, eq_two_avx2(y + step, one), w);
    s->f = eq_mac_avx2(s->f, eq_two_avx2(y + 2 * step, one), w);
    s->g = eq_mac_avx2(s->g, eq_two_avx2(z, one), w);
    s->h = eq_mac_avx2(s->h, eq_two_avx2(z + step, one), w);
    s->i = eq_mac_avx2(s->i, eq_two_avx2(z + 2 * step, one), w);
    s->j = eq_mac_avx2(s->j, eq_two_avx2(u, one), w);
    s->k = eq_mac_avx2(s->k, eq_two_avx2(u + step, one), w);
    s->l = eq_mac_avx2(s->l, eq_two_avx2(u + 2 * step, one), w);
}

/* The dot products of the twelve windows from x on, on top of their biases. */
EQ_INLINE_AVX2 eq_twelve_avx2 eq_twelve_dots_avx2(const eq_layer_avx2 *t, const int16_t *x,
                                                  int64_t step, int kind)
{
    const __m256i b = eq_load_sums_avx2(t, 0);
    eq_twelve_avx2 s = {b, b, b, b, b, b, b, b, b, b, b, b};
    const int8_t *w = t->w;
    for (int32_t r = 0; r < t->kh; ++r) {
        const int16_t *const end = x + t->run - 2 * t->odd;
        const int16_t *from = x;
        for (; from < end; from += 2) {
            const __m256i v = eq_widen_avx2(w);
            eq_twelve_step_avx2(&s, from, step,
                                kind == EQ_INT8_AVX2 ? v : _mm256_sub_epi16(v, t->zw), 0);
            w += 16;
        }
        if (kind != EQ_INT8_AVX2 && t->odd) {
            eq_twelve_step_avx2(&s, from, step, _mm256_sub_epi16(eq_widen_avx2(w), t->zw),
                                1);
            w += 16;
        }
        x += t->segment;
    }
    return s;
}

/* The same as functions of their own, as in conv2d_avx2.h. */
EQ_APART_AVX2 eq_twelve_avx2 eq_twelve_s8_avx2(const eq_layer_avx2 *t, const int16_t *x,
                                               int64_t step)
{
    return eq_twelve_dots_avx2(t, x, step, EQ_INT8_AVX2);
}

EQ_APART_AVX2 eq_twelve_avx2 eq_twelve_zw_avx2(const eq_layer_avx2 *t, const int16_t *x,
                                               int64_t step)
{
    return eq_twelve_dots_avx2(t, x, step, EQ_ZERO_POINT_AVX2);
}

/* The first n <= 8 bytes of either half of v to y0 and y1. */
EQ_INLINE_AVX2 void eq_store_eights_avx2(int8_t *y0, int8_t *y1, __m128i v, int32_t n)
{
    if (n == 8) {
        _mm_storel_epi64((__m128i *)(void *)y0, v);
        _mm_storel_epi64((__m128i *)(void *)y1, _mm_unpackhi_epi64(v, v));
        return;
    }
    int8_t bytes[16];
    _mm_storeu_si128((__m128i *)(void *)bytes, v);
    memcpy(y0, bytes, (size_t)n);
    memcpy(y1, bytes + 8, (size_t)n);
}

/* Four pixels rescaled, narrowed and stored, `step` apart. */
EQ_INLINE_AVX2 void eq_twelve_four_avx2(const eq_layer_avx2 *t, const eq_scale_avx2 *f,
                                        const __m256i *s, int8_t *y, int64_t step,
                                        int single)
{
    const __m256i first = _mm256_packs_epi32(eq_scaled_avx2(s[0], f, single),
                                             eq_scaled_avx2(s[1], f, single));
    const __m256i second = _mm256_packs_epi32(eq_scaled_avx2(s[2], f, single),
                                              eq_scaled_avx2(s[3], f, single));
    const __m256i v = eq_bytes_avx2(first, second, &t->range);
    const __m128i low = _mm256_castsi256_si128(v), high = _mm256_extracti128_si256(v, 1);
    eq_store_eights_avx2(y, y + step, _mm_unpacklo_epi32(low, high), t->out_c);
    eq_store_eights_avx2(y + 2 * step, y + 3 * step, _mm_unpackhi_epi32(low, high),
                         t->out_c);
}

/* Twelve pixels of a row. */
EQ_INLINE_AVX2 void eq_twelve_tile_avx2(const eq_layer_avx2 *t, const int16_t *x,
                                        int64_t x_step, int8_t *y, int64_t y_step, int kind,
                                        int single)
{
    const eq_twelve_avx2 s = kind == EQ_INT8_AVX2 ? eq_twelve_s8_avx2(t, x, x_step)
                                                  : eq_twelve_zw_avx2(t, x, x_step);
    const eq_scale_avx2 f = eq_load_scale_avx2(t->mult, t->shift, single);
    const __m256i first[4] = {s.a, s.b, s.c, s.d}, second[4] = {s.e, s.f, s.g, s.h};
    const __m256i third[4] = {s.i, s.j, s.k, s.l};
    eq_twelve_four_avx2(t, &f, first, y, y_step, single);
    eq_twelve_four_avx2(t, &f, second, y + 4 * y_step, y_step, single);
    eq_twelve_four_avx2(t, &f, third, y + 8 * y_step, y_step, single);
}

/* All output rows; kind and single are constants. */
EQ_INLINE_AVX2 void eq_twelve_image_avx2(const eq_layer_avx2 *t, const eq_band *b,
                                         int16_t *band, const int8_t *x, int8_t *y,
                                         const eq_conv2d_call *p, int kind, int single)
{
    for (int32_t h = p->row0; h < p->row1; h += b->rows) {
        const int32_t left = p->row1 - h, rows = left < b->rows ? left : b->rows;
        eq_fill_wide_band_avx2(band, x, h, rows, b);
        for (int32_t r = 0; r < rows; ++r) {
            const int16_t *from = band + (int64_t)r * b->row;
            int8_t *to = y + (int64_t)(h + r) * p->y_row;
            for (int32_t i = 0; i < b->out_w; i += EQ_TWELVE_AVX2) {
                const int64_t c =
                    i + EQ_TWELVE_AVX2 > b->out_w ? b->out_w - EQ_TWELVE_AVX2 : i;
                eq_twelve_tile_avx2(t, from + c * b->step, b->step, to + c * p->y_pixel,
                                    p->y_pixel, kind, single);
            }
        }
    }
}

/* A whole call: `single` is the rounding form. */
EQ_INLINE_AVX2 void eq_conv2d_narrow_avx2(const eq_conv2d_arrays *a, int8_t *scratch,
                                          const eq_conv2d_call *p, int kind, int single)
{
    const eq_lines g = EQ_LINES_OF(p);
    const eq_band b = eq_band_of(g, p->out_w, p->kw, p->dil_w, p->stride_w);
    const eq_layer_avx2 t =
        eq_layer_of_avx2(a->w, a->bias, a->mult, a->shift, p, &b, kind, single);
    int16_t *const band = (int16_t *)(void *)scratch;
    if (!single && eq_is_live(p->zy, p->act_min, p->act_max))
        eq_twelve_image_avx2(&t, &b, band, a->x, a->y, p, kind, EQ_LIVE);
    else
        eq_twelve_image_avx2(&t, &b, band, a->x, a->y, p, kind, single);
}

#endif
