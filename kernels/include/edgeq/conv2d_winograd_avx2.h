/* Convolution by 3 x 3 taps for AVX2 with 4/9 of the products (winograd_avx2.h): six tiles of two by
 * two outputs at a time.
 *
 * Scratch holds, one behind the other: the weights' places, made once a call; a band
 * (conv2d_band.h) with its borders; places of six windows; sums of six tiles by sixteen channels.
 * Products are those of conv2d_tile_avx2.h, a place at a time.
 *
 * Tiles that reach beyond the last row or column are computed, of bytes behind the band's, and not
 * stored.
 */
#ifndef EDGEQ_CONV2D_WINOGRAD_AVX2_H
#define EDGEQ_CONV2D_WINOGRAD_AVX2_H

#include "edgeq/conv2d_band.h"
#include "edgeq/conv2d_call.h"
#include "edgeq/conv2d_tile_avx2.h"
#include "edgeq/odd_avx2.h"
#include "edgeq/winograd_avx2.h"

/* A call: its arrays, and the parts of scratch. */
typedef struct {
    const eq_conv2d_arrays *a;
    const eq_conv2d_call *p;
    int16_t *weights, *windows;
    int32_t *sums;
    int8_t *band;
    int64_t line; /* bytes of a line of the band */
    eq_range_avx2 range;
} eq_winograd_layer_avx2;

/* A tile: its window in the band, its first output, and what of it is inside. */
typedef struct {
    const int8_t *x;
    int8_t *y;
    int32_t rows, columns;
} eq_winograd_tile_avx2;

/* What sixteen channels have in common: with EQ_FUSED and EQ_ODD floats, else f. */
typedef struct {
    __m256i bias[2];
    eq_scale_avx2 f[2];
    eq_odd_x256 floats[2];
} eq_winograd_channels_avx2;

/* From place to place of a block of sixteen channels' weights, in int16: a cache line more than
 * they take, for places a power of two apart would push each other out of L1. */
static inline int64_t eq_winograd_next_avx2(int32_t in_c)
{
    return 16 * (int64_t)in_c + 32;
}

/* (o/16, place, i/2, o%16, i%2) of weights packed (o/16, i/2, kh, kw, o%16, i%2). */
static inline void eq_winograd_all_weights_avx2(int16_t *to, const int8_t *w, int32_t out_c,
                                                int32_t in_c)
{
    const int64_t next = eq_winograd_next_avx2(in_c);
    for (int32_t o = 0; o < out_c; o += 16) {
        for (int32_t i = 0; i < in_c; i += 2) {
            eq_winograd_weights_avx2(to + 16 * i, next, w, 32);
            eq_winograd_weights_avx2(to + 16 * i + 16, next, w + 16, 32);
            w += 9 * 32;
        }
        to += EQ_PLACES_AVX2 * next;
    }
}

/* Places of n windows, (place, window, channel). */
static inline void eq_winograd_windows_avx2(const eq_winograd_layer_avx2 *t,
                                            const eq_winograd_tile_avx2 *g, int32_t n)
{
    const int32_t in_c = t->p->in_c;
    for (int32_t i = 0; i < n; ++i)
        for (int32_t c = 0; c < in_c; c += 16)
            eq_winograd_window_avx2(t->windows + (int64_t)i * in_c + c,
                                    (int64_t)EQ_TILE_AVX2 * in_c, g[i].x + c, t->line,
                                    in_c);
}

EQ_INLINE_AVX2 void eq_put_sums_avx2(int32_t *sums, __m256i a, __m256i b)
{
    _mm256_storeu_si256((__m256i *)(void *)sums, a);
    _mm256_storeu_si256((__m256i *)(void *)(sums + 8), b);
}

/* One place: dot products of n windows at x by sixteen channels. */
EQ_INLINE_AVX2 void eq_winograd_place_avx2(int32_t *sums, const int16_t *x,
                                           const int16_t *w, int32_t in_c, int n)
{
    const __m256i z = _mm256_setzero_si256();
    eq_tile_avx2 s = {z, z, z, z, z, z, z, z, z, z, z, z};
    eq_pixels_avx2 g;
    g.x[0] = x;
    g.x[1] = x + in_c;
    g.x[2] = g.x[1] + in_c;
    g.x[3] = g.x[2] + in_c;
    g.x[4] = g.x[3] + in_c;
    g.x[5] = g.x[4] + in_c;
    for (int64_t k = 0; k < in_c; k += 2) {
        const __m256i u = _mm256_loadu_si256((const __m256i *)(const void *)w);
        const __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)(w + 16));
        eq_step_avx2(&s, &g, k, u, v, n, 0);
        w += 32;
    }
    eq_put_sums_avx2(sums, s.a0, s.b0);
    eq_put_sums_avx2(sums + 16, s.a1, s.b1);
    if (n > 2) {
        eq_put_sums_avx2(sums + 32, s.a2, s.b2);
        eq_put_sums_avx2(sums + 48, s.a3, s.b3);
    }
    if (n > 4) {
        eq_put_sums_avx2(sums + 64, s.a4, s.b4);
        eq_put_sums_avx2(sums + 80, s.a5, s.b5);
    }
}

