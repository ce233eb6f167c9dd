/* Depthwise convolution for AVX2: four windows by sixteen channels at a time.
 *
 * A line of pairs holds two rows of the image, dil_h apart, widened to int16 and side by side, with
 * their borders: 32 numbers of a column, in the order of unpacking, channels 0..3 and 8..11,
 * then 4..7 and 12..15.  VPMADDWD multiplies them with the weights of two rows of a window.  A
 * line is made once for all windows that see it.  Where pixels have eight channels and lie side
 * by side, two of them are the sixteen.
 *
 * Lines of all rows are kept where they are short; else as many as a window spans, in a ring.
 *
 * Exact: a sum of two products is at most 2^15 in magnitude, 2^16 where weights have a zero
 * point, and int32 holds sums in any order by the contract's proof.  An odd number of rows
 * is made even by one of weight zero, and so are channels to sixteen.
 *
 * Scratch, with COLUMNS = out_w * stride_w + kw * dil_w, EVERY = 1, or 2 where stride_h is even or there is but
 * one row, and
 * SPAN = (kh - 1) / 2 * 2 * dil_h / EVERY + 1:
 *
 *   64 * max(SPAN * COLUMNS, min(((row1 - row0 - 1) * stride_h / EVERY + SPAN) * COLUMNS, 384))
 */
#ifndef EDGEQ_DEPTHWISE_PAIRS_AVX2_H
#define EDGEQ_DEPTHWISE_PAIRS_AVX2_H

#include "edgeq/conv2d_lines.h"
#include "edgeq/depthwise_s8.h"
#include "edgeq/nibbles_avx2.h"
#include "edgeq/scale_avx2.h"

enum {
    EQ_PAIR = 32,              /* numbers of a column */
    EQ_PAIR_COLUMNS = 384,     /* of short lines: 24 KB */
    EQ_PAIR_TAPS = 128,        /* pairs of taps that a window may have */
    EQ_PAIR_IMAGE = 128 * 1024 /* bytes of the image that all channels pass at a time */
};

/* How windows lie in lines. */
typedef struct {
    const eq_depthwise_s8_params *p;
    int32_t pixels;      /* of sixteen channels: 1 or 2 */
    int32_t pairs;       /* of rows that a window sees */
    int32_t every;       /* rows from line to line */
    int32_t step, apart; /* lines from window to the one below, and from pair to pair */
    int32_t kept, span;  /* lines that there are, and that a window spans */
    int32_t columns;     /* of a line */
    int narrow;          /* 1 where that is one, and so is a row of the image */
    int32_t left;        /* of them before the image */
    int32_t inside;      /* and wholly in it */
    int8_t border[16];   /* zx */
} eq_row_pairs_avx2;

/* What a pass needs of eight channels. */
typedef struct {
    int16_t w[EQ_PAIR_TAPS * 16]; /* (kh/2, kw, 8, 2) */
    __m256i bias;
    eq_scale_avx2 f;
} eq_eight_avx2;

/* What a pass over sixteen channels needs: 0..3 and 8..11, then 4..7 and 12..15. */
typedef struct {
    eq_eight_avx2 part[2];
    eq_range_avx2 range;
    int32_t count; /* channels that a pixel has of them */
} eq_sixteen_avx2;

/* Windows of a tile: where they begin, what becomes of them, and where pairs of taps lie. */
typedef struct {
    const int16_t *x[4];
    int8_t *y[4];
    int32_t taps;
    int64_t at[EQ_PAIR_TAPS];
} eq_windows_avx2;

/* Sixteen int16. */
EQ_INLINE_AVX2 __m256i eq_load_x16_avx2(const int16_t *x)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)x);
}

/* Products of pairs of rows. */
EQ_INLINE_AVX2 __m256i eq_pair_avx2(const int16_t *x, const int16_t *w)
{
    return _mm256_madd_epi16(eq_load_x16_avx2(x), eq_load_x16_avx2(w));
}

