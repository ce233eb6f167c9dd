/* Convolution for AVX-512 VNNI: windows of a band, a tile of them at a time, rescaled and stored.
 *
 * How a tile is multiplied, and why it is exact, conv2d_tile_avx512vnni.h says.
 */
#ifndef EDGEQ_CONV2D_AVX512VNNI_H
#define EDGEQ_CONV2D_AVX512VNNI_H

#include "edgeq/conv2d_call.h"
#include "edgeq/conv2d_tile_avx512vnni.h"

/* A sum, `down` bits too large, rescaled. */
EQ_INLINE_AVX512 __m512i eq_scaled_x512(__m512i sum, const eq_factors_x16 *f, int down,
                                        int single)
{
    return eq_rescale_x16(down ? _mm512_srai_epi32(sum, (unsigned)down) : sum, f, single);
}

/* Two pixels of 32 channels, rescaled, narrowed and stored. */
EQ_INLINE_AVX512 void eq_finish_two_x512(const eq_layer_x512 *t, const eq_factors_x16 *f,
                                         const eq_pixels_x512 *g, const eq_tile_x512 *s,
                                         int32_t o, int32_t i, int kind, int single)
{
    const int down = kind == EQ_INT4_X512 ? 4 : 0;
    const __m512i v =
        eq_narrow_s8_x64(eq_scaled_x512(s->a[i], &f[0], down, single),
                         eq_scaled_x512(s->b[i], &f[1], down, single),
                         eq_scaled_x512(s->a[i + 1], &f[0], down, single),
                         eq_scaled_x512(s->b[i + 1], &f[1], down, single), &t->range);
    const __m512i order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
    const __m512i bytes = _mm512_permutexvar_epi64(order, v);
    eq_store_x32_avx512(g->y[i] + o, _mm512_castsi512_si256(bytes), t->out_c - o);
    eq_store_x32_avx512(g->y[i + 1] + o, _mm512_extracti64x4_epi64(bytes, 1), t->out_c - o);
}

/* Four pixels of 16 channels. */
EQ_INLINE_AVX512 void eq_finish_four_x512(const eq_layer_x512 *t, const eq_factors_x16 *f,
                                          const eq_pixels_x512 *g, const eq_tile_x512 *s,
                                          int32_t o, int32_t i, int single)
{
    const __m512i v = eq_narrow_s8_x64(eq_rescale_x16(s->a[i], f, single),
                                       eq_rescale_x16(s->a[i + 1], f, single),
                                       eq_rescale_x16(s->a[i + 2], f, single),
                                       eq_rescale_x16(s->a[i + 3], f, single), &t->range);
    const __m512i order =
        _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const __m512i bytes = _mm512_permutexvar_epi32(order, v);
    const int32_t n = t->out_c - o;
    eq_store_x16_avx512(g->y[i] + o, _mm512_castsi512_si128(bytes), n);
    eq_store_x16_avx512(g->y[i + 1] + o, _mm512_extracti32x4_epi32(bytes, 1), n);
    eq_store_x16_avx512(g->y[i + 2] + o, _mm512_extracti32x4_epi32(bytes, 2), n);
    eq_store_x16_avx512(g->y[i + 3] + o, _mm512_extracti32x4_epi32(bytes, 3), n);
}

/* What the zero point of weights adds to the sums of the window at x. */
EQ_INLINE_AVX512 int32_t eq_window_more_x512(const eq_layer_x512 *t, const uint8_t *x)
{
    __m512i sum = _mm512_setzero_si512();
    for (int32_t r = 0; r < t->kh; ++r)
        for (int32_t k = 0; k < t->taps; k += 64) {
            const int32_t left = t->taps - k;
            const __mmask64 some = left < 64 ? ((__mmask64)1 << left) - 1 : ~(__mmask64)0;
            const __m512i v = _mm512_maskz_loadu_epi8(some, x + r * t->segment + k);
            sum = _mm512_dpbusd_epi32(sum, v, _mm512_set1_epi8(1));
        }
    return -t->zw * (_mm512_reduce_add_epi32(sum) - 128 * t->kh * t->taps);
}

