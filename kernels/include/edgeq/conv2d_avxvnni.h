/* Convolution for AVX-VNNI: up to six pixels by sixteen channels at a time.
 *
 * Windows are read where they lie, from a band (conv2d_band.h) of x + 128: four taps of a pixel are
 * broadcast, and VPDPBUSD multiplies them with four taps of eight channels.  Weights are
 * packed (o/16, kh, kwi/4, o/4%2, o/8%2, o%2, o/2%2, kwi%4), so they are read in order, and sums lie
 * as scale_avx2.h wants them; those of int4 (o/16, kh, kwi/4, o/8%2, o%2, o/2%2, kwi%4, o/4%2), so
 * a byte holds one of either eight channels.
 *
 * Exact: VPDPBUSD does not saturate, and its sums are modulo 2^32.  Biases have 128 times the sum of
 * their weights taken away (@offset), so the last sum is the contract's, which is in range.
 * Where a segment is no multiple of four taps, what is read behind it meets weights of zero.
 *
 * Where weights have a zero point zw, sum (x * (w - zw)) is sum ((x + 128) * w) - 128 * sum (w)
 * - zw * (sum (x + 128) - 128 * taps): the sum of a window is made once, for all channels.
 *
 * Nibbles become bytes in the upper halves of bytes, 16 times the weights: sums, their biases too,
 * are 16 times the contract's, which for those of 28 bits is in range, and are shifted back.
 */
#ifndef EDGEQ_CONV2D_AVXVNNI_H
#define EDGEQ_CONV2D_AVXVNNI_H

#include "edgeq/conv2d_avx2.h"
#include "edgeq/dots_avxvnni.h"
#include "edgeq/scale_avx2.h"

/* Constants of a layer, and how its windows lie in the band. */
typedef struct {
    const int8_t *w;
    const int32_t *bias;
    const int8_t *factors; /* of all channels, as eq_put_factors_avxvnni leaves them */
    int64_t segment;       /* from segment to segment of a window */
    int32_t kh, run;       /* segments and taps of one, a multiple of 4 */
    int32_t taps;          /* of one without what fills it up */
    int32_t out_c, zw;
    __m256i top; /* what the rescaling wants on top of sums, in another bit */
    eq_range_avx2 range;
} eq_layer_avxvnni;

/* Pixels of a tile: their windows, what becomes of them, and what is added to each sum. */
typedef struct {
    const uint8_t *x[EQ_TILE_AVX2];
    int8_t *y[EQ_TILE_AVX2];
    int32_t more[EQ_TILE_AVX2];
} eq_pixels_avxvnni;

/* Four taps of a pixel, by sixteen channels. */
EQ_INLINE_AVX2 void eq_four_taps_avxvnni(__m256i *a, __m256i *b, const uint8_t *x,
                                         __m256i u, __m256i v)
{
    const __m256i four = eq_four_avxvnni(x);
    *a = _mm256_dpbusd_epi32(*a, four, u);
    *b = _mm256_dpbusd_epi32(*b, four, v);
}

/* Four taps of n pixels. */
EQ_INLINE_AVX2 void eq_step_avxvnni(eq_tile_avx2 *s, const eq_pixels_avxvnni *g, int64_t k,
                                    __m256i u, __m256i v, int n)
{
    eq_four_taps_avxvnni(&s->a0, &s->b0, g->x[0] + k, u, v);
    eq_four_taps_avxvnni(&s->a1, &s->b1, g->x[1] + k, u, v);
    if (n > 2) {
        eq_four_taps_avxvnni(&s->a2, &s->b2, g->x[2] + k, u, v);
        eq_four_taps_avxvnni(&s->a3, &s->b3, g->x[3] + k, u, v);
    }
    if (n > 4) {
        eq_four_taps_avxvnni(&s->a4, &s->b4, g->x[4] + k, u, v);
        eq_four_taps_avxvnni(&s->a5, &s->b5, g->x[5] + k, u, v);
    }
}

/* What the sums of sixteen channels begin with: a and b, with what is added to those of each
 * pixel where weights have a zero point. */
