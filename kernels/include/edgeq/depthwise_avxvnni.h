/* Depthwise convolution for AVX-VNNI: four pixels by eight channels at a time.
 *
 * Rows are copied with their borders into a band (conv2d_band.h).  The bytes x + 128 of four of its
 * lines that a window sees are put side by side, as a dword for each column and channel, up to 32
 * channels at once; a window of kh rows has (kh + 3) / 4 such groups.  VPDPBUSD multiplies a
 * dword with the weights of four rows, which are packed (o/8, kh/4, kw, o%8, kh%4).  Where a window
 * has at most three rows and the next is a row below, one strip of groups serves two rows of
 * outputs, the second with weights shifted by a byte.
 *
 * Exact: VPDPBUSD does not saturate, and its sums are modulo 2^32.  Biases have 128 times the sum of
 * their weights taken away (@offset), so the last sum is the contract's, which is in range.
 * What rows beyond the last of a window hold meets weights of zero.
 *
 * Where weights have a zero point zw, biases get 128 * zw * taps back, and w - zw, saturated to
 * int8, takes the place of w; what that is too much, at most 128, is another weight, whose sums are
 * taken away in passes where it is not zero everywhere.
 *
 * Scratch, with COLUMNS = (dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw,
 * STRIP = (kh + 3) / 4 * (COLUMNS * 4 * min(in_c, 32) + 128), and BAND as conv2d_band.h says:
 *
 *   BAND + 96 + max(1, min(row1 - row0, 16384 / STRIP)) * STRIP
 */
#ifndef EDGEQ_DEPTHWISE_AVXVNNI_H
#define EDGEQ_DEPTHWISE_AVXVNNI_H

#include "edgeq/conv2d_call.h"
#include "edgeq/depthwise_s8.h"
#include "edgeq/depthwise_strips_avxvnni.h"

/* Kinds of passes: any, with weights that are too much for int8, and those with windows of three
 * columns and one group, a column apart, and eight channels. */
enum { EQ_PLAIN_AVXVNNI = 0, EQ_MUCH_AVXVNNI = 1, EQ_SLIDE_AVXVNNI = 2 };

/* Sums of four pixels, or of less. */
typedef struct {
    __m256i a, b, c, d;
} eq_quad_avxvnni;

/* The windows of n pixels, 1, 2 or 4, on top of `sum`. */
EQ_INLINE_AVX2 eq_quad_avxvnni eq_windows_avxvnni(const eq_strips_avxvnni *s, __m256i sum,
                                                  const int8_t *w, const uint8_t *q, int n)
{
    eq_quad_avxvnni r = {sum, sum, sum, sum};
    for (int32_t g = 0; g < s->groups; ++g)
        for (int32_t k = 0; k < s->kw; ++k) {
            const uint8_t *x = q + g * s->group + k * s->column, *z = x + 2 * s->pixel;
            const __m256i v = eq_load_bytes_avxvnni(w);
            w += 32;
            r.a = _mm256_dpbusd_epi32(r.a, eq_load_bytes_avxvnni(x), v);
            if (n > 1)
                r.b = _mm256_dpbusd_epi32(r.b, eq_load_bytes_avxvnni(x + s->pixel), v);
            if (n > 2)
                r.c = _mm256_dpbusd_epi32(r.c, eq_load_bytes_avxvnni(z), v);
            if (n > 2)
                r.d = _mm256_dpbusd_epi32(r.d, eq_load_bytes_avxvnni(z + s->pixel), v);
        }
    return r;
}

/* Three columns, by the weights of each. */
EQ_INLINE_AVX2 __m256i eq_three_avxvnni(__m256i sum, __m256i a, __m256i b, __m256i c,
                                        const __m256i *w)
{
    const __m256i first = _mm256_dpbusd_epi32(sum, a, w[0]);
    return _mm256_dpbusd_epi32(_mm256_dpbusd_epi32(first, b, w[1]), c, w[2]);
}

