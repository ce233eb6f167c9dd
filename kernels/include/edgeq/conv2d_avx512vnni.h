/* Convolution for AVX-512 VNNI: up to twelve pixels by 32 or 16 channels at a time.
 *
 * Windows are read where they lie, from a band (conv2d_band.h) of x + 128: four taps of a pixel are
 * broadcast, and VPDPBUSD multiplies them with four taps of sixteen channels.  Weights are packed
 * in the order in which they are read: with 32 channels (o/32, kh, kwi/4, o/4%2, o/8%4, o%4, kwi%4),
 * which two packings of sums to bytes leave side by side, with 16 (o/16, kh, kwi/4, o%16, kwi%4).
 *
 * Exact: VPDPBUSD does not saturate, and its sums are modulo 2^32.  Biases have 128 times the sum of
 * their weights taken away (@offset), so the last sum is the contract's, which is in range.
 * Where a segment is no multiple of four taps, what is read behind it meets weights of zero.
 *
 * Where weights have a zero point zw, sum (x * (w - zw)) is sum ((x + 128) * w) - 128 * sum (w)
 * - zw * (sum (x + 128) - 128 * taps): the sum of a window is made once, for all channels.
 *
 * Weights of int4 are packed (o/32, kh, kwi/4, o/8%4, o%4, kwi%4, o/4%2), so that a byte holds one
 * of either vector of channels.  Each is multiplied from the upper half of its byte, sixteen times
 * too large, and so are biases made: with at most 28 bits the sum still fits, and is shifted back.
 */
#ifndef EDGEQ_CONV2D_AVX512VNNI_H
#define EDGEQ_CONV2D_AVX512VNNI_H

#include "edgeq/band_avx512.h"
#include "edgeq/conv2d_call.h"
#include "edgeq/rescale_avx512.h"

enum { EQ_TILE_X512 = 12 };

/* Kinds of weights: int8, int8 with a zero point, int4. */
enum { EQ_INT8_X512 = 0, EQ_ZW_X512 = 1, EQ_INT4_X512 = 2 };

/* Constants of a layer, and how its windows lie in the band. */
typedef struct {
    const int8_t *w;
    const int32_t *bias, *mult, *shift;
    int64_t segment; /* from segment to segment of a window */
    int32_t kh, run; /* segments and taps of one, a multiple of 4 */
    int32_t taps;    /* of one without what fills it up */
    int32_t out_c, zw;
    eq_range_avx512 range;
} eq_layer_x512;

/* Pixels of a tile: their windows, what becomes of them, and what is added to each sum. */
typedef struct {
    const uint8_t *x[EQ_TILE_X512];
    int8_t *y[EQ_TILE_X512];
    int32_t more[EQ_TILE_X512];
} eq_pixels_x512;

/* Sums of a tile: a vector of channels of each pixel in a, and another in b. */
typedef struct {
    __m512i a[EQ_TILE_X512], b[EQ_TILE_X512];
} eq_tile_x512;

/* Four taps at x. */
EQ_INLINE_AVX512 __m512i eq_four_x512(const uint8_t *x)
{
    int32_t four;
    memcpy(&four, x, sizeof four);
    return _mm512_set1_epi32(four);
}

/* Low and high nibbles, times sixteen. */
EQ_INLINE_AVX512 __m512i eq_high_x512(__m512i w)
{
    return _mm512_and_si512(w, _mm512_set1_epi8(-16));
}

EQ_INLINE_AVX512 __m512i eq_low_x512(__m512i w)
{
    return eq_high_x512(_mm512_slli_epi16(w, 4));
}

/* Sixteen biases, times sixteen where weights are int4. */
EQ_INLINE_AVX512 __m512i eq_bias_x512(const int32_t *bias, int is_int4)
{
    const __m512i b = eq_load_x16(bias);
    return is_int4 ? _mm512_slli_epi32(b, 4) : b;
}

#define EQ_EACH_X512(DO)                                                                   \
    DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11)
#define EQ_BEGIN_X512(i)                                                                   \
    __m512i a##i = a, b##i = b;                                                            \
    if (kind == EQ_ZW_X512 && n > i) {                                                     \
        a##i = _mm512_add_epi32(a, _mm512_set1_epi32(g->more[i]));                         \
        b##i = _mm512_add_epi32(b, _mm512_set1_epi32(g->more[i]));                         \
    }
#define EQ_STEP_X512(i)                                                                    \
    if (n > i) {                                                                           \
        const __m512i x = eq_four_x512(g->x[i] + k);                                       \
        a##i = _mm512_dpbusd_epi32(a##i, x, u);                                            \
        if (wide)                                                                          \
            b##i = _mm512_dpbusd_epi32(b##i, x, v);                                        \
    }
#define EQ_END_X512(i)                                                                     \
    s->a[i] = a##i;                                                                        \
    if (wide)                                                                              \
        s->b[i] = b##i;

/* The dot products of n pixels by 32 channels from o on, or 16.  Sums have names: of an array gcc
 * 12 keeps none in registers. */
