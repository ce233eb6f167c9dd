/* A band (conv2d_band.h) of x + 128 for AVX-VNNI, and what windows of it add up to. */
#ifndef EDGEQ_CONV2D_BAND_AVXVNNI_H
#define EDGEQ_CONV2D_BAND_AVXVNNI_H

#include "edgeq/conv2d_band.h"
#include "edgeq/dense_avx2.h"
#include "edgeq/dots_avxvnni.h"

/* n bytes as x + 128; where n < 32, up to 31 more are written. */
static inline void eq_copy_above_avxvnni(uint8_t *to, const int8_t *x, int64_t n)
{
    if (n < 32) {
        int8_t some[32] = {0};
        memcpy(some, x, (size_t)n);
        eq_put_avxvnni(to, eq_above_avxvnni(some));
        return;
    }
    for (int64_t i = 0; i < n - 32; i += 32)
        eq_put_avxvnni(to + i, eq_above_avxvnni(x + i));
    eq_put_avxvnni(to + n - 32, eq_above_avxvnni(x + n - 32));
}

/* n times zx + 128; up to 31 more are written. */
static inline void eq_border_avxvnni(uint8_t *to, int32_t zx, int32_t n)
{
    for (int32_t i = 0; i < n; i += 32)
        eq_put_avxvnni(to + i, _mm256_set1_epi8((char)(zx ^ INT8_MIN)));
}

/* Line `row` of the image with its borders, of pixels that lie side by side.  What is written too
 * much is written once more or lies behind the band. */
static inline void eq_line_above_avxvnni(uint8_t *line, const int8_t *x, int32_t row,
                                         const eq_band *b)
{
    const eq_lines *g = &b->lines;
    if (row < 0 || row >= g->in_h) {
        eq_border_avxvnni(line, g->zx, b->line);
        return;
    }
    const int32_t left = g->pad_left < g->columns ? g->pad_left : g->columns;
    const int32_t rest = g->columns - left, inside = rest < g->in_w ? rest : g->in_w;
    uint8_t *const to = line + left * g->in_c;
    eq_border_avxvnni(line, g->zx, left * g->in_c);
    eq_copy_above_avxvnni(to, x + (int64_t)(row % g->x_ring) * g->x_row,
                          (int64_t)inside * g->in_c);
    eq_border_avxvnni(to + inside * g->in_c, g->zx, (rest - inside) * g->in_c);
}

/* Whether lines [top, top + lines) of the image are what the band is to hold, as they follow each
 * other. */
static inline int eq_is_straight_avxvnni(const eq_lines *g, int32_t top, int32_t lines)
{
    return g->pad_left == 0 && g->columns == g->in_w && g->x_row == g->in_w * g->in_c &&
           g->x_ring == g->in_h && top >= 0 && top + lines <= g->in_h;
}

/* The band of eq_fill_band as x + 128; up to 31 bytes behind it change, too. */
static inline void eq_fill_band_avxvnni(uint8_t *band, const int8_t *x, int32_t h,
                                        int32_t rows, const eq_band *b)
{
    const eq_lines *g = &b->lines;
    const int32_t top = h * g->stride_h - g->pad_top;
    const int32_t lines = (rows - 1) * g->stride_h + (g->kh - 1) * g->dil_h + 1;
    const int64_t size = (int64_t)lines * b->line;
    if (b->dil_w == 1 && g->x_pixel == g->in_c) {
        if (eq_is_straight_avxvnni(g, top, lines))
            eq_copy_above_avxvnni(band, x + (int64_t)top * g->x_row, size);
        else
            for (int32_t r = 0; r < lines; ++r)
                eq_line_above_avxvnni(band + (int64_t)r * b->line, x, top + r, b);
        return;
    }
    eq_fill_band((int8_t *)band, x, h, rows, b);
    for (int64_t i = 0; i < size; i += 32)
        eq_put_avxvnni(band + i, eq_above_avxvnni(band + i));
}

/* The first four bytes of all windows of a band, those of a column below each other and `apart`
 * from the next: what such windows hold then follows each other, however many rows they have. */