/* The same of four pixels, a column apart, whose windows have three columns and one group. */
EQ_INLINE_AVX2 eq_quad_avxvnni eq_slide_avxvnni(const eq_strips_avxvnni *s, __m256i sum,
                                                const int8_t *w, const uint8_t *q)
{
    const int64_t step = s->column;
    const __m256i v[3] = {eq_load_bytes_avxvnni(w), eq_load_bytes_avxvnni(w + 32),
                          eq_load_bytes_avxvnni(w + 64)};
    const __m256i a = eq_load_bytes_avxvnni(q), b = eq_load_bytes_avxvnni(q + step),
                  c = eq_load_bytes_avxvnni(q + 2 * step),
                  d = eq_load_bytes_avxvnni(q + 3 * step),
                  e = eq_load_bytes_avxvnni(q + 4 * step),
                  f = eq_load_bytes_avxvnni(q + 5 * step);
    const eq_quad_avxvnni r = {
        eq_three_avxvnni(sum, a, b, c, v), eq_three_avxvnni(sum, b, c, d, v),
        eq_three_avxvnni(sum, c, d, e, v), eq_three_avxvnni(sum, d, e, f, v)};
    return r;
}

/* The sums of n pixels, in row `row` of a strip. */
EQ_INLINE_AVX2 eq_quad_avxvnni eq_sums_of_avxvnni(const eq_pass_avxvnni *t,
                                                  const eq_strips_avxvnni *s,
                                                  const uint8_t *q, int row, int n,
                                                  int kind)
{
    if (kind == EQ_SLIDE_AVXVNNI && n == 4)
        return eq_slide_avxvnni(s, t->bias, t->w[row], q);
    const eq_quad_avxvnni r = eq_windows_avxvnni(s, t->bias, t->w[row], q, n);
    if (kind != EQ_MUCH_AVXVNNI)
        return r;
    const __m256i none = _mm256_setzero_si256();
    const eq_quad_avxvnni m = eq_windows_avxvnni(s, none, t->much[row], q, n);
    const eq_quad_avxvnni less = {_mm256_sub_epi32(r.a, m.a), _mm256_sub_epi32(r.b, m.b),
                                  _mm256_sub_epi32(r.c, m.c), _mm256_sub_epi32(r.d, m.d)};
    return less;
}

/* Eight channels of four pixels as bytes, pixel by pixel. */
EQ_INLINE_AVX2 __m256i eq_pixels_bytes_avxvnni(const eq_pass_avxvnni *t,
                                               const eq_quad_avxvnni *r, int n, int single)
{
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    const __m256i turn =
        _mm256_setr_epi8(0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15, 0, 2, 1, 3,
                         4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15);
    const __m256i a = eq_scaled_avx2(r->a, &t->f, single);
    const __m256i b = n > 1 ? eq_scaled_avx2(r->b, &t->f, single) : a;
    const __m256i ab = _mm256_packs_epi32(a, b);
    const __m256i cd = n > 2 ? _mm256_packs_epi32(eq_scaled_avx2(r->c, &t->f, single),
                                                  eq_scaled_avx2(r->d, &t->f, single))
                             : ab;
    const __m256i v = eq_bytes_avx2(ab, cd, &t->range);
    return _mm256_shuffle_epi8(_mm256_permutevar8x32_epi32(v, order), turn);
}

/* The first `count` <= 8 bytes of each of n pixels. */
EQ_INLINE_AVX2 void eq_store_pixels_avxvnni(int8_t *y, int64_t y_pixel, __m256i v, int n,
                                            int32_t count)
{
    if (count < 8) {
        int8_t some[32];
        _mm256_storeu_si256((__m256i *)(void *)some, v);
        for (int i = 0; i < n; ++i)
            memcpy(y + i * y_pixel, some + 8 * i, (size_t)count);
        return;
    }
    const __m128i low = _mm256_castsi256_si128(v), high = _mm256_extracti128_si256(v, 1);
    int8_t *const z = y + 2 * y_pixel;
    _mm_storel_epi64((__m128i *)(void *)y, low);
    if (n > 1)
        _mm_storeh_pd((double *)(void *)(y + y_pixel), _mm_castsi128_pd(low));
    if (n > 2) {
        _mm_storel_epi64((__m128i *)(void *)z, high);
        _mm_storeh_pd((double *)(void *)(z + y_pixel), _mm_castsi128_pd(high));
    }
}

