/* A band (conv2d_band.h) of int16 for AVX2: rows are widened with their borders. */
#ifndef EDGEQ_CONV2D_WIDE_BAND_AVX2_H
#define EDGEQ_CONV2D_WIDE_BAND_AVX2_H

#include "edgeq/conv2d_band.h"
#include "edgeq/rescale_avx2.h"

/* n bytes as int16; up to 15 more are written. */
static inline void eq_widen_bytes_avx2(int16_t *to, const int8_t *x, int32_t n)
{
    int32_t i = 0;
    for (; i + 16 <= n; i += 16)
        _mm256_storeu_si256((__m256i *)(void *)(to + i), eq_widen_avx2(x + i));
    if (i < n) {
        int8_t some[16] = {0};
        memcpy(some, x + i, (size_t)(n - i));
        _mm256_storeu_si256((__m256i *)(void *)(to + i), eq_widen_avx2(some));
    }
}

/* n times zx; up to 15 more are written. */
static inline void eq_widen_border_avx2(int16_t *to, int32_t zx, int32_t n)
{
    for (int32_t i = 0; i < n; i += 16)
        _mm256_storeu_si256((__m256i *)(void *)(to + i), _mm256_set1_epi16((int16_t)zx));
}

/* Line `row` of the image with its borders, of pixels that lie side by side.  What is written too
 * much is written once more or lies behind the band. */
static inline void eq_widen_line_avx2(int16_t *line, const int8_t *x, int32_t row,
                                      const eq_band *b)
{
    const eq_lines *g = &b->lines;
    if (row < 0 || row >= g->in_h) {
        eq_widen_border_avx2(line, g->zx, b->line);
        return;
    }
    const int32_t left = g->pad_left < g->columns ? g->pad_left : g->columns;
    const int32_t rest = g->columns - left, inside = rest < g->in_w ? rest : g->in_w;
    int16_t *const to = line + left * g->in_c;
    eq_widen_border_avx2(line, g->zx, left * g->in_c);
    eq_widen_bytes_avx2(to, x + (int64_t)(row % g->x_ring) * g->x_row, inside * g->in_c);
    eq_widen_border_avx2(to + inside * g->in_c, g->zx, (rest - inside) * g->in_c);
}

/* The band of eq_fill_band as int16.  Where pixels do not lie side by side, bytes are put behind
 * the half that they are widened from, which never overtakes them. */
static inline void eq_fill_wide_band_avx2(int16_t *band, const int8_t *x, int32_t h,
                                          int32_t rows, const eq_band *b)
{
    const eq_lines *g = &b->lines;
    const int32_t lines = (rows - 1) * g->stride_h + (g->kh - 1) * g->dil_h + 1;
    const int64_t size = (int64_t)lines * b->line;
    if (b->dil_w == 1 && g->x_pixel == g->in_c) {
        for (int32_t r = 0; r < lines; ++r)
            eq_widen_line_avx2(band + (int64_t)r * b->line, x,
                               h * g->stride_h - g->pad_top + r, b);
        return;
    }
    int8_t *const bytes = (int8_t *)(void *)band + size + 32;
    eq_fill_band(bytes, x, h, rows, b);
    for (int64_t i = 0; i < size; i += 16)
        _mm256_storeu_si256((__m256i *)(void *)(band + i), eq_widen_avx2(bytes + i));
}

#endif
