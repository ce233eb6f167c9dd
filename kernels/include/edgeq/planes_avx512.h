/* Planes of x + 128: neighbouring pixels in neighbouring lanes, for VPDPBUSD.
 *
 * A plane holds four bytes of each column of a row. With stride_w == 1 and in_c % 4 == 0 these are
 * channels [4g, 4g + 4) of the columns of a row with its borders, which the windows of neighbours
 * share, dil_w columns apart for each column of the filter. Otherwise they are taps [4g, 4g + 4)
 * of the kw * in_c that a window sees of the row: a plane has one column for each window. The
 * last taps are filled up with zeros.
 *
 * Scratch, with SHARED, GROUPS and PITCH as in eq_planes_of, LINE = 4 * GROUPS * PITCH bytes:
 *
 *   ((max(1, min(row1 - row0, 24576 / (LINE * stride_h))) - 1) * stride_h
 *    + (kh - 1) * dil_h + 1) * LINE
 *
 * and behind that a row as it is, up to sixteen columns longer, and 64 bytes.
 */
#ifndef EDGEQ_PLANES_AVX512_H
#define EDGEQ_PLANES_AVX512_H

#include "edgeq/conv2d_band.h"
#include "edgeq/rescale_avx512.h"

typedef struct {
    eq_band raw;           /* how a row lies before it is cut into planes */
    int64_t step;          /* bytes from column to column of that */
    int64_t plane, line;   /* bytes of a plane, and of the planes of a row */
    int64_t tap;           /* bytes from column to column of the filter */
    int32_t taps;          /* columns of the filter whose groups lie apart */
    int32_t is_shared;     /* 1 where windows share planes */
    int32_t groups, count; /* planes of a row, and columns in each */
    int32_t rows;          /* output rows that are made at once */
    int32_t kept;          /* bits of the last four taps that there are, or all */
} eq_planes;

/* The planes of windows that lie as `g` says but for their columns, which follow. */
static inline eq_planes eq_planes_of(eq_lines g, int32_t out_w, int32_t kw, int32_t dil_w,
                                     int32_t stride_w)
{
    const int is_shared = stride_w == 1 && g.in_c % 4 == 0;
    eq_planes p = {.raw = eq_band_of(g, out_w, kw, dil_w, stride_w)};
    p.is_shared = is_shared;
    if (is_shared)
        p.raw.lines.columns = out_w + (kw - 1) * dil_w;
    p.step = is_shared ? g.in_c : p.raw.step;
    p.taps = is_shared ? kw : 1;
    p.tap = 4 * (int64_t)dil_w;
    p.groups = is_shared ? g.in_c / 4 : (kw * g.in_c + 3) / 4;
    p.count = is_shared ? p.raw.lines.columns : out_w;
    p.kept = (int32_t)(UINT32_MAX >> (is_shared ? 0 : 8 * (4 * p.groups - kw * g.in_c)));
    const int32_t most = (out_w + 15) / 16 * 16 + (p.taps - 1) * dil_w;
    p.plane = (int64_t)4 * ((most + 15) / 16 * 16);
    p.line = p.groups * p.plane;
    const int64_t fit = EQ_BAND_BYTES / (p.line * g.stride_h);
    p.rows = fit > 1 ? (int32_t)fit : 1;
    return p;
}

/* Sixteen bytes of four columns, four columns apart. */
EQ_INLINE_AVX512 __m512i eq_four_columns_avx512(const uint8_t *x, int64_t step)
{
    const uint8_t *y = x + 8 * step;
    __m512i v = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)(const void *)x));
    v = _mm512_inserti32x4(
        v, _mm_loadu_si128((const __m128i *)(const void *)(x + 4 * step)), 1);
    v = _mm512_inserti32x4(v, _mm_loadu_si128((const __m128i *)(const void *)y), 2);
    return _mm512_inserti32x4(
        v, _mm_loadu_si128((const __m128i *)(const void *)(y + 4 * step)), 3);
}

/* (v ^ 0x80) & kept, by the table of truth. */
EQ_INLINE_AVX512 void eq_put_plane_avx512(uint8_t *to, __m512i v, __m512i kept)
{
    const __m512i top = _mm512_set1_epi8(INT8_MIN);
    _mm512_storeu_si512((void *)to, _mm512_ternarylogic_epi32(v, top, kept, 0x28));
}