EQ_INLINE_AVX512 void eq_dots_x512(const eq_layer_x512 *t, const eq_pixels_x512 *g,
                                   eq_tile_x512 *s, int32_t o, int n, int wide, int kind)
{
    const int is_int4 = kind == EQ_INT4_X512;
    const __m512i a = eq_bias_x512(t->bias + o, is_int4);
    const __m512i b = wide ? eq_bias_x512(t->bias + o + 16, is_int4) : a;
    EQ_EACH_X512(EQ_BEGIN_X512)
    const int8_t *w = t->w + (int64_t)o * t->kh * t->run / (is_int4 ? 2 : 1);
    for (int32_t r = 0; r < t->kh; ++r) {
        const int64_t at = r * t->segment;
        for (int64_t k = at; k < at + t->run; k += 4) {
            const __m512i first = _mm512_loadu_si512((const void *)w);
            const __m512i u = is_int4 ? eq_low_x512(first) : first;
            const __m512i v = is_int4 ? eq_high_x512(first)
                              : wide  ? _mm512_loadu_si512((const void *)(w + 64))
                                      : first;
            EQ_EACH_X512(EQ_STEP_X512)
            w += wide && !is_int4 ? 128 : 64;
        }
    }
    EQ_EACH_X512(EQ_END_X512)
}

#undef EQ_EACH_X512
#undef EQ_BEGIN_X512
#undef EQ_STEP_X512
#undef EQ_END_X512

/* Functions of their own, so that nothing else takes registers. */
EQ_APART_AVX512 void eq_dots_12x32(const eq_layer_x512 *t, const eq_pixels_x512 *g,
                                   eq_tile_x512 *s, int32_t o)
{
    eq_dots_x512(t, g, s, o, 12, 1, EQ_INT8_X512);
}

EQ_APART_AVX512 void eq_dots_6x32(const eq_layer_x512 *t, const eq_pixels_x512 *g,
                                  eq_tile_x512 *s, int32_t o)
{
    eq_dots_x512(t, g, s, o, 6, 1, EQ_INT8_X512);
}

EQ_APART_AVX512 void eq_dots_2x32(const eq_layer_x512 *t, const eq_pixels_x512 *g,
                                  eq_tile_x512 *s, int32_t o)
{
    eq_dots_x512(t, g, s, o, 2, 1, EQ_INT8_X512);
}

EQ_APART_AVX512 void eq_dots_12x16(const eq_layer_x512 *t, const eq_pixels_x512 *g,
                                   eq_tile_x512 *s, int32_t o)
{
    eq_dots_x512(t, g, s, o, 12, 0, EQ_INT8_X512);
}

EQ_APART_AVX512 void eq_dots_4x16(const eq_layer_x512 *t, const eq_pixels_x512 *g,
                                  eq_tile_x512 *s, int32_t o)
{
    eq_dots_x512(t, g, s, o, 4, 0, EQ_INT8_X512);
}

EQ_APART_AVX512 void eq_dots_12x32_zw(const eq_layer_x512 *t, const eq_pixels_x512 *g,
                                      eq_tile_x512 *s, int32_t o)
{
    eq_dots_x512(t, g, s, o, 12, 1, EQ_ZW_X512);
}

EQ_APART_AVX512 void eq_dots_4x32_zw(const eq_layer_x512 *t, const eq_pixels_x512 *g,
                                     eq_tile_x512 *s, int32_t o)
{
    eq_dots_x512(t, g, s, o, 4, 1, EQ_ZW_X512);
}

EQ_APART_AVX512 void eq_dots_12x16_zw(const eq_layer_x512 *t, const eq_pixels_x512 *g,
                                      eq_tile_x512 *s, int32_t o)
{
    eq_dots_x512(t, g, s, o, 12, 0, EQ_ZW_X512);
}

EQ_APART_AVX512 void eq_dots_12x32_int4(const eq_layer_x512 *t, const eq_pixels_x512 *g,
                                        eq_tile_x512 *s, int32_t o)
{
    eq_dots_x512(t, g, s, o, 12, 1, EQ_INT4_X512);
}

EQ_APART_AVX512 void eq_dots_4x32_int4(const eq_layer_x512 *t, const eq_pixels_x512 *g,
                                       eq_tile_x512 *s, int32_t o)
{
    eq_dots_x512(t, g, s, o, 4, 1, EQ_INT4_X512);
}

/* The tile for n pixels; the sums of more pixels are of no value. */
EQ_INLINE_AVX512 void eq_tile_of_x512(const eq_layer_x512 *t, const eq_pixels_x512 *g,
                                      eq_tile_x512 *s, int32_t o, int32_t n, int wide,
                                      int kind)
{
    if (kind == EQ_INT4_X512)
        n > 4 ? eq_dots_12x32_int4(t, g, s, o) : eq_dots_4x32_int4(t, g, s, o);
    else if (kind == EQ_ZW_X512 && wide)
        n > 4 ? eq_dots_12x32_zw(t, g, s, o) : eq_dots_4x32_zw(t, g, s, o);
    else if (kind == EQ_ZW_X512)
        eq_dots_12x16_zw(t, g, s, o);
    else if (wide)
        n > 6   ? eq_dots_12x32(t, g, s, o)
        : n > 2 ? eq_dots_6x32(t, g, s, o)
                : eq_dots_2x32(t, g, s, o);
    else
        n > 4 ? eq_dots_12x16(t, g, s, o) : eq_dots_4x16(t, g, s, o);
}

/* A sum, `down` bits too large, rescaled. */
EQ_INLINE_AVX512 __m512i eq_scaled_x512(__m512i sum, const eq_factors_x16 *f, int down,
                                        int single)
{
    return eq_rescale_x16(down ? _mm512_srai_epi32(sum, 4) : sum, f, single);
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