static inline void eq_fill_columns_avxvnni(uint8_t *to, int64_t apart, const uint8_t *band,
                                           int32_t rows, const eq_band *b)
{
    const int32_t lines = (rows - 1) * b->lines.stride_h + b->lines.kh;
    for (int32_t c = 0; c < b->out_w; ++c) {
        const uint8_t *x = band + (int64_t)c * b->step;
        uint8_t *q = to + c * apart;
        for (int32_t r = 0; r < lines; ++r) {
            memcpy(q, x, 4);
            q += 4;
            x += b->line;
        }
    }
}

/* Windows whose bytes are added up: kh segments of `run`. */
typedef struct {
    int64_t segment, step; /* from segment to segment, and from window to window */
    int32_t kh, run;
    __m256i last; /* 1 for each of the last 32 bytes that is in a segment */
} eq_spans_avxvnni;

static inline eq_spans_avxvnni eq_spans_of_avxvnni(int64_t segment, int64_t step,
                                                   int32_t kh, int32_t run)
{
    const __m256i at =
        _mm256_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18,
                         19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31);
    const __m256i some =
        _mm256_cmpgt_epi8(_mm256_set1_epi8((char)((run - 1) % 32 + 1)), at);
    const eq_spans_avxvnni w = {segment, step, kh, run,
                                _mm256_and_si256(some, _mm256_set1_epi8(1))};
    return w;
}

EQ_INLINE_AVX2 __m256i eq_add_up_avxvnni(__m256i sum, const uint8_t *x, __m256i ones)
{
    return _mm256_dpbusd_epi32(sum, eq_load_bytes_avxvnni(x), ones);
}

/* The sums of eight windows; up to 31 bytes behind a segment are read. */
EQ_INLINE_AVX2 __m256i eq_eight_sums_avxvnni(const uint8_t *x, const eq_spans_avxvnni *w,
                                             int64_t s)
{
    const __m256i zero = _mm256_setzero_si256(), one = _mm256_set1_epi8(1);
    const int64_t s3 = 3 * s, s5 = 5 * s, s7 = 7 * s;
    eq_rows_avx2 v = {zero, zero, zero, zero, zero, zero, zero, zero};
    for (int32_t r = w->kh; r > 0; --r) {
        const uint8_t *q = x;
        for (int32_t left = w->run; left > 0; left -= 32) {
            const __m256i ones = left > 32 ? one : w->last;
            v.a = eq_add_up_avxvnni(v.a, q, ones);
            v.b = eq_add_up_avxvnni(v.b, q + s, ones);
            v.c = eq_add_up_avxvnni(v.c, q + 2 * s, ones);
            v.d = eq_add_up_avxvnni(v.d, q + s3, ones);
            v.e = eq_add_up_avxvnni(v.e, q + 4 * s, ones);
            v.f = eq_add_up_avxvnni(v.f, q + s5, ones);
            v.g = eq_add_up_avxvnni(v.g, q + 2 * s3, ones);
            v.h = eq_add_up_avxvnni(v.h, q + s7, ones);
            eq_stay_avxvnni(&v.a, &v.b, &v.c, &v.d);
            eq_stay_avxvnni(&v.e, &v.f, &v.g, &v.h);
            q += 32;
        }
        x += w->segment;
    }
    return eq_across_avx2(v);
}

/* What a zero point zw of the weights adds to the sums of n windows: zw * (128 * taps
 * - sum (x + 128)), an int32 each; up to 28 bytes more are written. */
EQ_APART_AVX2 void eq_fill_more_avxvnni(uint8_t *more, const uint8_t *x, int32_t n,
                                        int32_t zw, const eq_spans_avxvnni *w)
{
    const __m256i all = _mm256_set1_epi32(128 * w->kh * w->run), by = _mm256_set1_epi32(zw);
    const int32_t next = n < 8 ? 1 : 8;
    for (int32_t i = 0; i < n; i += next) {
        const int64_t at = i + next > n ? n - next : i;
        const __m256i sums =
            eq_eight_sums_avxvnni(x + at * w->step, w, n < 8 ? 0 : w->step);
        eq_put_avxvnni(more + 4 * at, _mm256_mullo_epi32(by, _mm256_sub_epi32(all, sums)));
    }
}

#endif