/* The sums of eight channels of four windows; x are their beginnings. */
EQ_INLINE_AVX2 void eq_eight_sums_avx2(const eq_eight_avx2 *t, const eq_windows_avx2 *g,
                                       const int16_t *const *x, __m256i *s)
{
    __m256i s0 = t->bias, s1 = t->bias, s2 = t->bias, s3 = t->bias;
    for (int32_t i = 0; i < g->taps; ++i) {
        const int16_t *w = t->w + (int64_t)i * 16;
        s0 = _mm256_add_epi32(s0, eq_pair_avx2(x[0] + g->at[i], w));
        s1 = _mm256_add_epi32(s1, eq_pair_avx2(x[1] + g->at[i], w));
        s2 = _mm256_add_epi32(s2, eq_pair_avx2(x[2] + g->at[i], w));
        s3 = _mm256_add_epi32(s3, eq_pair_avx2(x[3] + g->at[i], w));
    }
    s[0] = s0;
    s[1] = s1;
    s[2] = s2;
    s[3] = s3;
}

/* Eight channels of four windows narrowed: lanes 0..3 of all before those above. */
EQ_INLINE_AVX2 __m256i eq_four_bytes_avx2(const eq_sixteen_avx2 *t, const eq_eight_avx2 *e,
                                          const __m256i *s, int single)
{
    const eq_scale_avx2 f = e->f;
    return eq_bytes_avx2(_mm256_packs_epi32(eq_scaled_avx2(s[0], &f, single),
                                            eq_scaled_avx2(s[1], &f, single)),
                         _mm256_packs_epi32(eq_scaled_avx2(s[2], &f, single),
                                            eq_scaled_avx2(s[3], &f, single)),
                         &t->range);
}

/* One window of 3 x 3 whose pairs lie at x and z, columns side by side. */
EQ_INLINE_AVX2 __m256i eq_window_3x3_avx2(const eq_eight_avx2 *e, const int16_t *x,
                                          const int16_t *z)
{
    const __m256i a = _mm256_add_epi32(e->bias, eq_pair_avx2(x, e->w));
    const __m256i b = _mm256_add_epi32(a, eq_pair_avx2(x + EQ_PAIR, e->w + 16));
    const __m256i c = _mm256_add_epi32(b, eq_pair_avx2(x + 2 * EQ_PAIR, e->w + 32));
    const __m256i d = _mm256_add_epi32(c, eq_pair_avx2(z, e->w + 48));
    const __m256i f = _mm256_add_epi32(d, eq_pair_avx2(z + EQ_PAIR, e->w + 64));
    return _mm256_add_epi32(f, eq_pair_avx2(z + 2 * EQ_PAIR, e->w + 80));
}

/* Eight channels of n windows, 2 or 4, `step` apart, a constant. */
EQ_INLINE_AVX2 __m256i eq_bytes_3x3_avx2(const eq_sixteen_avx2 *t, int part,
                                         const int16_t *x, const int16_t *z, int step,
                                         int n, int single)
{
    const eq_eight_avx2 *e = &t->part[part];
    __m256i s[4];
    x += 16 * part;
    z += 16 * part;
    s[0] = eq_window_3x3_avx2(e, x, z);
    s[1] = eq_window_3x3_avx2(e, x + step, z + step);
    s[2] = n > 2 ? eq_window_3x3_avx2(e, x + 2 * step, z + 2 * step) : s[0];
    s[3] = n > 2 ? eq_window_3x3_avx2(e, x + 3 * step, z + 3 * step) : s[1];
    return eq_four_bytes_avx2(t, e, s, single);
}

/* Channels of four windows that are in a and b. */
EQ_INLINE_AVX2 void eq_store_four_avx2(int8_t *const *y, __m256i a, __m256i b,
                                       int32_t bytes, int n)
{
    eq_store_two_avx2(y[0], y[1], eq_two_in_order_avx2(_mm256_unpacklo_epi32(a, b)), bytes);
    if (n > 2)
        eq_store_two_avx2(y[2], y[3], eq_two_in_order_avx2(_mm256_unpackhi_epi32(a, b)),
                          bytes);
}

