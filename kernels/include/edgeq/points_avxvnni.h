/* The band of points (conv2d_points.h) of x + 128 for AVX-VNNI.
 */
#ifndef EDGEQ_POINTS_AVXVNNI_H
#define EDGEQ_POINTS_AVXVNNI_H

#include "edgeq/conv2d_band_avxvnni.h"
#include "edgeq/conv2d_points.h"
#include "edgeq/runs_avx2.h"

/* n points of sixteen bytes, `apart` bytes from each other. */
static inline void eq_points_of_16_avxvnni(uint8_t *to, const int8_t *x, int32_t n,
                                           int64_t apart)
{
    const __m256i top = _mm256_set1_epi8(INT8_MIN);
    for (; n > 1; n -= 2, x += 2 * apart, to += 32) {
        const __m256i two = _mm256_setr_m128i(eq_load_x16(x), eq_load_x16(x + apart));
        eq_put_avxvnni(to, _mm256_xor_si256(two, top));
    }
    if (n > 0)
        eq_put_avxvnni(to, _mm256_xor_si256(_mm256_castsi128_si256(eq_load_x16(x)), top));
}

/* The points of a row of the image; up to 31 bytes behind them change, too. */
static inline void eq_points_above_avxvnni(uint8_t *to, const eq_points_row *q, int32_t run)
{
    if (run == 16) {
        eq_points_of_16_avxvnni(to, q->from, q->n, q->apart);
        return;
    }
    for (int32_t i = 0; i < q->n; ++i)
        eq_copy_above_avxvnni(to + (int64_t)i * run, q->from + i * q->apart, run);
}

/* The points of `rows` rows of windows from h on; up to 31 bytes behind the band change, too. */
static inline void eq_fill_points_avxvnni(uint8_t *band, const int8_t *x, int32_t h,
                                          int32_t rows, const eq_band *b)
{
    const int32_t zx = b->lines.zx, run = b->run;
    for (int32_t r = 0; r < rows; ++r, band += b->line) {
        const eq_points_row q = eq_points_row_of(b, x, h + r);
        eq_border_avxvnni(band, zx, q.first * run);
        eq_points_above_avxvnni(band + q.first * run, &q, run);
        eq_border_avxvnni(band + (q.first + q.n) * run, zx, q.last * run);
    }
}

/* The band of what windows read: of points where it has them. */
static inline void eq_fill_read_avxvnni(uint8_t *band, const int8_t *x, int32_t h,
                                        int32_t rows, const eq_band *b)
{
    if (eq_has_points(b))
        eq_fill_points_avxvnni(band, x, h, rows, b);
    else
        eq_fill_band_avxvnni(band, x, h, rows, b);
}

#endif