EQ_INLINE_AVX2 eq_tile_avx2 eq_begin_avxvnni(const eq_pixels_avxvnni *g, __m256i a,
                                             __m256i b, int kind)
{
    eq_tile_avx2 s = {a, b, a, b, a, b, a, b, a, b, a, b};
    if (kind != EQ_ZERO_POINT_AVX2)
        return s;
    const __m256i m0 = _mm256_set1_epi32(g->more[0]), m1 = _mm256_set1_epi32(g->more[1]),
                  m2 = _mm256_set1_epi32(g->more[2]), m3 = _mm256_set1_epi32(g->more[3]),
                  m4 = _mm256_set1_epi32(g->more[4]), m5 = _mm256_set1_epi32(g->more[5]);
    const eq_tile_avx2 more = {
        _mm256_add_epi32(a, m0), _mm256_add_epi32(b, m0), _mm256_add_epi32(a, m1),
        _mm256_add_epi32(b, m1), _mm256_add_epi32(a, m2), _mm256_add_epi32(b, m2),
        _mm256_add_epi32(a, m3), _mm256_add_epi32(b, m3), _mm256_add_epi32(a, m4),
        _mm256_add_epi32(b, m4), _mm256_add_epi32(a, m5), _mm256_add_epi32(b, m5)};
    return more;
}

/* The dot products of n pixels by sixteen channels, of which 16-fold ones have nothing on top. */
EQ_INLINE_AVX2 eq_tile_avx2 eq_dots_avxvnni(const eq_layer_avxvnni *t,
                                            const eq_pixels_avxvnni *g, int32_t o, int n,
                                            int kind)
{
    const int is_int4 = kind == EQ_INT4_AVX2;
    const __m256i a = eq_bias_avxvnni(t->bias + o, t->top, is_int4);
    const __m256i b = eq_bias_avxvnni(t->bias + o + 8, t->top, is_int4);
    const int32_t bytes = is_int4 ? 32 : 64;
    eq_tile_avx2 s = eq_begin_avxvnni(g, a, b, kind);
    const int8_t *w = t->w + (int64_t)o * t->kh * t->run * bytes / 64;
    for (int32_t r = 0; r < t->kh; ++r) {
        const int64_t at = r * t->segment;
        for (int64_t k = at; k < at + t->run; k += 4) {
            const eq_weights_avxvnni v = eq_load_weights_avxvnni(w, is_int4);
            eq_step_avxvnni(&s, g, k, v.u, v.v, n);
            w += bytes;
        }
    }
    return s;
}

/* The same by number of pixels and kind, functions of their own as in conv2d_avx2.h. */
EQ_APART_AVX2 eq_tile_avx2 eq_dots_6_avxvnni(const eq_layer_avxvnni *t,
                                             const eq_pixels_avxvnni *g, int32_t o)
{
    return eq_dots_avxvnni(t, g, o, 6, EQ_INT8_AVX2);
}

EQ_APART_AVX2 eq_tile_avx2 eq_dots_4_avxvnni(const eq_layer_avxvnni *t,
                                             const eq_pixels_avxvnni *g, int32_t o)
{
    return eq_dots_avxvnni(t, g, o, 4, EQ_INT8_AVX2);
}

EQ_APART_AVX2 eq_tile_avx2 eq_dots_2_avxvnni(const eq_layer_avxvnni *t,
                                             const eq_pixels_avxvnni *g, int32_t o)
{
    return eq_dots_avxvnni(t, g, o, 2, EQ_INT8_AVX2);
}

EQ_APART_AVX2 eq_tile_avx2 eq_dots_zw_6_avxvnni(const eq_layer_avxvnni *t,
                                                const eq_pixels_avxvnni *g, int32_t o)
{
    return eq_dots_avxvnni(t, g, o, 6, EQ_ZERO_POINT_AVX2);
}

EQ_APART_AVX2 eq_tile_avx2 eq_dots_zw_4_avxvnni(const eq_layer_avxvnni *t,
                                                const eq_pixels_avxvnni *g, int32_t o)
{
    return eq_dots_avxvnni(t, g, o, 4, EQ_ZERO_POINT_AVX2);
}

EQ_APART_AVX2 eq_tile_avx2 eq_dots_zw_2_avxvnni(const eq_layer_avxvnni *t,
                                                const eq_pixels_avxvnni *g, int32_t o)
{
    return eq_dots_avxvnni(t, g, o, 2, EQ_ZERO_POINT_AVX2);
}

EQ_APART_AVX2 eq_tile_avx2 eq_dots_int4_6_avxvnni(const eq_layer_avxvnni *t,
                                                  const eq_pixels_avxvnni *g, int32_t o)
{
    return eq_dots_avxvnni(t, g, o, 6, EQ_INT4_AVX2);
}

EQ_APART_AVX2 eq_tile_avx2 eq_dots_int4_4_avxvnni(const eq_layer_avxvnni *t,
                                                  const eq_pixels_avxvnni *g, int32_t o)
{
    return eq_dots_avxvnni(t, g, o, 4, EQ_INT4_AVX2);
}

