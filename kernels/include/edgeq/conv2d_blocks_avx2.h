/* Convolution for AVX2, sixteen channels of all pixels of a part of a band before the next ones:
 * what those channels need is made once for many pixels.
 *
 * Windows are read where they lie, from a band of int16 (conv2d_band.h), as conv2d_segment_avx2.h
 * says.  Weights are packed (o/16, kh, kwi/2, ...), so they are read in order.
 *
 * Exact: a sum of two products is at most 2^15 in magnitude, 2^16 where weights have a zero
 * point, and int32 holds sums in any order by the contract's proof.  A window with an odd
 * number of taps in a row meets a weight of zero behind it.
 */
#ifndef EDGEQ_CONV2D_BLOCKS_AVX2_H
#define EDGEQ_CONV2D_BLOCKS_AVX2_H

#include "edgeq/conv2d_call.h"
#include "edgeq/conv2d_segment_avx2.h"
#include "edgeq/conv2d_wide_band_avx2.h"
#include "edgeq/odd_avx2.h"

enum {
    EQ_PART_NUMBERS = 8192, /* of a band that pixels of a part see: they stay near */
    EQ_PART_WIDENED = 24 /* pixels of a part at least, where weights are widened for it */
};

/* What sixteen channels have in common: with `any` (rescale_modes.h) factors, with EQ_FUSED and
 * EQ_ODD floats, else f. */
typedef struct {
    const int8_t *w;   /* int8, or int16 */
    int64_t segment;   /* from segment to segment of a window, int16 */
    int32_t kh, pairs; /* segments, and pairs of taps of one */
    int32_t count;     /* channels that are stored, if less than sixteen */
    __m256i bias[2];
    eq_scale_avx2 f[2];
    eq_factors_x8 factors[2];
    eq_odd_x256 floats[2];
    eq_range_avx2 range;
} eq_block_avx2;

/* Pixels of a band: where they are written, and their windows. */
typedef struct {
    const int16_t *x;
    int8_t *y;
    int64_t x_row, x_step, y_row, y_step;
    int32_t rows, columns;
} eq_pixel_walk_avx2;

/* The dot products of n pixels by sixteen channels on top of their biases. */
EQ_INLINE_AVX2 eq_tile_avx2 eq_block_dots_avx2(const eq_block_avx2 *t,
                                               const eq_pixels_avx2 *g, int n, int wide)
{
    const __m256i a = t->bias[0], b = t->bias[1];
    eq_tile_avx2 s = {a, b, a, b, a, b, a, b, a, b, a, b};
    const int8_t *w = t->w;
    const int64_t bytes = (wide ? 64 : 32) * (int64_t)t->pairs;
    for (int32_t r = 0; r < t->kh; ++r) {
        if (n == 6)
            eq_six_segments_avx2(&s, g, r * t->segment, w, w + bytes, wide);
        else
            eq_segments_avx2(&s, g, r * t->segment, w, t->pairs, n, wide);
        w += bytes;
    }
    return s;
}

/* Two pixels rescaled and narrowed: sixteen channels of one, then of the other.
 */
EQ_INLINE_AVX2 __m256i eq_block_bytes_avx2(const eq_block_avx2 *t, __m256i a, __m256i b,
                                           __m256i c, __m256i d, int mode)
{
    if (eq_is_float_avx2(mode)) {
        const __m256i v =
            eq_floats_bytes_x32(&t->floats[0], &t->floats[1], a, b, c, d, &t->range, mode);
        return _mm256_permute4x64_epi64(v, 0xd8);
    }
    if (mode & EQ_ANY)
        return eq_narrow_s8_x32(eq_rescale_x8(a, &t->factors[0], mode),
                                eq_rescale_x8(b, &t->factors[1], mode),
                                eq_rescale_x8(c, &t->factors[0], mode),
                                eq_rescale_x8(d, &t->factors[1], mode), &t->range);
    const __m256i first = _mm256_packs_epi32(eq_scaled_avx2(a, &t->f[0], mode),
                                             eq_scaled_avx2(b, &t->f[1], mode));
    const __m256i second = _mm256_packs_epi32(eq_scaled_avx2(c, &t->f[0], mode),
                                              eq_scaled_avx2(d, &t->f[1], mode));
    return _mm256_permute4x64_epi64(eq_bytes_avx2(first, second, &t->range), 0xd8);
}

/* Their bytes to y0 and y1. */
EQ_INLINE_AVX2 void eq_block_store_avx2(const eq_block_avx2 *t, int8_t *y0, int8_t *y1,
                                        __m256i v)
{
    if (__builtin_expect(t->count >= 16, 1)) {
        _mm_storeu_si128((__m128i *)(void *)y0, _mm256_castsi256_si128(v));
        _mm_storeu_si128((__m128i *)(void *)y1, _mm256_extracti128_si256(v, 1));
    } else {
        eq_store_two_avx2(y0, y1, v, t->count);
    }
}