/* What is left of a row of outputs. */
typedef struct {
    const uint8_t *q;
    int8_t *y;
    int64_t y_pixel;
    int32_t out_w, count; /* pixels, and channels to store of each, at most 8 */
    int32_t row;          /* of a strip */
} eq_row_avxvnni;

/* Pixels as long as there are n. */
EQ_INLINE_AVX2 void eq_row_by_n_avxvnni(const eq_pass_avxvnni *t,
                                        const eq_strips_avxvnni *s, eq_row_avxvnni *g,
                                        int n, int kind, int single)
{
    const int32_t count = kind == EQ_SLIDE_AVXVNNI ? 8 : g->count;
    const int64_t step = n * s->pixel, y_step = n * g->y_pixel, y_pixel = g->y_pixel;
    const uint8_t *q = g->q;
    int8_t *y = g->y;
    int32_t left = g->out_w;
    for (; left >= n; left -= n) {
        const eq_quad_avxvnni r = eq_sums_of_avxvnni(t, s, q, g->row, n, kind);
        const __m256i v = eq_pixels_bytes_avxvnni(t, &r, n, single);
        eq_store_pixels_avxvnni(y, y_pixel, v, n, count);
        q += step;
        y += y_step;
    }
    g->q = q;
    g->y = y;
    g->out_w = left;
}

EQ_INLINE_AVX2 void eq_row_pixels_avxvnni(const eq_pass_avxvnni *t,
                                          const eq_strips_avxvnni *s, eq_row_avxvnni g,
                                          int kind, int single)
{
    eq_row_by_n_avxvnni(t, s, &g, 4, kind, single);
    eq_row_by_n_avxvnni(t, s, &g, 2, kind, single);
    eq_row_by_n_avxvnni(t, s, &g, 1, kind, single);
}

EQ_INLINE_AVX2 void eq_row_forms_avxvnni(const eq_pass_avxvnni *t,
                                         const eq_strips_avxvnni *s,
                                         const eq_row_avxvnni *g, int kind, int single)
{
    if (single == EQ_LIVE)
        eq_row_pixels_avxvnni(t, s, *g, kind, EQ_LIVE);
    else if (single == EQ_SINGLE)
        eq_row_pixels_avxvnni(t, s, *g, kind, EQ_SINGLE);
    else
        eq_row_pixels_avxvnni(t, s, *g, kind, EQ_DOUBLE);
}

/* The same by kind, functions of their own, so that nothing else takes registers. */
EQ_APART_AVX2 void eq_row_slide_avxvnni(const eq_pass_avxvnni *t,
                                        const eq_strips_avxvnni *s, const eq_row_avxvnni *g,
                                        int single)
{
    eq_row_forms_avxvnni(t, s, g, EQ_SLIDE_AVXVNNI, single);
}

EQ_APART_AVX2 void eq_row_plain_avxvnni(const eq_pass_avxvnni *t,
                                        const eq_strips_avxvnni *s, const eq_row_avxvnni *g,
                                        int single)
{
    eq_row_forms_avxvnni(t, s, g, EQ_PLAIN_AVXVNNI, single);
}

EQ_APART_AVX2 void eq_row_much_avxvnni(const eq_pass_avxvnni *t, const eq_strips_avxvnni *s,
                                       const eq_row_avxvnni *g, int single)
{
    eq_row_forms_avxvnni(t, s, g, EQ_MUCH_AVXVNNI, single);
}

/* `rows` rows of outputs, which are those of the strips at q, of `count` channels. */
static inline void eq_depthwise_strips_avxvnni(const eq_pass_avxvnni *t,
                                               const eq_strips_avxvnni *s, const uint8_t *q,
                                               int8_t *y, const eq_depthwise_s8_params *p,
                                               int32_t rows, int32_t count, int single)
{
    const int slide = s->groups == 1 && s->kw == 3 && s->pixel == s->column && count == 8;
    for (int32_t r = 0; r < rows; ++r) {
        const eq_row_avxvnni g = {
            q + r / s->rows * s->strip, y, p->y_pixel, p->out_w, count, r % s->rows};
        if (t->has_much)
            eq_row_much_avxvnni(t, s, &g, single);
        else if (slide)
            eq_row_slide_avxvnni(t, s, &g, single);
        else
            eq_row_plain_avxvnni(t, s, &g, single);
        y += p->y_row;
    }
}

