/* Lines of pairs for AVX2: what depthwise_pairs_avx2.h reads windows from.
 *
 * A line of pairs holds two rows of the image, dil_h apart, widened to int16 and side by side,
 * with their borders: 32 numbers of a column, in the order of unpacking, channels 0..3 and 8..11,
 * then 4..7 and 12..15.  Where pixels have eight channels and lie side by side, two of them
 * are the sixteen.  What is read lies in the pixels of the image.
 *
 * Of windows of three rows, one below the other, two see the same lines, whose pairs do not
 * overlap; the second one begins amid a pair.
 *
 * Lines of all rows are kept where they are short; else as many as a window spans, in a ring.
 */
#ifndef EDGEQ_DEPTHWISE_LINES_AVX2_H
#define EDGEQ_DEPTHWISE_LINES_AVX2_H

#include "edgeq/depthwise_s8.h"
#include "edgeq/rescale_avx2.h"

enum {
    EQ_PAIR = 32,         /* numbers of a column */
    EQ_PAIR_COLUMNS = 384 /* of short lines: 24 KB */
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
    int32_t left;        /* of them before the image */
    int32_t inside;      /* and wholly in it */
    int shared;        /* 1 where two rows of windows, of three rows, see the same lines */
    int8_t border[16]; /* zx */
} eq_row_pairs_avx2;

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

/* n columns inside of the image, sixteen or eight bytes each. */
EQ_INLINE_AVX2 void eq_put_inside_avx2(int16_t *line, eq_row_avx2 x, eq_row_avx2 z,
                                       int32_t n, int32_t bytes)
{
    for (int32_t i = 0; i < n; ++i) {
        const __m128i a = eq_take_avx2(x.x, bytes), b = eq_take_avx2(z.x, bytes);
        eq_put_pair_avx2(line, _mm256_cvtepi8_epi16(a), _mm256_cvtepi8_epi16(b));
        line += EQ_PAIR;
        x.x += x.pixel;
        z.x += z.pixel;
    }
}

/* The same of any number that eq_are_many_avx2 accepts. */
EQ_INLINE_AVX2 void eq_put_many_avx2(int16_t *line, eq_row_avx2 x, eq_row_avx2 z, int32_t n,
                                     int32_t bytes)
{
    if (bytes == 16)
        eq_put_inside_avx2(line, x, z, n, 16);
    else
        eq_put_inside_avx2(line, x, z, n, 8);
}

EQ_INLINE_AVX2 int eq_are_many_avx2(int32_t bytes)
{
    return bytes == 16 || bytes == 8;
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
    if (!eq_are_many_avx2(count * l->pixels)) {
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
    eq_put_many_avx2(line + (int64_t)l->left * EQ_PAIR, rows[0], rows[1], l->inside,
                     count * l->pixels);
}

/* Where output rows go, and which: y points at the sixteen channels of row 0. */
typedef struct {
    int8_t *y;
    int32_t row, end;
} eq_rows_out_avx2;

/* The row of the image that line 0 of q begins with. */
static inline int32_t eq_top_avx2(const eq_row_pairs_avx2 *l, const eq_rows_out_avx2 *q)
{
    return q->row * l->p->stride_h - l->p->pad_top;
}

/* Lines that all rows of q see. */
static inline int32_t eq_all_lines_avx2(const eq_row_pairs_avx2 *l,
                                        const eq_rows_out_avx2 *q)
{
    return (q->end - q->row - 1) * l->step + l->span;
}

/* Lines up to those that row r, counted from q->row on, sees are made; returns how many. */
EQ_INLINE_AVX2 int32_t eq_make_lines_avx2(const eq_row_pairs_avx2 *l, int16_t *lines,
                                          const int8_t *x, const eq_rows_out_avx2 *q,
                                          int32_t r, int32_t made, int32_t count)
{
    const int32_t top = eq_top_avx2(l, q), first = r * l->step;
    const int64_t line = (int64_t)l->columns * EQ_PAIR;
    int32_t i = made < first ? first : made;
    for (; i < first + l->span; ++i)
        eq_make_line_avx2(lines + eq_slot_avx2(i, l->kept) * line, x, top + i * l->every, l,
                          count);
    return i;
}

/* How windows of p lie in lines; `kept` depends on their rows. */
static inline eq_row_pairs_avx2 eq_pairs_of_avx2(const eq_depthwise_s8_params *p)
{
    const int32_t every = p->stride_h % 2 == 0 || p->row1 - p->row0 == 1 ? 2 : 1;
    const int32_t apart = 2 * p->dil_h / every;
    const int32_t span = (p->kh - 1) / 2 * apart + 1;
    const int two = p->in_c == 8 && p->x_pixel == 8 && p->y_pixel == 8 && p->stride_w == 1;
    const int32_t pixels = two ? 2 : 1;
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
                           .left = left,
                           .inside = whole < rest ? whole : rest};
    memset(l.border, p->zx, sizeof l.border);
    return l;
}

/* Of windows of three rows two see the same lines: those of pairs that do not overlap. */
static inline void eq_share_lines_avx2(eq_row_pairs_avx2 *l)
{
    const int32_t fit = EQ_PAIR_COLUMNS / l->columns;
    l->shared = 1;
    l->every = 2;
    l->step = 1;
    l->apart = 1;
    l->span = 2;
    l->kept = fit > 2 ? fit : 2;
}

#endif
