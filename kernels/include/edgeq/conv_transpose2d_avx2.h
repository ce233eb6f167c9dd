/* Transposed convolution for AVX2: up to six pixels by sixteen channels at a time.
 *
 * Pixels of a row that are stride_w apart are reached by the same taps, from inputs side by side:
 * they make a tile.  The rows of x that reach a row of y are copied as int16, less zx,
 * with zeros beside them where taps reach beyond the image.  Weights are packed
 * (o/16, kh, kw, i/2, o/4%2, o/8%2, o%4, i%2).
 *
 * Exact: what stands beside the image is a product of zero, and so is what follows the last of an
 * odd number of channels, where the weight is.  A sum of two products of x - zx is less than
 * 2^17 in magnitude, of int16 at most 2^23, and int32 holds sums in any order by the
 * contract's proof, or, in the kind that is `far`, those of 255 steps, which are added as int64.
 */
#ifndef EDGEQ_CONV_TRANSPOSE2D_AVX2_H
#define EDGEQ_CONV_TRANSPOSE2D_AVX2_H

#include "edgeq/conv2d_avx2.h"
#include "edgeq/conv2d_s16_avx2.h"
#include "edgeq/transpose_window.h"

/* Which taps reach a tile, and where their inputs lie, in int16. */
typedef struct {
    const int8_t *w;
    int32_t kh, kw, in_c;
    int32_t left, line; /* zeros before the image; from line to line */
    eq_reaching rows, columns;
} eq_reached_avx2;

/* Of these taps' rows [r0, r1), columns [k0, k1) and channels [c0, c1). */
typedef struct {
    int32_t r0, r1, k0, k1, c0, c1;
} eq_reach_part_avx2;

/* Like eq_taps_reaching, of inputs beside the image, too: they may be negative. */
static inline eq_reaching eq_taps_of_phase(int32_t where, int32_t stride, int32_t dilation,
                                           int32_t taps)
{
    eq_reaching t = {0, 0, 1, 0, 0};
    for (int32_t k = 0; k < taps; ++k) {
        if (where % stride == 0) {
            if (t.count == 0) {
                t.first = k;
                t.at = where / stride;
            } else if (t.count == 1) {
                t.step = k - t.first;
                t.back = t.at - where / stride;
            }
            ++t.count;
        }
        where -= dilation;
    }
    return t;
}

/* The dot products of n pixels by sixteen channels on top of a and b. */
EQ_INLINE_AVX2 eq_tile_avx2 eq_reach_dots_avx2(const eq_reached_avx2 *t,
                                               const eq_pixels_avx2 *g, int32_t o,
                                               const eq_reach_part_avx2 *q, __m256i a,
                                               __m256i b, int n)
{
    const int64_t room = (t->in_c + 1) / 2 * 32, block = (int64_t)(o / 16) * t->kh * t->kw;
    eq_tile_avx2 s = {a, b, a, b, a, b, a, b, a, b, a, b};
    for (int32_t r = q->r0; r < q->r1; ++r)
        for (int32_t k = q->k0; k < q->k1; ++k) {
            const int32_t row = t->rows.first + r * t->rows.step;
            const int32_t tap = row * t->kw + t->columns.first + k * t->columns.step;
            const int64_t at = (int64_t)r * t->line +
                               (int64_t)(t->columns.at - k * t->columns.back) * t->in_c;
            const int8_t *w = t->w + (block + tap) * room + (int64_t)16 * q->c0;
            for (int64_t c = at + q->c0; c < at + q->c1; c += 2) {
                eq_step_avx2(&s, g, c, eq_widen_avx2(w), eq_widen_avx2(w + 16), n, 0);
                w += 32;
            }
        }
    return s;
}

/* The same for 6, 4 and 2 pixels, functions of their own as in conv2d_avx2.h. */
EQ_APART_AVX2 eq_tile_avx2 eq_reach_dots_6_avx2(const eq_reached_avx2 *t,
                                                const eq_pixels_avx2 *g, int32_t o,
                                                const eq_reach_part_avx2 *q, __m256i a,
                                                __m256i b)
{
    return eq_reach_dots_avx2(t, g, o, q, a, b, 6);
}

EQ_APART_AVX2 eq_tile_avx2 eq_reach_dots_4_avx2(const eq_reached_avx2 *t,
                                                const eq_pixels_avx2 *g, int32_t o,
                                                const eq_reach_part_avx2 *q, __m256i a,
                                                __m256i b)
{
    return eq_reach_dots_avx2(t, g, o, q, a, b, 4);
}