/* Sixteen columns, `step` bytes apart, to n planes, n in [1, 4]; each is read up to 16 bytes. */
EQ_INLINE_AVX512 void eq_cut_four_avx512(uint8_t *to, const uint8_t *x, int64_t step,
                                         int64_t plane, int32_t n, __m512i last)
{
    const __m512i all = _mm512_set1_epi32(-1);
    const __m512i a = eq_four_columns_avx512(x, step);
    const __m512i b = eq_four_columns_avx512(x + step, step);
    const __m512i c = eq_four_columns_avx512(x + 2 * step, step);
    const __m512i d = eq_four_columns_avx512(x + 3 * step, step);
    const __m512i e = _mm512_unpacklo_epi32(a, b), f = _mm512_unpacklo_epi32(c, d);
    const __m512i g = _mm512_unpackhi_epi32(a, b), h = _mm512_unpackhi_epi32(c, d);
    eq_put_plane_avx512(to, _mm512_unpacklo_epi64(e, f), n > 1 ? all : last);
    if (n > 1)
        eq_put_plane_avx512(to + plane, _mm512_unpackhi_epi64(e, f), n > 2 ? all : last);
    if (n > 2)
        eq_put_plane_avx512(to + 2 * plane, _mm512_unpacklo_epi64(g, h),
                            n > 3 ? all : last);
    if (n > 3)
        eq_put_plane_avx512(to + 3 * plane, _mm512_unpackhi_epi64(g, h),
                            n > 4 ? all : last);
}

/* Any columns. */
EQ_INLINE_AVX512 void eq_cut_any_avx512(uint8_t *to, const uint8_t *x, int32_t n,
                                        const eq_planes *p)
{
    const int64_t step = p->step, plane = p->plane;
    const int32_t groups = p->groups;
    const __m512i last = _mm512_set1_epi32(p->kept);
    for (; n > 0; n -= 16, x += 16 * step, to += 64) {
        const uint8_t *from = x;
        uint8_t *t = to;
        int32_t g = groups;
        for (; g > 4; g -= 4, from += 16, t += 4 * plane)
            eq_cut_four_avx512(t, from, step, plane, 5, last);
        if (g == 4)
            eq_cut_four_avx512(t, from, step, plane, 4, last);
        else
            eq_cut_four_avx512(t, from, step, plane, g, last);
    }
}

/* Columns of three bytes from step to step, or of six where is_wide, as of three channels with a
 * stride of one or two; groups is a constant. */
EQ_INLINE_AVX512 void eq_cut_few_avx512(uint8_t *to, const uint8_t *x, int32_t n,
                                        const eq_planes *p, int is_wide, int groups)
{
    const __m512i words =
        _mm512_set_epi16(22, 21, 19, 18, 16, 15, 13, 12, 10, 9, 7, 6, 4, 3, 1, 0, 22, 21,
                         19, 18, 16, 15, 13, 12, 10, 9, 7, 6, 4, 3, 1, 0);
    const __m512i fours =
        _mm512_setr_epi32(0, 1, 2, 3, 3, 4, 5, 6, 6, 7, 8, 9, 9, 10, 11, 12);
    const __m512i bytes = _mm512_broadcast_i32x4(
        _mm_setr_epi8(0, 1, 2, 3, 3, 4, 5, 6, 6, 7, 8, 9, 9, 10, 11, 12));
    const __m512i all = _mm512_set1_epi32(-1), last = _mm512_set1_epi32(p->kept);
    const int64_t plane = p->plane;
    for (; n > 0; n -= 16, x += 16 * p->step, to += 64)
        for (int g = 0; g < groups; ++g) {
            const __m512i a = _mm512_loadu_si512((const void *)(x + 4 * g));
            const __m512i b = _mm512_loadu_si512((const void *)(x + 4 * g + 48));
            const __m512i v = _mm512_permutexvar_epi16(words, a);
            const __m512i w = _mm512_mask_permutexvar_epi16(v, 0xffff0000, words, b);
            const __m512i u =
                _mm512_shuffle_epi8(_mm512_permutexvar_epi32(fours, a), bytes);
            eq_put_plane_avx512(to + g * plane, is_wide ? w : u,
                                g + 1 < groups ? all : last);
        }
}