/* All places, (place, tile, channel), of n tiles by channels from o on. */
EQ_INLINE_AVX2 void eq_winograd_places_avx2(const eq_winograd_layer_avx2 *t, int32_t o,
                                            int n)
{
    const int32_t in_c = t->p->in_c;
    const int64_t next = eq_winograd_next_avx2(in_c);
    const int16_t *x = t->windows, *w = t->weights + o * next;
    int32_t *sums = t->sums;
    for (int32_t place = 0; place < EQ_PLACES_AVX2; ++place) {
        eq_winograd_place_avx2(sums, x, w, in_c, n);
        sums += EQ_TILE_AVX2 * 16;
        x += EQ_TILE_AVX2 * in_c;
        w += next;
    }
}

/* Functions of their own, as in conv2d_avx2.h. */
EQ_APART_AVX2 void eq_winograd_places_6_avx2(const eq_winograd_layer_avx2 *t, int32_t o)
{
    eq_winograd_places_avx2(t, o, 6);
}

EQ_APART_AVX2 void eq_winograd_places_4_avx2(const eq_winograd_layer_avx2 *t, int32_t o)
{
    eq_winograd_places_avx2(t, o, 4);
}

EQ_APART_AVX2 void eq_winograd_places_2_avx2(const eq_winograd_layer_avx2 *t, int32_t o)
{
    eq_winograd_places_avx2(t, o, 2);
}

/* The sixteen channels from o on. */
EQ_INLINE_AVX2 eq_winograd_channels_avx2
eq_winograd_channels_of_avx2(const eq_conv2d_arrays *a, int32_t o, int mode)
{
    eq_winograd_channels_avx2 q;
    for (int32_t k = 0; k < 2; ++k) {
        const int32_t *bias = a->bias + o + 8 * k;
        const int32_t *mult = a->mult + o + 8 * k, *shift = a->shift + o + 8 * k;
        q.bias[k] = eq_is_float_avx2(mode) ? eq_load_x8(bias) : eq_load_bias_avx2(bias);
        q.f[k] = eq_load_scale_avx2(mult, shift, mode);
        q.floats[k] = eq_load_floats_x256(mult, shift, mode);
    }
    return q;
}

/* Two outputs of a row rescaled, as bytes in order. */
EQ_INLINE_AVX2 __m256i eq_winograd_bytes_avx2(const eq_winograd_channels_avx2 *q,
                                              const __m256i *s, const eq_range_avx2 *r,
                                              int mode)
{
    if (eq_is_float_avx2(mode)) {
        const __m256i v = eq_floats_bytes_x32(&q->floats[0], &q->floats[1], s[0], s[1],
                                              s[2], s[3], r, mode);
        return _mm256_permute4x64_epi64(v, 0xd8);
    }
    const __m256i first = _mm256_packs_epi32(eq_scaled_avx2(s[0], &q->f[0], mode),
                                             eq_scaled_avx2(s[1], &q->f[1], mode));
    const __m256i second = _mm256_packs_epi32(eq_scaled_avx2(s[2], &q->f[0], mode),
                                              eq_scaled_avx2(s[3], &q->f[1], mode));
    return eq_two_in_order_avx2(eq_bytes_avx2(first, second, r));
}

/* `count` channels of two outputs of a row stored: of the second of them if any. */
EQ_INLINE_AVX2 void eq_winograd_store_avx2(int8_t *y, int64_t next, __m256i v,
                                           int32_t columns, int32_t count)
{
    if (columns > 1)
        eq_store_two_avx2(y, y + next, v, count);
    else
        eq_store_two_avx2(y, y, _mm256_permute2x128_si256(v, v, 0), count);
}