EQ_APART_AVX2 eq_tile_avx2 eq_reach_dots_2_avx2(const eq_reached_avx2 *t,
                                                const eq_pixels_avx2 *g, int32_t o,
                                                const eq_reach_part_avx2 *q, __m256i a,
                                                __m256i b)
{
    return eq_reach_dots_avx2(t, g, o, q, a, b, 2);
}

EQ_INLINE_AVX2 eq_tile_avx2 eq_reach_dots_n_avx2(const eq_reached_avx2 *t,
                                                 const eq_pixels_avx2 *g, int32_t o,
                                                 const eq_reach_part_avx2 *q, __m256i a,
                                                 __m256i b, int n)
{
    return n == 6   ? eq_reach_dots_6_avx2(t, g, o, q, a, b)
           : n == 4 ? eq_reach_dots_4_avx2(t, g, o, q, a, b)
                    : eq_reach_dots_2_avx2(t, g, o, q, a, b);
}

/* What is done with sums: of int8, of int16, or of int16 and far; `words` says which. */
typedef struct {
    const eq_layer_avx2 *bytes;
    const eq_layer16_avx2 *words;
    eq_kind16_avx2 kind;
} eq_reach_end_avx2;

/* Sixteen channels of n pixels of int16 whose sums int32 may not hold: tap by tap. */
EQ_INLINE_AVX2 void eq_reach_far_avx2(const eq_reached_avx2 *t, const eq_pixels_avx2 *g,
                                      int32_t o, int n, const eq_reach_end_avx2 *end)
{
    const __m256i zero = _mm256_setzero_si256();
    const int32_t most = 2 * 255;
    eq_far_tile_avx2 far;
    eq_begin_far_avx2(&far, end->words->bias + o, n);
    for (int32_t r = 0; r < t->rows.count; ++r)
        for (int32_t k = 0; k < t->columns.count; ++k)
            for (int32_t c = 0; c < t->in_c; c += most) {
                const int32_t last = t->in_c - c < most ? t->in_c : c + most;
                const eq_reach_part_avx2 q = {r, r + 1, k, k + 1, c, last};
                const eq_tile_avx2 s = eq_reach_dots_n_avx2(t, g, o, &q, zero, zero, n);
                eq_add_far_avx2(&far, &s, n);
            }
    eq_finish_far_avx2(end->words, &far, g, o, n, end->kind.form);
}

/* All channels of n pixels; n is 2, 4 or 6. */
EQ_INLINE_AVX2 void eq_reach_pixels_avx2(const eq_reached_avx2 *t, const eq_pixels_avx2 *g,
                                         int32_t out_c, int n, const eq_reach_end_avx2 *end)
{
    const eq_reach_part_avx2 all = {0, t->rows.count, 0, t->columns.count, 0, t->in_c};
    const __m256i zero = _mm256_setzero_si256();
    for (int32_t o = 0; o < out_c; o += 16) {
        if (end->words == NULL) {
            const int32_t *bias = end->bytes->bias + o;
            const eq_tile_avx2 s = eq_reach_dots_n_avx2(t, g, o, &all, eq_load_x8(bias),
                                                        eq_load_x8(bias + 8), n);
            eq_finish_tile_avx2(end->bytes, &s, g, o, n, end->kind.form);
        } else if (end->kind.far) {
            eq_reach_far_avx2(t, g, o, n, end);
        } else {
            const eq_tile_avx2 s = eq_reach_dots_n_avx2(t, g, o, &all, zero, zero, n);
            eq_finish_tile16_avx2(end->words, &s, g, o, n, end->kind.form);
        }
    }
}

/* n <= 6 pixels. */
EQ_INLINE_AVX2 void eq_reach_any_avx2(const eq_reached_avx2 *t, eq_pixels_avx2 *g,
                                      int32_t out_c, int32_t n,
                                      const eq_reach_end_avx2 *end)
{
    eq_fill_tile_avx2(g, n);
    if (n > 4)
        eq_reach_pixels_avx2(t, g, out_c, 6, end);
    else if (n > 2)
        eq_reach_pixels_avx2(t, g, out_c, 4, end);
    else
        eq_reach_pixels_avx2(t, g, out_c, 2, end);
}