/* Two planes of columns of eight bytes. */
EQ_INLINE_AVX512 void eq_cut_eights_avx512(uint8_t *to, const uint8_t *x, int32_t n,
                                           const eq_planes *p)
{
    const __m512i even =
        _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const __m512i odd = _mm512_add_epi32(even, _mm512_set1_epi32(1));
    const __m512i last = _mm512_set1_epi32(p->kept), all = _mm512_set1_epi32(-1);
    for (; n > 0; n -= 16, x += 128, to += 64) {
        const __m512i a = _mm512_loadu_si512((const void *)x);
        const __m512i b = _mm512_loadu_si512((const void *)(x + 64));
        eq_put_plane_avx512(to, _mm512_permutex2var_epi32(a, even, b), all);
        eq_put_plane_avx512(to + p->plane, _mm512_permutex2var_epi32(a, odd, b), last);
    }
}

/* Four planes of columns of sixteen bytes. */
EQ_INLINE_AVX512 void eq_cut_sixteens_avx512(uint8_t *to, const uint8_t *x, int32_t n,
                                             const eq_planes *p)
{
    const __m512i low =
        _mm512_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28, 1, 5, 9, 13, 17, 21, 25, 29);
    const __m512i high = _mm512_add_epi32(low, _mm512_set1_epi32(2));
    const __m512i all = _mm512_set1_epi32(-1);
    for (; n > 0; n -= 16, x += 256, to += 64) {
        const __m512i a = _mm512_loadu_si512((const void *)x);
        const __m512i b = _mm512_loadu_si512((const void *)(x + 64));
        const __m512i c = _mm512_loadu_si512((const void *)(x + 128));
        const __m512i d = _mm512_loadu_si512((const void *)(x + 192));
        const __m512i e = _mm512_permutex2var_epi32(a, low, b);
        const __m512i f = _mm512_permutex2var_epi32(c, low, d);
        const __m512i g = _mm512_permutex2var_epi32(a, high, b);
        const __m512i h = _mm512_permutex2var_epi32(c, high, d);
        eq_put_plane_avx512(to, _mm512_shuffle_i64x2(e, f, 0x44), all);
        eq_put_plane_avx512(to + p->plane, _mm512_shuffle_i64x2(e, f, 0xee), all);
        eq_put_plane_avx512(to + 2 * p->plane, _mm512_shuffle_i64x2(g, h, 0x44), all);
        eq_put_plane_avx512(to + 3 * p->plane, _mm512_shuffle_i64x2(g, h, 0xee), all);
    }
}

/* Columns [0, n) at x to planes; those that fill up the last sixteen are of no value, and where planes
 * begin with a border lie behind them, up to 60 bytes behind the last. Up to 64 bytes
 * behind sixteen columns and their windows are read, or none where eq_cuts_exactly_avx512. */
EQ_APART_AVX512 void eq_cut_planes_avx512(uint8_t *to, const uint8_t *x, int32_t n,
                                          const eq_planes *p)
{
    if (p->step == 6 && p->groups == 3)
        eq_cut_few_avx512(to, x, n, p, 1, 3);
    else if (p->step == 3 && p->groups == 3)
        eq_cut_few_avx512(to, x, n, p, 0, 3);
    else if (p->step == 8 && p->groups == 2)
        eq_cut_eights_avx512(to, x, n, p);
    else if (p->step == 16 && p->groups == 4 && p->kept == -1)
        eq_cut_sixteens_avx512(to, x, n, p);
    else if (p->step == 4 && p->groups == 1)
        for (int32_t c = 0; c < n; c += 16)
            eq_put_plane_avx512(to + 4 * c, _mm512_loadu_si512((const void *)(x + 4 * c)),
                                _mm512_set1_epi32(p->kept));
    else
        eq_cut_any_avx512(to, x, n, p);
}

/* 1 where eq_cut_planes_avx512 reads nothing behind the last of n columns. */
static inline int eq_cuts_exactly_avx512(const eq_planes *p, int32_t n)
{
    return n % 16 == 0 && (p->step % 16 == 0 || p->step == 8 || p->step == 4) &&
           p->groups * 4 == p->step;
}