/* What becomes of the sums of n tiles, of channels from o on. */
EQ_INLINE_AVX2 void eq_winograd_finish_avx2(const eq_winograd_layer_avx2 *t,
                                            const eq_winograd_tile_avx2 *g, int32_t o,
                                            int32_t n, int mode)
{
    const eq_winograd_channels_avx2 q = eq_winograd_channels_of_avx2(t->a, o, mode);
    const int64_t next = t->p->y_pixel;
    const int32_t count = t->p->out_c - o;
    for (int32_t i = 0; i < n; ++i) {
        const int32_t *sums = t->sums + 16 * i;
        int8_t *const y = g[i].y + o;
        const eq_four_avx2 a = eq_winograd_outputs_avx2(sums, EQ_TILE_AVX2 * 16, q.bias[0]);
        const eq_four_avx2 b =
            eq_winograd_outputs_avx2(sums + 8, EQ_TILE_AVX2 * 16, q.bias[1]);
        const __m256i top[4] = {a.a, b.a, a.b, b.b}, bottom[4] = {a.c, b.c, a.d, b.d};
        eq_winograd_store_avx2(y, next, eq_winograd_bytes_avx2(&q, top, &t->range, mode),
                               g[i].columns, count);
        if (g[i].rows > 1)
            eq_winograd_store_avx2(y + t->p->y_row, next,
                                   eq_winograd_bytes_avx2(&q, bottom, &t->range, mode),
                                   g[i].columns, count);
    }
}

/* n <= 6 tiles by all channels; windows behind the last are of no value. */
EQ_INLINE_AVX2 void eq_winograd_tiles_avx2(const eq_winograd_layer_avx2 *t,
                                           const eq_winograd_tile_avx2 *g, int32_t n,
                                           int mode)
{
    eq_winograd_windows_avx2(t, g, n);
    for (int32_t o = 0; o < t->p->out_c; o += 16) {
        if (n > 4)
            eq_winograd_places_6_avx2(t, o);
        else if (n > 2)
            eq_winograd_places_4_avx2(t, o);
        else
            eq_winograd_places_2_avx2(t, o);
        eq_winograd_finish_avx2(t, g, o, n, mode);
    }
}

/* Output rows [h, h + rows) from the band. */
EQ_INLINE_AVX2 void eq_winograd_rows_avx2(const eq_winograd_layer_avx2 *t, int32_t h,
                                          int32_t rows, int mode)
{
    const eq_conv2d_call *p = t->p;
    eq_winograd_tile_avx2 g[EQ_TILE_AVX2];
    int32_t n = 0;
    for (int32_t r = 0; r < rows; r += 2)
        for (int32_t c = 0; c < p->out_w; c += 2) {
            g[n].x = t->band + r * t->line + (int64_t)c * p->in_c;
            g[n].y = t->a->y + (int64_t)(h + r) * p->y_row + (int64_t)c * p->y_pixel;
            g[n].rows = rows - r;
            g[n].columns = p->out_w - c;
            if (++n == EQ_TILE_AVX2) {
                eq_winograd_tiles_avx2(t, g, n, mode);
                n = 0;
            }
        }
    if (n > 0)
        eq_winograd_tiles_avx2(t, g, n, mode);
}

/* All output rows: of a band, an even number, unless they are the last. */
EQ_INLINE_AVX2 void eq_winograd_image_avx2(const eq_winograd_layer_avx2 *t,
                                           const eq_band *b, int mode)
{
    const eq_conv2d_call *p = t->p;
    const int32_t most = b->rows > 2 ? b->rows / 2 * 2 : 2;
    for (int32_t h = p->row0; h < p->row1; h += most) {
        const int32_t left = p->row1 - h, rows = left < most ? left : most;
        eq_fill_band(t->band, t->a->x, h, rows, b);
        eq_winograd_rows_avx2(t, h, rows, mode);
    }
}

/* A whole call: `mode` is the rounding form, EQ_FUSED or EQ_ODD. */
EQ_INLINE_AVX2 void eq_conv2d_winograd_avx2(const eq_conv2d_arrays *a, int8_t *scratch,
                                            const eq_conv2d_call *p, int mode)
{
    const eq_lines g = EQ_LINES_OF(p);
    const eq_band b = eq_band_of(g, p->out_w, p->kw, p->dil_w, p->stride_w);
    const int64_t in_c = p->in_c, blocks = (p->out_c + 15) / 16;
    int16_t *const weights = (int16_t *)(void *)scratch;
    int16_t *const windows =
        weights + EQ_PLACES_AVX2 * blocks * eq_winograd_next_avx2(p->in_c);
    int32_t *const sums = (int32_t *)(void *)(windows + 96 * in_c);
    const eq_winograd_layer_avx2 t = {
        .a = a,
        .p = p,
        .weights = weights,
        .windows = windows,
        .sums = sums,
        .band = (int8_t *)(void *)(sums + EQ_PLACES_AVX2 * EQ_TILE_AVX2 * 16),
        .line = b.line,
        .range = eq_load_range_avx2(p->zy, p->act_min, p->act_max)};
    eq_winograd_all_weights_avx2(weights, a->w, p->out_c, p->in_c);
    eq_winograd_image_avx2(&t, &b, mode);
}

#endif
