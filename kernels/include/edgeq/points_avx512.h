/* The band of points (conv2d_points.h) of x + 128 for AVX-512.
 */
#ifndef EDGEQ_POINTS_AVX512_H
#define EDGEQ_POINTS_AVX512_H

#include "edgeq/band_avx512.h"
#include "edgeq/conv2d_points.h"

/* The eights of bytes of every other pixel, of 16 or 32 bytes. */
static inline __m512i eq_other_pixels_avx512(int32_t pixel)
{
    return pixel == 16 ? _mm512_setr_epi64(0, 1, 4, 5, 8, 9, 12, 13)
                       : _mm512_setr_epi64(0, 1, 2, 3, 8, 9, 10, 11);
}

/* The first n bytes at x. */
static inline __m512i eq_first_bytes_avx512(const int8_t *x, int64_t n)
{
    const __mmask64 some = n >= 64 ? ~(__mmask64)0 : ((__mmask64)1 << n) - 1;
    return _mm512_maskz_loadu_epi8(some, (const void *)x);
}

/* n > 0 bytes of x + 128, of every other pixel of 16 or 32; up to 63 bytes behind them change, too. */
static inline void eq_flip_other_avx512(uint8_t *y, const int8_t *x, int64_t n,
                                        int32_t pixel)
{
    const __m512i top = _mm512_set1_epi8(INT8_MIN), other = eq_other_pixels_avx512(pixel);
    int64_t left = 2 * n - pixel; /* bytes of x */
    for (; left >= 128; left -= 128, x += 128, y += 64) {
        const __m512i *const v = (const __m512i *)(const void *)x;
        const __m512i some = _mm512_permutex2var_epi64(_mm512_loadu_si512(v), other,
                                                       _mm512_loadu_si512(v + 1));
        _mm512_storeu_si512((void *)y, _mm512_xor_si512(some, top));
    }
    const __m512i more = left > 64 ? eq_first_bytes_avx512(x + 64, left - 64) : top;
    const __m512i some =
        _mm512_permutex2var_epi64(eq_first_bytes_avx512(x, left), other, more);
    _mm512_storeu_si512((void *)y, _mm512_xor_si512(some, top));
}

/* The points of a row of the image. */
static inline void eq_flip_points_avx512(uint8_t *y, const eq_points_row *q,
                                         const eq_band *b)
{
    const int32_t pixel = b->run;
    if (b->stride_w == 2 && b->lines.x_pixel == pixel && (pixel == 16 || pixel == 32)) {
        eq_flip_other_avx512(y, q->from, (int64_t)q->n * pixel, pixel);
        return;
    }
    for (int32_t i = 0; i < q->n; ++i)
        y = eq_flip_bytes_avx512(y, q->from + i * q->apart, pixel);
}

/* The points of `rows` rows of windows from h on; up to 63 bytes behind the band change, too. */
EQ_APART_AVX512 void eq_fill_points_avx512(uint8_t *band, const int8_t *x, int32_t h,
                                           int32_t rows, const eq_band *b)
{
    const eq_band g = *b; /* bytes may be anything: a copy need not be read again */
    const int64_t run = g.run;
    for (int32_t r = 0; r < rows; ++r, band += g.line) {
        const eq_points_row q = eq_points_row_of(&g, x, h + r);
        if (q.first > 0)
            eq_border_avx512(band, g.lines.zx, q.first * run);
        if (q.n > 0)
            eq_flip_points_avx512(band + q.first * run, &q, &g);
        if (q.last > 0)
            eq_border_avx512(band + (q.first + q.n) * run, g.lines.zx, q.last * run);
    }
}

#endif