EQ_APART_AVX2 eq_tile_avx2 eq_dots_int4_2_avxvnni(const eq_layer_avxvnni *t,
                                                  const eq_pixels_avxvnni *g, int32_t o)
{
    return eq_dots_avxvnni(t, g, o, 2, EQ_INT4_AVX2);
}

/* The dot products of a tile, whatever its weights; n is 2, 4 or 6. */
EQ_INLINE_AVX2 eq_tile_avx2 eq_dots_kind_avxvnni(const eq_layer_avxvnni *t,
                                                 const eq_pixels_avxvnni *g, int32_t o,
                                                 int n, int kind)
{
    if (kind == EQ_ZERO_POINT_AVX2)
        return n == 6   ? eq_dots_zw_6_avxvnni(t, g, o)
               : n == 4 ? eq_dots_zw_4_avxvnni(t, g, o)
                        : eq_dots_zw_2_avxvnni(t, g, o);
    if (kind == EQ_INT4_AVX2)
        return n == 6   ? eq_dots_int4_6_avxvnni(t, g, o)
               : n == 4 ? eq_dots_int4_4_avxvnni(t, g, o)
                        : eq_dots_int4_2_avxvnni(t, g, o);
    return n == 6   ? eq_dots_6_avxvnni(t, g, o)
           : n == 4 ? eq_dots_4_avxvnni(t, g, o)
                    : eq_dots_2_avxvnni(t, g, o);
}

/* Two pixels rescaled, narrowed and stored. */
EQ_INLINE_AVX2 void eq_finish_two_avxvnni(const eq_layer_avxvnni *t, const eq_scale_avx2 *f,
                                          const __m256i *s, int8_t *y0, int8_t *y1,
                                          int32_t o, int kind, int single)
{
    const int is_int4 = kind == EQ_INT4_AVX2;
    const __m256i v =
        eq_narrow_s8_x32(eq_scaled_avxvnni(s[0], &f[0], is_int4, single),
                         eq_scaled_avxvnni(s[1], &f[1], is_int4, single),
                         eq_scaled_avxvnni(s[2], &f[0], is_int4, single),
                         eq_scaled_avxvnni(s[3], &f[1], is_int4, single), &t->range);
    eq_store_two_avx2(y0 + o, y1 + o, v, t->out_c - o);
}

/* n pixels by all channels; n is 2, 4 or 6. */
EQ_INLINE_AVX2 void eq_pixels_n_avxvnni(const eq_layer_avxvnni *t,
                                        const eq_pixels_avxvnni *g, int n, int kind,
                                        int single)
{
    for (int32_t o = 0; o < t->out_c; o += 16) {
        const eq_tile_avx2 s = eq_dots_kind_avxvnni(t, g, o, n, kind);
        const int8_t *factors = t->factors + (int64_t)o * EQ_FACTORS_AVXVNNI;
        const eq_scale_avx2 f[2] = {
            eq_get_factors_avxvnni(factors),
            eq_get_factors_avxvnni(factors + 8 * EQ_FACTORS_AVXVNNI)};
        const __m256i first[4] = {s.a0, s.b0, s.a1, s.b1};
        eq_finish_two_avxvnni(t, f, first, g->y[0], g->y[1], o, kind, single);
        const __m256i second[4] = {s.a2, s.b2, s.a3, s.b3};
        if (n > 2)
            eq_finish_two_avxvnni(t, f, second, g->y[2], g->y[3], o, kind, single);
        const __m256i third[4] = {s.a4, s.b4, s.a5, s.b5};
        if (n > 4)
            eq_finish_two_avxvnni(t, f, third, g->y[4], g->y[5], o, kind, single);
    }
}

/* What the zero point of weights adds to the sums of the window at x. */
EQ_INLINE_AVX2 int32_t eq_window_more_avxvnni(const eq_layer_avxvnni *t, const uint8_t *x)
{
    __m256i sum = _mm256_setzero_si256();
    for (int32_t r = 0; r < t->kh; ++r)
        sum = eq_add_bytes_avxvnni(sum, x + r * t->segment, t->taps);
    return -t->zw * (eq_total_avxvnni(sum) - 128 * t->kh * t->taps);
}