/* Four windows, of which `bytes` bytes are stored. */
EQ_INLINE_AVX2 void eq_four_windows_avx2(const eq_sixteen_avx2 *t, const eq_windows_avx2 *g,
                                         int32_t bytes, int single)
{
    const int16_t *const x[4] = {g->x[0] + 16, g->x[1] + 16, g->x[2] + 16, g->x[3] + 16};
    __m256i s[4], u[4];
    eq_eight_sums_avx2(&t->part[0], g, g->x, s);
    eq_eight_sums_avx2(&t->part[1], g, x, u);
    eq_store_four_avx2(g->y, eq_four_bytes_avx2(t, &t->part[0], s, single),
                       eq_four_bytes_avx2(t, &t->part[1], u, single), bytes, 4);
}

/* n windows of 3 x 3, 2 or 4. */
EQ_INLINE_AVX2 void eq_windows_3x3_avx2(const eq_sixteen_avx2 *t, const int16_t *x,
                                        const int16_t *z, int8_t *y, int64_t y_step,
                                        int32_t bytes, int step, int n, int single)
{
    const __m256i a = eq_bytes_3x3_avx2(t, 0, x, z, step, n, single);
    const __m256i b = eq_bytes_3x3_avx2(t, 1, x, z, step, n, single);
    int8_t *const to[4] = {y, y + y_step, y + 2 * y_step, y + 3 * y_step};
    eq_store_four_avx2(to, a, b, bytes, n);
}

/* A row of n >= 2 windows of 3 x 3; the last are computed again where they fill no tile. */
EQ_INLINE_AVX2 void eq_row_3x3_avx2(const eq_sixteen_avx2 *t, const int16_t *x,
                                    const int16_t *z, int8_t *y, int64_t y_step, int32_t n,
                                    int32_t bytes, int step, int single)
{
    int32_t c = 0;
    for (; c + 4 <= n; c += 4)
        eq_windows_3x3_avx2(t, x + c * step, z + c * step, y + c * y_step, y_step, bytes,
                            step, 4, single);
    for (; c < n; c += 2) {
        const int32_t at = c + 2 > n ? n - 2 : c;
        eq_windows_3x3_avx2(t, x + at * step, z + at * step, y + at * y_step, y_step, bytes,
                            step, 2, single);
    }
}

/* n <= 4 windows; what is left of a tile is its last window once more. */
EQ_INLINE_AVX2 void eq_some_windows_avx2(const eq_sixteen_avx2 *t, eq_windows_avx2 *g,
                                         int32_t bytes, int32_t n, int single)
{
    for (int32_t i = n; i < 4; ++i) {
        g->x[i] = g->x[n - 1];
        g->y[i] = g->y[n - 1];
    }
    eq_four_windows_avx2(t, g, bytes, single);
}

/* The n <= 16 bytes at x, and what is behind them. */
EQ_INLINE_AVX2 __m128i eq_take_avx2(const int8_t *x, int32_t n)
{
    if (n == 16)
        return _mm_loadu_si128((const __m128i *)(const void *)x);
    if (n == 8)
        return _mm_loadl_epi64((const __m128i *)(const void *)x);
    int8_t some[16] = {0};
    memcpy(some, x, (size_t)n);
    return _mm_loadu_si128((const __m128i *)(const void *)some);
}

/* A column of two rows. */
EQ_INLINE_AVX2 void eq_put_pair_avx2(int16_t *to, __m256i a, __m256i b)
{
    _mm256_storeu_si256((__m256i *)(void *)to, _mm256_unpacklo_epi16(a, b));
    _mm256_storeu_si256((__m256i *)(void *)(to + 16), _mm256_unpackhi_epi16(a, b));
}

/* i modulo n, seldom by a division. */
EQ_INLINE_AVX2 int32_t eq_slot_avx2(int32_t i, int32_t n)
{
    return i < n ? i : i % n;
}

/* A row of the image, or one of borders alone: where its columns lie. */
typedef struct {
    const int8_t *x; /* column 0 */
    int64_t pixel;
} eq_row_avx2;

