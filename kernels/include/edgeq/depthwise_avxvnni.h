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

#include "edgeq/conv2d_band.h"
#include "edgeq/conv2d_call.h"
#include "edgeq/depthwise_s8.h"
#include "edgeq/dots_avxvnni.h"

enum {
    EQ_QUADS_AVXVNNI = 127,    /* groups by columns that a window may have */
    EQ_STRIPS_AVXVNNI = 16384, /* bytes of strips, unless one needs more */
    EQ_CHUNK_AVXVNNI = 32      /* channels of a strip */
};

/* How strips lie, in bytes. */
typedef struct {
    int64_t column, pixel; /* from column to column, and from window to window */
    int64_t group, strip;
    int32_t groups, kw;
    int32_t rows; /* of outputs that a strip serves: 1 or 2 */
    int32_t kept; /* strips that there is room for */
} eq_strips_avxvnni;

/* What a pass over eight channels needs, for the first and the second row of a strip. */
typedef struct {
    int8_t w[2][EQ_QUADS_AVXVNNI * 32], much[2][EQ_QUADS_AVXVNNI * 32];
    int32_t zw;
    int has_much;
    __m256i bias;
    eq_scale_avx2 f;
    eq_range_avx2 range;
} eq_pass_avxvnni;

/* Sums of four pixels, or of less. */
typedef struct {
    __m256i a, b, c, d;
} eq_quad_avxvnni;

static inline eq_strips_avxvnni eq_strips_of_avxvnni(const eq_band *b, int32_t rows)
{
    const eq_lines *g = &b->lines;
    const int32_t some = g->in_c < EQ_CHUNK_AVXVNNI ? g->in_c : EQ_CHUNK_AVXVNNI;
    const int32_t groups = (g->kh + 3) / 4, column = 4 * some;
    const int32_t strip = groups * (g->columns * column + 128);
    const int32_t fit = EQ_STRIPS_AVXVNNI / strip, kept = fit < rows ? fit : rows;
    const eq_strips_avxvnni s = {
        .column = column,
        .pixel = (int64_t)column * (b->step / g->in_c),
        .group = strip / groups,
        .strip = strip,
        .groups = groups,
        .kw = b->kw,
        .rows = g->kh <= 3 && g->stride_h == 1 && g->dil_h == 1 ? 2 : 1,
        .kept = kept > 1 ? kept : 1};
    return s;
}

/* Dwords 0, 2, 4, 6, 1, 3, 5, 7 at x, bytes as x + 128. */
EQ_INLINE_AVX2 __m256i eq_line_avxvnni(const int8_t *x)
{
    const __m256i order = _mm256_setr_epi32(0, 2, 4, 6, 1, 3, 5, 7);
    return _mm256_permutevar8x32_epi32(eq_above_avxvnni(x), order);
}

EQ_INLINE_AVX2 void eq_put_avxvnni(uint8_t *q, __m256i v)
{
    _mm256_storeu_si256((__m256i *)(void *)q, v);
}

/* The bytes of four lines side by side: n times 32 that are `step` apart. */
EQ_APART_AVX2 void eq_group_avxvnni(uint8_t *q, const int8_t *const *x, int64_t step,
                                    int32_t n)
{
    const int8_t *x0 = x[0], *x1 = x[1], *x2 = x[2], *x3 = x[3];
    for (int64_t i = 0; n > 0; --n, i += step, q += 128) {
        const __m256i a = eq_line_avxvnni(x0 + i), b = eq_line_avxvnni(x1 + i);
        const __m256i c = eq_line_avxvnni(x2 + i), d = eq_line_avxvnni(x3 + i);
        const __m256i low = _mm256_unpacklo_epi8(a, b), high = _mm256_unpackhi_epi8(a, b);
        const __m256i u = _mm256_unpacklo_epi8(c, d), v = _mm256_unpackhi_epi8(c, d);
        eq_put_avxvnni(q, _mm256_unpacklo_epi16(low, u));
        eq_put_avxvnni(q + 32, _mm256_unpackhi_epi16(low, u));
        eq_put_avxvnni(q + 64, _mm256_unpacklo_epi16(high, v));
        eq_put_avxvnni(q + 96, _mm256_unpackhi_epi16(high, v));
    }
}

