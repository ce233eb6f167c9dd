/* The band of conv2d_band.h for AVX-512, where borders are zero: 64 bytes at a time.
 *
 * What is behind a border is written after it, so up to 63 bytes behind the band change, too.
 */
#ifndef EDGEQ_BAND16_AVX512_H
#define EDGEQ_BAND16_AVX512_H

#include "edgeq/conv2d_band.h"
#include "edgeq/rescale_avx512.h"

EQ_INLINE_AVX512 void eq_zeros_x512(int8_t *y, int32_t n)
{
    for (int32_t i = 0; i < n; i += 64)
        _mm512_storeu_si512((void *)(y + i), _mm512_setzero_si512());
}

/* n bytes: whole vectors, of which the last goes back, or less than one. */
EQ_INLINE_AVX512 void eq_copy_x512(int8_t *y, const int8_t *x, int32_t n)
{
    if (n < 64) {
        const __mmask64 some = ((__mmask64)1 << n) - 1;
        _mm512_mask_storeu_epi8((void *)y, some,
                                _mm512_maskz_loadu_epi8(some, (const void *)x));
        return;
    }
    for (int32_t i = 0; i < n - 64; i += 64)
        _mm512_storeu_si512((void *)(y + i), _mm512_loadu_si512((const void *)(x + i)));
    const __m512i last = _mm512_loadu_si512((const void *)(x + n - 64));
    _mm512_storeu_si512((void *)(y + n - 64), last);
}

/* eq_copy_line of pixels without a gap. */
EQ_INLINE_AVX512 void eq_copy_line_x512(int8_t *line, const int8_t *x, int32_t row,
                                        const eq_lines *g)
{
    const int32_t left = g->pad_left < g->columns ? g->pad_left : g->columns;
    const int32_t rest = g->columns - left, inside = rest < g->in_w ? rest : g->in_w;
    if (row < 0 || row >= g->in_h) {
        eq_zeros_x512(line, g->columns * g->in_c);
        return;
    }
    int8_t *const to = line + left * g->in_c;
    eq_zeros_x512(line, left * g->in_c);
    eq_copy_x512(to, x + row % g->x_ring * g->x_row, inside * g->in_c);
    eq_zeros_x512(to + inside * g->in_c, (rest - inside) * g->in_c);
}

/* eq_fill_band of borders that are zero. */
EQ_INLINE_AVX512 void eq_fill_zero_band(int8_t *band, const int8_t *x, int32_t h,
                                        int32_t rows, const eq_band *b)
{
    const eq_lines *const g = &b->lines;
    const int32_t top = h * g->stride_h - g->pad_top;
    const int32_t lines = (rows - 1) * g->stride_h + (g->kh - 1) * g->dil_h + 1;
    if (b->dil_w != 1 || g->x_pixel != g->in_c) {
        eq_fill_band(band, x, h, rows, b);
        return;
    }
    for (int32_t r = 0; r < lines; ++r)
        eq_copy_line_x512(band + r * b->line, x, top + r, g);
}

#endif