/* Sixteen channels of column c of a row; `border` where there are none. */
EQ_INLINE_AVX2 __m256i eq_column_avx2(const eq_row_avx2 *x, int32_t c,
                                      const eq_row_pairs_avx2 *l, int32_t count,
                                      __m128i border)
{
    const int one = c >= 0 && c < l->p->in_w, two = c + 1 >= 0 && c + 1 < l->p->in_w;
    const __m128i v = one ? eq_take_avx2(x->x + c * x->pixel, count) : border;
    if (l->pixels == 1)
        return _mm256_cvtepi8_epi16(v);
    const __m128i u = two ? eq_take_avx2(x->x + (c + 1) * x->pixel, count) : border;
    return _mm256_cvtepi8_epi16(_mm_unpacklo_epi64(v, u));
}

/* Columns [from, end) of a line, one by one. */
EQ_APART_AVX2 void eq_put_columns_avx2(int16_t *line, const eq_row_avx2 *x, int32_t from,
                                       int32_t end, const eq_row_pairs_avx2 *l,
                                       int32_t count)
{
    const __m128i border = _mm_loadu_si128((const __m128i *)(const void *)l->border);
    for (int32_t j = from; j < end; ++j) {
        const int32_t c = j - l->p->pad_left;
        eq_put_pair_avx2(line + (int64_t)j * EQ_PAIR,
                         eq_column_avx2(&x[0], c, l, count, border),
                         eq_column_avx2(&x[1], c, l, count, border));
    }
}

/* n columns of zx alone. */
EQ_INLINE_AVX2 void eq_put_border_avx2(int16_t *line, int32_t n, int32_t zx)
{
    const __m256i v = _mm256_set1_epi16((int16_t)zx);
    for (int32_t i = 0; i < n; ++i)
        eq_put_pair_avx2(line + (int64_t)i * EQ_PAIR, v, v);
}

/* n columns inside of the image, sixteen bytes each. */
EQ_INLINE_AVX2 void eq_put_inside_avx2(int16_t *line, eq_row_avx2 x, eq_row_avx2 z,
                                       int32_t n)
{
    for (int32_t i = 0; i < n; ++i) {
        eq_put_pair_avx2(line, eq_widen_avx2(x.x), eq_widen_avx2(z.x));
        line += EQ_PAIR;
        x.x += x.pixel;
        z.x += z.pixel;
    }
}

/* Row r of the image at x. */
EQ_INLINE_AVX2 eq_row_avx2 eq_image_row_avx2(const int8_t *x, int32_t r,
                                             const eq_row_pairs_avx2 *l)
{
    const eq_depthwise_s8_params *p = l->p;
    if (r < 0 || r >= p->in_h) {
        const eq_row_avx2 border = {l->border, 0};
        return border;
    }
    const eq_row_avx2 row = {x + (int64_t)eq_slot_avx2(r, p->x_ring) * p->x_row,
                             p->x_pixel};
    return row;
}

/* The line of rows r and r + dil_h of the image at x, of which `count` channels of a pixel
 * count. */
EQ_INLINE_AVX2 void eq_make_line_avx2(int16_t *line, const int8_t *x, int32_t r,
                                      const eq_row_pairs_avx2 *l, int32_t count)
{
    const eq_row_avx2 rows[2] = {eq_image_row_avx2(x, r, l),
                                 eq_image_row_avx2(x, r + l->p->dil_h, l)};
    const int32_t end = l->left + l->inside;
    if (count * l->pixels != 16) {
        eq_put_columns_avx2(line, rows, 0, l->columns, l, count);
        return;
    }
    if (l->pixels > 1) {
        eq_put_columns_avx2(line, rows, 0, l->left, l, count);
        eq_put_columns_avx2(line, rows, end, l->columns, l, count);
    } else {
        eq_put_border_avx2(line, l->left, l->p->zx);
        eq_put_border_avx2(line + (int64_t)end * EQ_PAIR, l->columns - end, l->p->zx);
    }
    eq_put_inside_avx2(line + (int64_t)l->left * EQ_PAIR, rows[0], rows[1], l->inside);
}

/* The vector v, or its lower half twice where they are two pixels of eight. */
EQ_INLINE_AVX2 __m256i eq_of_pixels_avx2(__m256i v, int32_t pixels)
{
    return pixels == 1 ? v : _mm256_permute2x128_si256(v, v, 0);
}

