/* int4 weights in groups by several rows of inputs for AVX2: up to six rows by sixteen outputs at a
 * time, by the steps of conv2d_tile_avx2.h.
 *
 * Rows are widened to int16, 512 inputs of six at a time, and each group's sums multiplied by
 * its factors.  Weights are packed (o/16, i/2, o/8%2, o%4, i%2, o/4%2).
 *
 * Exact: int32 holds sums of groups, and of parts of them, times their factors, in any order by the
 * contract's proof.  Groups begin at even inputs; the weight behind the last of an odd number
 * is zero.
 */
#ifndef EDGEQ_DENSE_GROUPS_AVX2_H
#define EDGEQ_DENSE_GROUPS_AVX2_H

#include "edgeq/conv2d_avx2.h"
#include "edgeq/conv2d_s16_avx2.h"
#include "edgeq/fc_s8s4g.h"

enum { EQ_INPUTS_AVX2 = 512 };

/* Inputs of a tile as int16. */
typedef struct {
    int16_t x[EQ_TILE_AVX2][EQ_INPUTS_AVX2];
} eq_inputs_avx2;

/* n inputs of a row, and zeros up to a whole step. */
EQ_INLINE_AVX2 void eq_widen_row_avx2(int16_t *to, const int8_t *x, int32_t n)
{
    int32_t i = 0;
    for (; i + 16 <= n; i += 16)
        _mm256_storeu_si256((__m256i *)(void *)(to + i), eq_widen_avx2(x + i));
    int8_t rest[16] = {0};
    memcpy(rest, x + i, (size_t)(n - i));
    if (i < n)
        _mm256_storeu_si256((__m256i *)(void *)(to + i), eq_widen_avx2(rest));
}

/* sums + s * r of n rows. */
EQ_INLINE_AVX2 void eq_add_group_avx2(eq_tile_avx2 *sums, const eq_tile_avx2 *s,
                                      const uint8_t *r, int n)
{
    const __m256i u =
        _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)r));
    const __m256i v =
        _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)(r + 8)));
    __m256i *const to[12] = {&sums->a0, &sums->b0, &sums->a1, &sums->b1,
                             &sums->a2, &sums->b2, &sums->a3, &sums->b3,
                             &sums->a4, &sums->b4, &sums->a5, &sums->b5};
    const __m256i from[12] = {s->a0, s->b0, s->a1, s->b1, s->a2, s->b2,
                              s->a3, s->b3, s->a4, s->b4, s->a5, s->b5};
    for (int i = 0; i < 2 * n; ++i)
        *to[i] = _mm256_add_epi32(*to[i], _mm256_mullo_epi32(from[i], i % 2 ? v : u));
}

/* Inputs [c, end) of the layer, which are in `in`, by sixteen outputs from o on. */
EQ_INLINE_AVX2 void eq_add_groups_avx2(eq_tile_avx2 *sums, const eq_pixels_avx2 *g,
                                       const int8_t *w, const uint8_t *r, int32_t o,
                                       int32_t c, int32_t end, int n,
                                       const eq_fc_s8s4g_params *p)
{
    const eq_layer16_avx2 t = {
        .w = w + (int64_t)8 * c, .kh = 1, .run = (p->in_dim + 1) / 2 * 2};
    const int64_t groups = (p->in_dim - 1) / p->group + 1;
    for (int32_t k = c; k < end;) {
        const int32_t at = k / p->group, left = end - k, more = (at + 1) * p->group - k;
        const eq_part_avx2 q = {0, 1, k - c, k - c + (left < more ? left : more)};
        const eq_tile_avx2 s = eq_dots16_n_avx2(&t, g, o, &q, n, 1);
        eq_add_group_avx2(sums, &s, r + o * groups + at * 16, n);
        k += left < more ? left : more;
    }
}

/* All outputs of n rows at x; n is 2, 4 or 6, `rows` of them count. */
EQ_INLINE_AVX2 void eq_groups_tile_avx2(const eq_layer_avx2 *t, const int8_t *x,
                                        const uint8_t *r, eq_pixels_avx2 *g, int32_t rows,
                                        int n, int single, const eq_fc_s8s4g_params *p)
{
    eq_inputs_avx2 in;
    const int32_t most = EQ_INPUTS_AVX2;
    for (int i = 0; i < EQ_TILE_AVX2; ++i)
        g->x[i] = in.x[i < rows ? i : rows - 1];
    for (int32_t o = 0; o < p->out_dim; o += 16) {
        const __m256i a = eq_load_x8(t->bias + o), b = eq_load_x8(t->bias + o + 8);
        eq_tile_avx2 sums = {a, b, a, b, a, b, a, b, a, b, a, b};
        for (int32_t c = 0; c < p->in_dim; c += most) {
            const int32_t end = p->in_dim - c < most ? p->in_dim : c + most;
            for (int32_t i = 0; i < rows && (o == 0 || p->in_dim > most); ++i)
                eq_widen_row_avx2(in.x[i], x + (int64_t)i * p->x_step + c, end - c);
            eq_add_groups_avx2(&sums, g, t->w, r, o, c, end, n, p);
        }
        eq_finish_tile_avx2(t, &sums, g, o, n, single);
    }
}

/* A whole call. */
EQ_INLINE_AVX2 void eq_groups_rows_avx2(const eq_layer_avx2 *t, const int8_t *x,
                                        const uint8_t *r, int8_t *y, int single,
                                        const eq_fc_s8s4g_params *p)
{
    for (int32_t at = 0; at < p->batch; at += EQ_TILE_AVX2) {
        const int32_t left = p->batch - at;
        const int32_t rows = left < EQ_TILE_AVX2 ? left : EQ_TILE_AVX2;
        const int8_t *from = x + (int64_t)at * p->x_step;
        eq_pixels_avx2 g;
        for (int32_t i = 0; i < EQ_TILE_AVX2; ++i)
            g.y[i] = y + (int64_t)(at + (i < rows ? i : rows - 1)) * p->y_step;
        if (rows > 4)
            eq_groups_tile_avx2(t, from, r, &g, rows, 6, single, p);
        else if (rows > 2)
            eq_groups_tile_avx2(t, from, r, &g, rows, 4, single, p);
        else
            eq_groups_tile_avx2(t, from, r, &g, rows, 2, single, p);
    }
}

#endif