/* n <= 12 pixels by all channels; what is left of a tile is its last pixel once more. */
EQ_INLINE_AVX512 void eq_pixels_n_x512(const eq_layer_x512 *t, eq_pixels_x512 *g, int32_t n,
                                       int wide, int kind, int single)
{
    eq_tile_x512 s;
    for (int32_t i = n; i < EQ_TILE_X512; ++i) {
        g->x[i] = g->x[n - 1];
        g->y[i] = g->y[n - 1];
    }
    if (kind == EQ_ZW_X512)
        for (int32_t i = 0; i < EQ_TILE_X512; ++i)
            g->more[i] = i < n ? eq_window_more_x512(t, g->x[i]) : g->more[n - 1];
    for (int32_t o = 0; o < t->out_c; o += wide ? 32 : 16) {
        eq_tile_of_x512(t, g, &s, o, n, wide, kind);
        eq_factors_x16 f[2];
        f[0] = eq_load_factors_x16(t->mult + o, t->shift + o, single);
        if (wide) {
            f[1] = eq_load_factors_x16(t->mult + o + 16, t->shift + o + 16, single);
            for (int32_t i = 0; i < n; i += 2)
                eq_finish_two_x512(t, f, g, &s, o, i, kind, single);
        } else {
            for (int32_t i = 0; i < n; i += 4)
                eq_finish_four_x512(t, f, g, &s, o, i, single);
        }
    }
}

/* The windows of `rows` rows of a band. */
EQ_INLINE_AVX512 void eq_conv2d_rows_x512(const eq_layer_x512 *t, const eq_band *b,
                                          const uint8_t *band, int8_t *y,
                                          const eq_conv2d_call *p, int32_t rows, int wide,
                                          int kind, int single)
{
    eq_pixels_x512 g;
    int32_t n = 0;
    for (int32_t r = 0; r < rows; ++r)
        for (int32_t c = 0; c < b->out_w; ++c) {
            g.x[n] = band + (int64_t)r * b->row + (int64_t)c * b->step;
            g.y[n] = y + (int64_t)r * p->y_row + (int64_t)c * p->y_pixel;
            if (++n == EQ_TILE_X512) {
                eq_pixels_n_x512(t, &g, n, wide, kind, single);
                n = 0;
            }
        }
    if (n > 0)
        eq_pixels_n_x512(t, &g, n, wide, kind, single);
}

/* All output rows; the last three are constants. */
EQ_INLINE_AVX512 void eq_conv2d_image_x512(const eq_layer_x512 *t, const eq_band *b,
                                           uint8_t *band, const eq_conv2d_arrays *a,
                                           const eq_conv2d_call *p, int wide, int kind,
                                           int single)
{
    for (int32_t h = p->row0; h < p->row1; h += b->rows) {
        const int32_t left = p->row1 - h, rows = left < b->rows ? left : b->rows;
        eq_fill_unsigned_band(band, a->x, h, rows, b);
        eq_conv2d_rows_x512(t, b, band, a->y + (int64_t)h * p->y_row, p, rows, wide, kind,
                            single);
    }
}

/* A whole call: wide for 32 channels at a time; the last three are constants. */
EQ_INLINE_AVX512 void eq_conv2d_by_band_x512(const eq_conv2d_arrays *a, int8_t *scratch,
                                             const eq_conv2d_call *p, int wide, int kind,
                                             int single)
{
    const eq_lines g = EQ_LINES_OF(p);
    const eq_band b = eq_band_of(g, p->out_w, p->kw, p->dil_w, p->stride_w);
    const eq_layer_x512 t = {.w = a->w,
                             .bias = a->bias,
                             .mult = a->mult,
                             .shift = a->shift,
                             .segment = b.segment,
                             .kh = p->kh,
                             .run = (b.run + 3) / 4 * 4,
                             .taps = b.run,
                             .out_c = p->out_c,
                             .zw = p->zw,
                             .range = eq_load_range_avx512(p->zy, p->act_min, p->act_max)};
    uint8_t *const band = (uint8_t *)scratch;
    if (single == EQ_DOUBLE && eq_is_live(p->zy, p->act_min, p->act_max))
        eq_conv2d_image_x512(&t, &b, band, a, p, wide, kind, EQ_LIVE);
    else
        eq_conv2d_image_x512(&t, &b, band, a, p, wide, kind, single);
}

#endif