/* Eight channels of a constant. */
EQ_INLINE_AVX2 void eq_copy_pixels_avx2(int32_t *to, const int32_t *q, int32_t pixels)
{
    _mm256_storeu_si256((__m256i *)(void *)to, eq_of_pixels_avx2(eq_load_x8(q), pixels));
}

/* The constants of sixteen channels; zw is taken from the weights, which may be int4. */
EQ_INLINE_AVX2 void eq_load_sixteen_avx2(eq_sixteen_avx2 *t, const int8_t *w,
                                         const int32_t *bias, const int32_t *mult,
                                         const int32_t *shift, const eq_row_pairs_avx2 *l,
                                         int32_t zw, int is_int4, int single)
{
    const __m256i zero = _mm256_set1_epi16((int16_t)zw);
    const int32_t taps = l->pairs * l->p->kw, whole = l->p->kh / 2 * l->p->kw;
    for (int32_t i = 0; i < taps; ++i) {
        const eq_nibbles_avx2 v = eq_weights_avx2(w, is_int4);
        const __m256i one = _mm256_set1_epi32(i < whole ? -1 : 0xffff);
        const __m256i a = _mm256_and_si256(_mm256_sub_epi16(v.low, zero), one);
        const __m256i b = _mm256_and_si256(_mm256_sub_epi16(v.high, zero), one);
        _mm256_storeu_si256((__m256i *)(void *)(t->part[0].w + i * 16),
                            eq_of_pixels_avx2(a, l->pixels));
        _mm256_storeu_si256((__m256i *)(void *)(t->part[1].w + i * 16),
                            eq_of_pixels_avx2(b, l->pixels));
        w += is_int4 ? 16 : 32;
    }
    for (int32_t k = 0; k < 2; ++k) {
        int32_t m[8], s[8];
        eq_copy_pixels_avx2(m, mult + 8 * k, l->pixels);
        eq_copy_pixels_avx2(s, shift + 8 * k, l->pixels);
        t->part[k].bias = eq_of_pixels_avx2(eq_load_bias_avx2(bias + 8 * k), l->pixels);
        t->part[k].f = eq_load_scale_avx2(m, s, single);
    }
}

/* Where output rows go, and which: y points at the sixteen channels of row 0. */
typedef struct {
    int8_t *y;
    int32_t row, end;
} eq_rows_out_avx2;

/* Lines up to those that row r, counted from q->row on, sees are made; returns how many. */
EQ_INLINE_AVX2 int32_t eq_make_lines_avx2(const eq_row_pairs_avx2 *l, int16_t *lines,
                                          const int8_t *x, const eq_rows_out_avx2 *q,
                                          int32_t r, int32_t made, int32_t count)
{
    const eq_depthwise_s8_params *p = l->p;
    const int32_t top = q->row * p->stride_h - p->pad_top, first = r * l->step;
    const int64_t line = (int64_t)l->columns * EQ_PAIR;
    int32_t i = made < first ? first : made;
    if (l->narrow && top >= 0 && count * l->pixels == 16) {
        const int32_t all = (q->end - q->row - 1) * l->step + l->span;
        const int32_t below = p->in_h - 1 - p->dil_h - top;
        const int32_t whole = below < 0 ? 0 : below / l->every + 1;
        const int32_t n = all < whole ? all : whole;
        const int64_t step = (int64_t)l->every * p->x_row;
        const eq_row_avx2 a = {x + (int64_t)top * p->x_row, step};
        const eq_row_avx2 b = {a.x + (int64_t)p->dil_h * p->x_row, step};
        if (r == 0 && all <= l->kept && n > 0) {
            eq_put_inside_avx2(lines, a, b, n);
            i = n;
        }
    }
    for (; i < first + l->span; ++i)
        eq_make_line_avx2(lines + eq_slot_avx2(i, l->kept) * line, x, top + i * l->every, l,
                          count);
    return i;
}

/* Where pairs of taps lie, those of the first from line `from` on. */
static inline void eq_place_pairs_avx2(eq_windows_avx2 *g, const eq_row_pairs_avx2 *l,
                                       int32_t from)
{
    int64_t *at = g->at;
    for (int32_t i = 0; i < l->pairs; ++i) {
        const int64_t line = (int64_t)((from + i * l->apart) % l->kept) * l->columns;
        for (int32_t k = 0; k < l->p->kw; ++k)
            *at++ = (line + k * l->p->dil_w) * EQ_PAIR;
    }
    g->taps = l->pairs * l->p->kw;
}