/* The first n lanes of sixteen, n of any size. */
EQ_INLINE_AVX512 __mmask16 eq_first_of_x16(int32_t n)
{
    return (__mmask16)(n >= 16 ? 0xffff : (1u << (n > 0 ? n : 0)) - 1);
}

/* Columns [0, left) of each plane of a row, and `right` from the one at `after` on: of the point x
 * is quantized to, zx. */
EQ_INLINE_AVX512 void eq_border_planes_avx512(uint8_t *to, int32_t left, int32_t after,
                                              int32_t right, const eq_planes *p)
{
    const __m512i zero = _mm512_set1_epi8((int8_t)(p->raw.lines.zx ^ INT8_MIN));
    const int32_t groups = p->groups;
    const int64_t plane = p->plane;
    for (; left > 0 || right > 0; left -= 16, right -= 16, to += 64) {
        const __mmask16 first = eq_first_of_x16(left), last = eq_first_of_x16(right);
        uint8_t *at = to;
        for (int32_t g = groups; g > 0; --g, at += plane) {
            _mm512_mask_storeu_epi32(at, first, zero);
            _mm512_mask_storeu_epi32(at + 4 * (int64_t)after, last, zero);
        }
    }
}

/* Columns [0, n) at x to planes, where nothing may be read behind them: the last of them from
 * `row`, to which they are copied. */
static inline void eq_cut_pixels_avx512(uint8_t *to, uint8_t *row, const int8_t *x,
                                        int32_t n, const eq_planes *p)
{
    const int32_t whole = eq_cuts_exactly_avx512(p, n) ? n : (n - 1) / 16 * 16;
    eq_cut_planes_avx512(to, (const uint8_t *)x, whole, p);
    if (whole == n)
        return;
    memcpy(row, x + whole * p->step, (size_t)((n - whole) * p->step));
    eq_cut_planes_avx512(to + 4 * (int64_t)whole, row, n - whole, p);
}

/* A row of shared planes, pixels of which lie side by side. What is cut behind the last pixel is
 * border, or the left border of the plane that follows: both are filled in after. */
static inline void eq_fill_shared_avx512(uint8_t *to, uint8_t *row, const int8_t *x,
                                         int32_t at, const eq_planes *p)
{
    const eq_lines *g = &p->raw.lines;
    const int32_t left = g->pad_left < g->columns ? g->pad_left : g->columns;
    const int32_t rest = g->columns - left, n = rest < g->in_w ? rest : g->in_w;
    if (at < 0 || at >= g->in_h) {
        memset(to, (int8_t)(g->zx ^ INT8_MIN), (size_t)p->line);
        return;
    }
    if (n > 0)
        eq_cut_pixels_avx512(to + 4 * left, row, x + at % g->x_ring * g->x_row, n, p);
    eq_border_planes_avx512(to, left, left + n, rest - n, p);
}

/* Any row: first as it is, with its borders. */
static inline void eq_fill_copied_avx512(uint8_t *to, uint8_t *row, const int8_t *x,
                                         int32_t at, const eq_planes *p)
{
    const eq_lines *g = &p->raw.lines;
    if (p->taps > 1 || p->raw.dil_w == 1 || at < 0 || at >= g->in_h)
        eq_copy_line((int8_t *)row, x, at, g);
    else
        eq_copy_taps((int8_t *)row, x, at, &p->raw);
    eq_cut_planes_avx512(to, row, p->count, p);
}

/* Lines [first, last) of the planes of output rows from h on, but for those that no window sees; `row`
 * is what a row is copied to. */
EQ_APART_AVX512 void eq_fill_planes_avx512(uint8_t *planes, uint8_t *row, const int8_t *x,
                                           int32_t h, int32_t first, int32_t last,
                                           const eq_planes *p)
{
    const eq_lines *g = &p->raw.lines;
    const int32_t top = h * g->stride_h - g->pad_top;
    for (int32_t r = first; r < last; ++r) {
        if (g->dil_h == 1 && g->stride_h > g->kh && r % g->stride_h >= g->kh)
            continue;
        if (p->is_shared && g->x_pixel == g->in_c)
            eq_fill_shared_avx512(planes + r * p->line, row, x, top + r, p);
        else
            eq_fill_copied_avx512(planes + r * p->line, row, x, top + r, p);
    }
}

#endif