/* The strip of the windows that begin in line `line` of a band of `lines`, of the channels from
 * `channel` on.  Pixels of up to 32 channels are taken as they follow each other. */
static inline void eq_fill_strip_avxvnni(uint8_t *q, const int8_t *band, const eq_band *b,
                                         const eq_strips_avxvnni *s, int32_t line,
                                         int32_t lines, int32_t channel)
{
    const eq_lines *g = &b->lines;
    const int whole = g->in_c <= EQ_CHUNK_AVXVNNI;
    for (int32_t k = 0; k < s->groups; ++k) {
        const int8_t *x[4];
        for (int32_t i = 0; i < 4; ++i) {
            const int32_t at = line + (4 * k + i) * g->dil_h;
            x[i] = band + (int64_t)(at < lines ? at : lines - 1) * b->line + channel;
        }
        eq_group_avxvnni(q + k * s->group, x, whole ? 32 : g->in_c,
                         whole ? (b->line + 31) / 32 : g->columns);
    }
}

/* The weights of a group and column, for both rows of a strip. */
EQ_INLINE_AVX2 void eq_set_weights_avxvnni(int8_t (*w)[EQ_QUADS_AVXVNNI * 32], int32_t i,
                                           __m256i v)
{
    _mm256_storeu_si256((__m256i *)(void *)(w[0] + 32 * i), v);
    _mm256_storeu_si256((__m256i *)(void *)(w[1] + 32 * i), _mm256_slli_epi32(v, 8));
}

/* The weights of eight channels. */
static inline void eq_load_quads_avxvnni(eq_pass_avxvnni *t, const int8_t *w, int32_t kh,
                                         int32_t kw)
{
    for (int32_t i = 0; i < (kh + 3) / 4 * kw; ++i)
        eq_set_weights_avxvnni(t->w, i, eq_load_bytes_avxvnni(w + 32 * i));
    t->has_much = 0;
}

/* The same of weights less their zero point. */
static inline void eq_load_quads_zw_avxvnni(eq_pass_avxvnni *t, const int8_t *w, int32_t kh,
                                            int32_t kw, int32_t zw)
{
    const __m256i zero = _mm256_set1_epi8((int8_t)zw);
    __m256i any = _mm256_setzero_si256();
    for (int32_t i = 0; i < (kh + 3) / 4 * kw; ++i) {
        const int32_t rows = kh - i / kw * 4;
        const __m256i real =
            _mm256_set1_epi32(rows < 4 ? (int32_t)((1u << 8 * rows) - 1) : -1);
        const __m256i v = eq_load_bytes_avxvnni(w + 32 * i);
        const __m256i some = _mm256_and_si256(_mm256_subs_epi8(v, zero), real);
        const __m256i all = _mm256_and_si256(_mm256_sub_epi8(v, zero), real);
        const __m256i much = _mm256_sub_epi8(some, all);
        eq_set_weights_avxvnni(t->w, i, some);
        eq_set_weights_avxvnni(t->much, i, much);
        any = _mm256_or_si256(any, much);
    }
    t->bias = _mm256_add_epi32(t->bias, _mm256_set1_epi32(128 * zw * kh * kw));
    t->has_much = !_mm256_testz_si256(any, any);
}

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
                                                  int slide)
{
    const __m256i none = _mm256_setzero_si256();
    eq_quad_avxvnni r = slide && n == 4 ? eq_slide_avxvnni(s, t->bias, t->w[row], q)
                                        : eq_windows_avxvnni(s, t->bias, t->w[row], q, n);
    if (t->has_much) {
        const eq_quad_avxvnni m = eq_windows_avxvnni(s, none, t->much[row], q, n);
        r.a = _mm256_sub_epi32(r.a, m.a);
        r.b = _mm256_sub_epi32(r.b, m.b);
        r.c = _mm256_sub_epi32(r.c, m.c);
        r.d = _mm256_sub_epi32(r.d, m.d);
    }
    return r;
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
    _mm_storel_epi64((__m128i *)(void *)y, low);
    if (n > 1)
        _mm_storeh_pd((double *)(void *)(y + y_pixel), _mm_castsi128_pd(low));
    if (n > 2) {
        _mm_storel_epi64((__m128i *)(void *)(y + 2 * y_pixel), high);
        _mm_storeh_pd((double *)(void *)(y + 3 * y_pixel), _mm_castsi128_pd(high));
    }
}