/* The same of a line of windows of 3 x 3, those of two rows of pairs at x and z. */
EQ_INLINE_AVX2 void eq_line_3x3_avx2(const eq_sixteen_avx2 *t, const eq_row_pairs_avx2 *l,
                                     const int16_t *x, const int16_t *z, int8_t *y,
                                     int single)
{
    const int64_t y_step = (int64_t)l->p->y_pixel * l->pixels;
    const int32_t n = l->p->out_w / l->pixels, bytes = t->count * l->pixels;
    if (l->p->stride_w * l->pixels == 1) {
        eq_row_3x3_avx2(t, x, z, y, y_step, n, bytes, EQ_PAIR, single);
        return;
    }
    eq_row_3x3_avx2(t, x, z, y, y_step, n, bytes, 2 * EQ_PAIR, single);
    const int64_t last = l->p->out_w - 4;
    if (n * l->pixels < l->p->out_w)
        eq_windows_3x3_avx2(t, x + last * EQ_PAIR, z + last * EQ_PAIR,
                            y + last * l->p->y_pixel, y_step, bytes, 2 * EQ_PAIR, 2,
                            single);
}

/* Sixteen channels of some output rows of windows of 3 x 3; x points at them. */
EQ_INLINE_AVX2 void eq_pass_3x3_avx2(const eq_sixteen_avx2 *t, const eq_row_pairs_avx2 *l,
                                     int16_t *lines, const int8_t *x,
                                     const eq_rows_out_avx2 *q, int single)
{
    const int64_t line = (int64_t)l->columns * EQ_PAIR;
    for (int32_t r = 0, made = 0; r < q->end - q->row; ++r) {
        made = eq_make_lines_avx2(l, lines, x, q, r, made, t->count);
        const int32_t first = r * l->step;
        eq_line_3x3_avx2(t, l, lines + eq_slot_avx2(first, l->kept) * line,
                         lines + eq_slot_avx2(first + l->apart, l->kept) * line,
                         q->y + (int64_t)(q->row + r) * l->p->y_row, single);
    }
}

/* The same of any windows; x points at them. */
EQ_INLINE_AVX2 void eq_pass_rows_avx2(const eq_sixteen_avx2 *t, const eq_row_pairs_avx2 *l,
                                      int16_t *lines, const int8_t *x,
                                      const eq_rows_out_avx2 *q, int single)
{
    const eq_depthwise_s8_params *p = l->p;
    const int64_t line = (int64_t)l->columns * EQ_PAIR;
    const int32_t rows = q->end - q->row, bytes = t->count * l->pixels;
    const int ring = (rows - 1) * l->step + l->span > l->kept;
    const int32_t out_w = p->out_w, pixels = l->pixels;
    const int64_t step = (int64_t)p->stride_w * EQ_PAIR, y_step = p->y_pixel;
    eq_windows_avx2 g;
    for (int32_t r = 0, made = 0, n = 0; r < rows; ++r) {
        made = eq_make_lines_avx2(l, lines, x, q, r, made, t->count);
        const int32_t top = ring ? 0 : r * l->step, first = ring ? r * l->step : 0;
        if (ring || r == 0)
            eq_place_pairs_avx2(&g, l, first);
        const int16_t *from = lines + top * line;
        int8_t *to = q->y + (int64_t)(q->row + r) * p->y_row;
        for (int32_t i = 0; i < out_w; i += pixels) {
            const int32_t c = i + pixels > out_w ? out_w - pixels : i;
            g.x[n] = from + c * step;
            g.y[n] = to + c * y_step;
            if (++n == 4) {
                eq_four_windows_avx2(t, &g, bytes, single);
                n = 0;
            }
        }
        if (n > 0 && (ring || r + 1 == rows)) {
            eq_some_windows_avx2(t, &g, bytes, n, single);
            n = 0;
        }
    }
}