/* n pixels, 2, 3, 4 or 6. */
EQ_INLINE_AVX2 void eq_block_tile_avx2(const eq_block_avx2 *t, const eq_pixels_avx2 *g,
                                       int n, int wide, int mode)
{
    const eq_tile_avx2 s = eq_block_dots_avx2(t, g, n, wide);
    eq_block_store_avx2(t, g->y[0], g->y[1],
                        eq_block_bytes_avx2(t, s.a0, s.b0, s.a1, s.b1, mode));
    if (n == 3)
        eq_block_store_avx2(t, g->y[2], g->y[2],
                            eq_block_bytes_avx2(t, s.a2, s.b2, s.a2, s.b2, mode));
    if (n > 3)
        eq_block_store_avx2(t, g->y[2], g->y[3],
                            eq_block_bytes_avx2(t, s.a2, s.b2, s.a3, s.b3, mode));
    if (n > 4)
        eq_block_store_avx2(t, g->y[4], g->y[5],
                            eq_block_bytes_avx2(t, s.a4, s.b4, s.a5, s.b5, mode));
}

/* n <= 6 pixels of row r from column c on and of those below. */
EQ_APART_AVX2 void eq_gather_avx2(eq_pixels_avx2 *g, const eq_pixel_walk_avx2 *b, int32_t r,
                                  int32_t c, int32_t n)
{
    for (int32_t i = 0; i < n; ++i) {
        g->x[i] = b->x + r * b->x_row + c * b->x_step;
        g->y[i] = b->y + r * b->y_row + c * b->y_step;
        if (++c == b->columns) {
            c = 0;
            ++r;
        }
    }
    eq_fill_tile_avx2(g, n);
}

/* Six pixels side by side. */
EQ_INLINE_AVX2 void eq_side_by_side_avx2(eq_pixels_avx2 *g, const int16_t *x,
                                         int64_t x_step, int8_t *y, int64_t y_step)
{
    g->x[0] = x;
    g->x[1] = x + x_step;
    g->x[2] = x + 2 * x_step;
    g->x[3] = x + 3 * x_step;
    g->x[4] = x + 4 * x_step;
    g->x[5] = x + 5 * x_step;
    g->y[0] = y;
    g->y[1] = y + y_step;
    g->y[2] = y + 2 * y_step;
    g->y[3] = y + 3 * y_step;
    g->y[4] = y + 4 * y_step;
    g->y[5] = y + 5 * y_step;
}

/* n <= 6 pixels. */
EQ_INLINE_AVX2 void eq_block_some_avx2(const eq_block_avx2 *t, const eq_pixels_avx2 *g,
                                       int32_t n, int wide, int mode)
{
    if (n > 4)
        eq_block_tile_avx2(t, g, 6, wide, mode);
    else if (n > 3)
        eq_block_tile_avx2(t, g, 4, wide, mode);
    else if (n == 3)
        eq_block_tile_avx2(t, g, 3, wide, mode);
    else
        eq_block_tile_avx2(t, g, 2, wide, mode);
}

/* n pixels from the one `first` on. */
EQ_INLINE_AVX2 void eq_block_pixels_avx2(const eq_block_avx2 *t,
                                         const eq_pixel_walk_avx2 *b, int32_t first,
                                         int32_t n, int wide, int mode)
{
    const int64_t x_step = b->x_step, y_step = b->y_step;
    int32_t r = first / b->columns, c = first % b->columns;
    const int16_t *x = b->x + r * b->x_row + c * x_step;
    int8_t *y = b->y + r * b->y_row + c * y_step;
    eq_pixels_avx2 g;
    for (; n > 0; n -= EQ_TILE_AVX2) {
        if (n >= EQ_TILE_AVX2 && c + EQ_TILE_AVX2 <= b->columns)
            eq_side_by_side_avx2(&g, x, x_step, y, y_step);
        else
            eq_gather_avx2(&g, b, r, c, n < EQ_TILE_AVX2 ? n : EQ_TILE_AVX2);
        eq_block_some_avx2(t, &g, n, wide, mode);
        x += EQ_TILE_AVX2 * x_step;
        y += EQ_TILE_AVX2 * y_step;
        c += EQ_TILE_AVX2;
        if (c < b->columns)
            continue;
        r += c / b->columns;
        c %= b->columns;
        x = b->x + r * b->x_row + c * x_step;
        y = b->y + r * b->y_row + c * y_step;
    }
}

/* The weights of a block: as they are, or as int16 in `wide`. */
EQ_INLINE_AVX2 const int8_t *eq_block_weights_avx2(int16_t *wide, const int8_t *w,
                                                   const eq_block_avx2 *t, int odd,
                                                   int32_t zw, int kind)
{
    if (kind == EQ_INT8_AVX2)
        return w;
    if (kind == EQ_INT4_AVX2)
        eq_unpack_weights_avx2(wide, w, t->kh * t->pairs);
    else
        eq_less_zero_avx2(wide, w, t->kh, t->pairs, 2, odd, zw);
    return (const int8_t *)wide;
}