/* n pixels. */
EQ_INLINE_AVX2 void eq_depthwise_n_avxvnni(const eq_pass_avxvnni *t,
                                           const eq_strips_avxvnni *s, const uint8_t *q,
                                           int8_t *y, const eq_depthwise_s8_params *p,
                                           int row, int n, int32_t count, int slide,
                                           int single)
{
    const eq_quad_avxvnni r = eq_sums_of_avxvnni(t, s, q, row, n, slide);
    eq_store_pixels_avxvnni(y, p->y_pixel, eq_pixels_bytes_avxvnni(t, &r, n, single), n,
                            count);
}

/* A row of outputs, `count` channels of each. */
EQ_INLINE_AVX2 void eq_depthwise_row_avxvnni(const eq_pass_avxvnni *t,
                                             const eq_strips_avxvnni *s, const uint8_t *q,
                                             int8_t *y, const eq_depthwise_s8_params *p,
                                             int row, int32_t count, int slide, int single)
{
    int32_t n = p->out_w;
    for (; n >= 4; n -= 4) {
        eq_depthwise_n_avxvnni(t, s, q, y, p, row, 4, count, slide, single);
        q += 4 * s->pixel;
        y += 4 * (int64_t)p->y_pixel;
    }
    for (; n >= 2; n -= 2) {
        eq_depthwise_n_avxvnni(t, s, q, y, p, row, 2, count, slide, single);
        q += 2 * s->pixel;
        y += 2 * (int64_t)p->y_pixel;
    }
    if (n > 0)
        eq_depthwise_n_avxvnni(t, s, q, y, p, row, 1, count, slide, single);
}

/* The output rows [row, row + rows) of the strips at q, of eight channels. */
EQ_INLINE_AVX2 void eq_depthwise_strips_avxvnni(const eq_pass_avxvnni *t,
                                                const eq_strips_avxvnni *s,
                                                const uint8_t *q, int8_t *y,
                                                const eq_depthwise_s8_params *p,
                                                int32_t rows, int32_t count, int single)
{
    const int slide = s->groups == 1 && s->kw == 3 && s->pixel == s->column;
    for (int32_t r = 0; r < rows; ++r) {
        const uint8_t *x = q + r / s->rows * s->strip;
        if (slide)
            eq_depthwise_row_avxvnni(t, s, x, y, p, r % s->rows, count, 1, single);
        else
            eq_depthwise_row_avxvnni(t, s, x, y, p, r % s->rows, count, 0, single);
        y += p->y_row;
    }
}

/* The strips of `rows` rows of outputs and up to 32 channels from c on; y is their first. */
EQ_INLINE_AVX2 void eq_depthwise_chunk_avxvnni(eq_pass_avxvnni *t,
                                               const eq_strips_avxvnni *s, const uint8_t *q,
                                               const eq_conv2d_arrays *a, int8_t *y,
                                               const eq_depthwise_s8_params *p,
                                               int32_t rows, int32_t c, int has_zw,
                                               int live, int single)
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
        if (live)
            eq_depthwise_strips_avxvnni(t, s, q + 4 * i, y + o, p, rows, count, EQ_LIVE);
        else
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
    const int live = single == EQ_DOUBLE && eq_is_live(p->zy, p->act_min, p->act_max);
    for (int32_t c = 0; c < p->in_c; c += EQ_CHUNK_AVXVNNI)
        for (int32_t r = 0; r < rows; r += s->kept * s->rows) {
            const int32_t left = rows - r, most = s->kept * s->rows;
            const int32_t now = left < most ? left : most;
            for (int32_t i = 0; i < now; i += s->rows)
                eq_fill_strip_avxvnni(strips + i / s->rows * s->strip, band, b, s,
                                      (r + i) * g->stride_h, lines, c);
            eq_depthwise_chunk_avxvnni(t, s, strips, a, y + (int64_t)r * p->y_row, p, now,
                                       c, has_zw, live, single);
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