/* How windows of p lie in lines; `kept` depends on their rows. */
static inline eq_row_pairs_avx2 eq_pairs_of_avx2(const eq_depthwise_s8_params *p)
{
    const int32_t every = p->stride_h % 2 == 0 || p->row1 - p->row0 == 1 ? 2 : 1;
    const int32_t apart = 2 * p->dil_h / every;
    const int32_t span = (p->kh - 1) / 2 * apart + 1;
    const int two = p->in_c == 8 && p->x_pixel == 8 && p->y_pixel == 8 && p->stride_w == 1;
    const int32_t pixels = two && p->out_w > 1 ? 2 : 1;
    const int32_t columns = (p->out_w - pixels) * p->stride_w + (p->kw - 1) * p->dil_w + 1;
    const int32_t fit = EQ_PAIR_COLUMNS / columns;
    const int32_t left = p->pad_left < columns ? p->pad_left : columns;
    const int32_t whole = p->in_w - (pixels - 1), rest = columns - left;
    eq_row_pairs_avx2 l = {.p = p,
                           .pixels = pixels,
                           .pairs = (p->kh + 1) / 2,
                           .every = every,
                           .step = p->stride_h / every,
                           .apart = apart,
                           .kept = fit > span ? fit : span,
                           .span = span,
                           .columns = columns,
                           .narrow = columns == 1 && p->in_w == 1 && left == 0 &&
                                     p->x_ring == p->in_h,
                           .left = left,
                           .inside = whole < rest ? whole : rest};
    memset(l.border, p->zx, sizeof l.border);
    return l;
}

/* All output rows, as many at a time as a part of the image has; `single` is the rounding form. */
EQ_INLINE_AVX2 void eq_depthwise_by_pairs_avx2(const int8_t *x, const int8_t *w,
                                               const int32_t *bias, const int32_t *mult,
                                               const int32_t *shift, int8_t *y,
                                               int8_t *scratch,
                                               const eq_depthwise_s8_params *p, int32_t zw,
                                               int is_int4, int single)
{
    const eq_row_pairs_avx2 l = eq_pairs_of_avx2(p);
    const int32_t part = EQ_PAIR_IMAGE / (p->x_row * p->stride_h + 1);
    const int32_t some = part > 8 ? part : 8, halves = is_int4 ? 1 : 2;
    const int fast = p->kw == 3 && l.pairs == 2 && p->dil_w == 1 && p->stride_w <= 2 &&
                     p->out_w >= 2 * l.pixels;
    eq_sixteen_avx2 t;
    t.range = eq_load_range_avx2(p->zy, p->act_min, p->act_max);
    for (int32_t h = p->row0; h < p->row1; h += some)
        for (int32_t o = 0; o < p->in_c; o += 16) {
            const int32_t rest = p->in_c - o;
            const eq_rows_out_avx2 q = {y + o, h, p->row1 - h < some ? p->row1 : h + some};
            t.count = rest < 16 ? rest : 16;
            eq_load_sixteen_avx2(&t, w + (int64_t)o * halves * l.pairs * p->kw, bias + o,
                                 mult + o, shift + o, &l, zw, is_int4, single);
            if (fast)
                eq_pass_3x3_avx2(&t, &l, (int16_t *)(void *)scratch, x + o, &q, single);
            else
                eq_pass_rows_avx2(&t, &l, (int16_t *)(void *)scratch, x + o, &q, single);
        }
}

/* The same, where the clamp is that of a ReLU with less work. */
EQ_INLINE_AVX2 void eq_depthwise_live_avx2(const int8_t *x, const int8_t *w,
                                           const int32_t *bias, const int32_t *mult,
                                           const int32_t *shift, int8_t *y, int8_t *scratch,
                                           const eq_depthwise_s8_params *p, int32_t zw,
                                           int is_int4, int single)
{
    if (!single && eq_is_live(p->zy, p->act_min, p->act_max))
        eq_depthwise_by_pairs_avx2(x, w, bias, mult, shift, y, scratch, p, zw, is_int4,
                                   EQ_LIVE);
    else
        eq_depthwise_by_pairs_avx2(x, w, bias, mult, shift, y, scratch, p, zw, is_int4,
                                   single);
}

#endif