/* n <= 6 pixels; what is left of a tile is its last pixel once more. */
EQ_INLINE_AVX2 void eq_pixels_any_avxvnni(const eq_layer_avxvnni *t, eq_pixels_avxvnni *g,
                                          int32_t n, int kind, int single)
{
    for (int32_t i = n; i < EQ_TILE_AVX2; ++i) {
        g->x[i] = g->x[n - 1];
        g->y[i] = g->y[n - 1];
    }
    for (int32_t i = 0; i < EQ_TILE_AVX2 && kind == EQ_ZERO_POINT_AVX2; ++i)
        g->more[i] = i < n ? eq_window_more_avxvnni(t, g->x[i]) : g->more[n - 1];
    if (n > 4)
        eq_pixels_n_avxvnni(t, g, 6, kind, single);
    else if (n > 2)
        eq_pixels_n_avxvnni(t, g, 4, kind, single);
    else
        eq_pixels_n_avxvnni(t, g, 2, kind, single);
}

/* The windows of `rows` rows of a band. */
EQ_INLINE_AVX2 void eq_conv2d_rows_avxvnni(const eq_layer_avxvnni *t, const eq_band *b,
                                           const uint8_t *band, int8_t *y,
                                           const eq_conv2d_call *p, int32_t rows, int kind,
                                           int single)
{
    eq_pixels_avxvnni g;
    int32_t n = 0;
    for (int32_t r = 0; r < rows; ++r) {
        const uint8_t *x = band + (int64_t)r * b->row;
        int8_t *to = y + (int64_t)r * p->y_row;
        for (int32_t left = b->out_w; left > 0;) {
            for (; n < EQ_TILE_AVX2 && left > 0; --left, ++n) {
                g.x[n] = x;
                g.y[n] = to;
                x += b->step;
                to += p->y_pixel;
            }
            if (n < EQ_TILE_AVX2 && r < rows - 1)
                break;
            eq_pixels_any_avxvnni(t, &g, n, kind, single);
            n = 0;
        }
    }
}

/* The band of eq_fill_band as x + 128; up to 31 bytes behind it change, too. */
static inline void eq_fill_band_avxvnni(uint8_t *band, const int8_t *x, int32_t h,
                                        int32_t rows, const eq_band *b)
{
    const int64_t size =
        ((int64_t)(rows - 1) * b->lines.stride_h + (b->lines.kh - 1) * b->lines.dil_h + 1) *
        b->line;
    eq_fill_band((int8_t *)band, x, h, rows, b);
    for (int64_t i = 0; i < size; i += 32)
        _mm256_storeu_si256((__m256i *)(void *)(band + i), eq_above_avxvnni(band + i));
}

/* All output rows; kind and single are constants. */
EQ_INLINE_AVX2 void eq_conv2d_image_avxvnni(const eq_layer_avxvnni *t, const eq_band *b,
                                            uint8_t *band, const eq_conv2d_arrays *a,
                                            const eq_conv2d_call *p, int kind, int single)
{
    for (int32_t h = p->row0; h < p->row1; h += b->rows) {
        const int32_t left = p->row1 - h, rows = left < b->rows ? left : b->rows;
        eq_fill_band_avxvnni(band, a->x, h, rows, b);
        eq_conv2d_rows_avxvnni(t, b, band, a->y + (int64_t)h * p->y_row, p, rows, kind,
                               single);
    }
}

/* A whole call; kind and single are constants. */
EQ_INLINE_AVX2 void eq_conv2d_by_band_avxvnni(const eq_conv2d_arrays *a, int8_t *scratch,
                                              const eq_conv2d_call *p, int kind, int single)
{
    const eq_lines g = EQ_LINES_OF(p);
    const eq_band b = eq_band_of(g, p->out_w, p->kw, p->dil_w, p->stride_w);
    const eq_layer_avxvnni t = {.w = a->w,
                                .bias = a->bias,
                                .factors = scratch,
                                .segment = b.segment,
                                .kh = p->kh,
                                .run = (b.run + 3) / 4 * 4,
                                .taps = b.run,
                                .out_c = p->out_c,
                                .zw = p->zw,
                                .top = eq_top_avxvnni(single),
                                .range = eq_load_range_avx2(p->zy, p->act_min, p->act_max)};
    const int64_t channels = (int64_t)(p->out_c + 15) / 16 * 16;
    uint8_t *const band = (uint8_t *)scratch + channels * EQ_FACTORS_AVXVNNI;
    for (int32_t o = 0; o < channels; o += 8)
        eq_put_factors_avxvnni(scratch + (int64_t)o * EQ_FACTORS_AVXVNNI, a->mult + o,
                               a->shift + o, single);
    if (single == EQ_DOUBLE && eq_is_live(p->zy, p->act_min, p->act_max))
        eq_conv2d_image_avxvnni(&t, &b, band, a, p, kind, EQ_LIVE);
    else
        eq_conv2d_image_avxvnni(&t, &b, band, a, p, kind, single);
}

#endif