/* n elements at x, int8 or int16, as int16 less zx; `to` is in scratch, which is not aligned. */
EQ_INLINE_AVX2 void eq_reach_copy_avx2(void *to, const void *x, int64_t at, int32_t n,
                                       int32_t zx, int words)
{
    int8_t *const bytes = to;
    if (words) {
        memcpy(bytes, (const int16_t *)x + at, (size_t)n * sizeof(int16_t));
        return;
    }
    const int8_t *from = (const int8_t *)x + at;
    const __m256i zero = _mm256_set1_epi16((int16_t)zx);
    int32_t i = 0;
    for (; i + 16 <= n; i += 16)
        _mm256_storeu_si256((__m256i *)(void *)(bytes + 2 * i),
                            _mm256_sub_epi16(eq_widen_avx2(from + i), zero));
    for (; i < n; ++i) {
        const int16_t one = (int16_t)(from[i] - zx);
        memcpy(bytes + 2 * i, &one, sizeof one);
    }
}

/* The rows of x that reach a row of y, `columns` pixels each, zeros beside the image. */
EQ_INLINE_AVX2 void eq_reach_lines_avx2(int16_t *lines, const void *x,
                                        const eq_reached_avx2 *t, const eq_conv2d_call *p,
                                        int words)
{
    const int32_t columns = t->line / t->in_c, room = columns - t->left;
    const int32_t inside = room < p->in_w ? room : p->in_w;
    memset(lines, 0, (size_t)t->rows.count * (size_t)t->line * sizeof *lines);
    for (int32_t r = 0; r < t->rows.count; ++r) {
        const int32_t row = (t->rows.at - r * t->rows.back) % p->x_ring;
        int16_t *to = lines + (int64_t)r * t->line + (int64_t)t->left * t->in_c;
        const int64_t at = (int64_t)row * p->x_row;
        if (p->x_pixel == t->in_c) {
            eq_reach_copy_avx2(to, x, at, inside * t->in_c, p->zx, words);
            continue;
        }
        for (int32_t c = 0; c < inside; ++c)
            eq_reach_copy_avx2(to + (int64_t)c * t->in_c, x, at + (int64_t)c * p->x_pixel,
                               t->in_c, p->zx, words);
    }
}

/* Row h of y, whose elements have `size` bytes. */
EQ_INLINE_AVX2 void eq_reach_row_avx2(eq_reached_avx2 *t, const int16_t *lines, int8_t *y,
                                      const eq_conv2d_call *p, int32_t size,
                                      const eq_reach_end_avx2 *end)
{
    for (int32_t first = 0; first < p->stride_w && first < p->out_w; ++first) {
        eq_pixels_avx2 g;
        int32_t n = 0;
        const int16_t *x = lines + (int64_t)t->left * t->in_c;
        t->columns = eq_taps_of_phase(first + p->pad_left, p->stride_w, p->dil_w, p->kw);
        for (int32_t c = first; c < p->out_w; c += p->stride_w) {
            g.x[n] = x;
            g.y[n] = y + (int64_t)c * p->y_pixel * size;
            x += t->in_c;
            if (++n == EQ_TILE_AVX2) {
                eq_reach_pixels_avx2(t, &g, p->out_c, EQ_TILE_AVX2, end);
                n = 0;
            }
        }
        if (n > 0)
            eq_reach_any_avx2(t, &g, p->out_c, n, end);
    }
}

/* A whole call. */
EQ_INLINE_AVX2 void eq_transposed_avx2(const void *x, const int8_t *w, void *y,
                                       int8_t *scratch, const eq_conv2d_call *p, int words,
                                       const eq_reach_end_avx2 *end)
{
    const int32_t size = words ? 2 : 1, left = (p->kw - 1) * p->dil_w / p->stride_w;
    const int32_t columns = left + (p->out_w - 1 + p->pad_left) / p->stride_w + 1;
    eq_reached_avx2 t = {.w = w,
                         .kh = p->kh,
                         .kw = p->kw,
                         .in_c = p->in_c,
                         .left = left,
                         .line = columns * p->in_c};
    int16_t *const lines = (int16_t *)(void *)scratch;
    for (int32_t h = p->row0; h < p->row1; ++h) {
        t.rows = eq_taps_reaching(h + p->pad_top, p->stride_h, p->dil_h, p->kh, p->in_h);
        eq_reach_lines_avx2(lines, x, &t, p, words);
        eq_reach_row_avx2(&t, lines, (int8_t *)y + (int64_t)h * p->y_row * size, p, size,
                          end);
    }
}

#endif