/* The strips of `rows` rows of outputs and up to 32 channels from c on; y is their first. */
EQ_INLINE_AVX2 void eq_depthwise_chunk_avxvnni(eq_pass_avxvnni *t,
                                               const eq_strips_avxvnni *s, const uint8_t *q,
                                               const eq_conv2d_arrays *a, int8_t *y,
                                               const eq_depthwise_s8_params *p,
                                               int32_t rows, int32_t c, int has_zw,
                                               int single)
{
    const int32_t left = p->in_c - c;
    for (int32_t i = 0; i < left && i < EQ_CHUNK_AVXVNNI; i += 8) {
        const int32_t o = c + i, rest = left - i, count = rest < 8 ? rest : 8;
        const int8_t *const w = a->w + (int64_t)o * s->groups * s->kw * 4;
        t->bias = eq_load_bias_avx2(a->bias + o);
        t->f = eq_load_scale_avx2(a->mult + o, a->shift + o, single);
        if (has_zw)
            eq_load_quads_zw_avxvnni(t, w, p->kh, p->kw, t->zw);
        else
            eq_load_quads_avxvnni(t, w, p->kh, p->kw);
        eq_depthwise_strips_avxvnni(t, s, q + 4 * i, y + o, p, rows, count, single);
    }
}

/* `rows` rows of outputs from y on, of windows in a band. */
EQ_INLINE_AVX2 void eq_depthwise_band_avxvnni(eq_pass_avxvnni *t, const eq_band *b,
                                              const eq_strips_avxvnni *s,
                                              const int8_t *band, uint8_t *strips,
                                              const eq_conv2d_arrays *a, int8_t *y,
                                              const eq_depthwise_s8_params *p, int32_t rows,
                                              int has_zw, int single)
{
    const eq_lines *g = &b->lines;
    const int32_t lines = (rows - 1) * g->stride_h + (g->kh - 1) * g->dil_h + 1;
    const int mode =
        !single && eq_is_live(p->zy, p->act_min, p->act_max) ? EQ_LIVE : single;
    for (int32_t c = 0; c < p->in_c; c += EQ_CHUNK_AVXVNNI)
        for (int32_t r = 0; r < rows; r += s->kept * s->rows) {
            const int32_t left = rows - r, most = s->kept * s->rows;
            const int32_t now = left < most ? left : most;
            for (int32_t i = 0; i < now; i += s->rows)
                eq_fill_strip_avxvnni(strips + i / s->rows * s->strip, band, b, s,
                                      (r + i) * g->stride_h, lines, c);
            eq_depthwise_chunk_avxvnni(t, s, strips, a, y + (int64_t)r * p->y_row, p, now,
                                       c, has_zw, mode);
        }
}

/* A whole call of multiplier 1, whose weights have the zero point zw; the last two are constants. */
EQ_INLINE_AVX2 void eq_depthwise_image_avxvnni(const eq_conv2d_arrays *a, int8_t *scratch,
                                               const eq_depthwise_s8_params *p, int32_t zw,
                                               int has_zw, int single)
{
    const eq_lines g = EQ_LINES_OF(p);
    const eq_band b = eq_band_of(g, p->out_w, p->kw, p->dil_w, p->stride_w);
    const eq_strips_avxvnni s = eq_strips_of_avxvnni(&b, p->row1 - p->row0);
    const int32_t all = p->row1 - p->row0, most = all < b.rows ? all : b.rows;
    const int32_t lines = (most - 1) * p->stride_h + (p->kh - 1) * p->dil_h + 1;
    const int64_t before = ((int64_t)lines * b.line + 32 + 63) / 64 * 64;
    eq_pass_avxvnni t;
    t.zw = zw;
    t.range = eq_load_range_avx2(p->zy, p->act_min, p->act_max);
    for (int32_t h = p->row0; h < p->row1; h += b.rows) {
        const int32_t left = p->row1 - h, rows = left < b.rows ? left : b.rows;
        eq_fill_band(scratch, a->x, h, rows, &b);
        eq_depthwise_band_avxvnni(&t, &b, &s, scratch, (uint8_t *)scratch + before, a,
                                  a->y + (int64_t)h * p->y_row, p, rows, has_zw, single);
    }
}

#endif