/* The biases and factors of the channels from o on. */
EQ_INLINE_AVX2 void eq_block_factors_avx2(eq_block_avx2 *t, const eq_conv2d_arrays *a,
                                          int32_t o, int mode)
{
    for (int32_t k = 0; k < 2; ++k) {
        const int32_t *mult = a->mult + o + 8 * k, *shift = a->shift + o + 8 * k;
        if (eq_is_float_avx2(mode)) {
            t->bias[k] = eq_load_x8(a->bias + o + 8 * k);
            t->floats[k] = eq_load_floats_x256(mult, shift, mode);
        } else if (mode & EQ_ANY) {
            t->bias[k] = eq_load_x8(a->bias + o + 8 * k);
            t->factors[k] = eq_load_factors_of(mult, shift, mode);
        } else {
            t->bias[k] = eq_load_bias_avx2(a->bias + o + 8 * k);
            t->f[k] = eq_load_scale_avx2(mult, shift, mode);
        }
    }
}

/* The windows of `rows` rows of a band; one row where all pixels lie side by
 * side. */
static inline eq_pixel_walk_avx2 eq_walk_of_avx2(const int16_t *band, int8_t *y,
                                                 int32_t rows, const eq_conv2d_call *p,
                                                 const eq_band *b)
{
    const int flat = b->row == b->out_w * b->step && p->y_row == b->out_w * p->y_pixel;
    const eq_pixel_walk_avx2 g = {.x = band,
                                  .y = y,
                                  .x_row = b->row,
                                  .x_step = b->step,
                                  .y_row = p->y_row,
                                  .y_step = p->y_pixel,
                                  .rows = flat ? 1 : rows,
                                  .columns = flat ? rows * b->out_w : b->out_w};
    return g;
}

/* All pixels of a band; `wide` has room for the weights of a block. */
EQ_INLINE_AVX2 void eq_blocks_band_avx2(eq_block_avx2 *t, eq_pixel_walk_avx2 g,
                                        int16_t *wide, const eq_conv2d_arrays *a,
                                        const eq_conv2d_call *p, const eq_band *b, int kind,
                                        int mode)
{
    const int32_t near = EQ_PART_NUMBERS / (EQ_TILE_AVX2 * t->kh * b->step);
    const int32_t tiles = kind == EQ_INT8_AVX2 ? 1 : EQ_PART_WIDENED / EQ_TILE_AVX2;
    const int32_t part = EQ_TILE_AVX2 * (near > tiles ? near : tiles);
    const int32_t pixels = g.rows * g.columns, bytes = kind == EQ_INT4_AVX2 ? 1 : 2;
    int8_t *const y = g.y;
    for (int32_t i = 0; i < pixels; i += part)
        for (int32_t o = 0; o < p->out_c; o += 16) {
            const int32_t n = pixels - i < part ? pixels - i : part;
            const int8_t *w = a->w + (int64_t)o * bytes * t->kh * t->pairs;
            t->w = eq_block_weights_avx2(wide, w, t, b->run % 2 != 0, p->zw, kind);
            eq_block_factors_avx2(t, a, o, mode);
            t->count = p->out_c - o;
            g.y = y + o;
            eq_block_pixels_avx2(t, &g, i, n, kind != EQ_INT8_AVX2, mode);
        }
}

/* All output rows; kind and mode are constants. */
EQ_INLINE_AVX2 void eq_blocks_image_avx2(const eq_conv2d_arrays *a, int8_t *scratch,
                                         const eq_conv2d_call *p, const eq_band *b,
                                         int kind, int mode)
{
    const int32_t pairs = (b->run + 1) / 2;
    int16_t *const wide = (int16_t *)(void *)scratch;
    int16_t *const band = wide + (kind == EQ_INT8_AVX2 ? 0 : 32 * (int64_t)p->kh * pairs);
    eq_block_avx2 t = {.segment = b->segment,
                       .kh = p->kh,
                       .pairs = pairs,
                       .range = eq_load_range_avx2(p->zy, p->act_min, p->act_max)};
    for (int32_t h = p->row0; h < p->row1; h += b->rows) {
        const int32_t left = p->row1 - h, rows = left < b->rows ? left : b->rows;
        int8_t *const y = a->y + (int64_t)h * p->y_row;
        eq_fill_wide_band_avx2(band, a->x, h, rows, b);
        eq_blocks_band_avx2(&t, eq_walk_of_avx2(band, y, rows, p, b), wide, a, p, b, kind,
                            mode);
    }
}

/* A whole call: `mode` is the rounding form, `any` of one, EQ_FUSED or EQ_ODD. */
EQ_INLINE_AVX2 void eq_conv2d_blocks_avx2(const eq_conv2d_arrays *a, int8_t *scratch,
                                          const eq_conv2d_call *p, int kind, int mode)
{
    const eq_lines g = EQ_LINES_OF(p);
    const eq_band b = eq_band_of(g, p->out_w, p->kw, p->dil_w, p->stride_w);
    eq_blocks_image_avx2(a, scratch, p, &b, kind, mode);
}

#endif
