/* Planes of x + 128: neighbouring pixels in neighbouring lanes, for VPDPBUSD.
 *
 * A plane holds four bytes of each column of a row. With stride_w == 1 and in_c % 4 == 0 these are
 * channels [4g, 4g + 4) of the columns of a row with its borders, which the windows of neighbours
 * share, dil_w columns apart for each column of the filter. Otherwise they are taps [4g, 4g + 4)
 * of the kw * in_c that a window sees of the row: a plane has one column for each window. What
 * fills up the last taps is of no value.
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
    int32_t groups, count; /* planes of a row, and columns in each */
    int32_t rows;          /* output rows that are made at once */
} eq_planes;

/* The planes of windows that lie as `g` says but for their columns, which follow. */
static inline eq_planes eq_planes_of(eq_lines g, int32_t out_w, int32_t kw, int32_t dil_w,
                                     int32_t stride_w)
{
    const int is_shared = stride_w == 1 && g.in_c % 4 == 0;
    eq_planes p = {.raw = eq_band_of(g, out_w, kw, dil_w, stride_w)};
    if (is_shared)
        p.raw.lines.columns = out_w + (kw - 1) * dil_w;
    p.step = is_shared ? g.in_c : p.raw.step;
    p.taps = is_shared ? kw : 1;
    p.tap = 4 * (int64_t)dil_w;
    p.groups = is_shared ? g.in_c / 4 : (kw * g.in_c + 3) / 4;
    p.count = is_shared ? p.raw.lines.columns : out_w;
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

EQ_INLINE_AVX512 void eq_put_plane_avx512(uint8_t *to, __m512i v)
{
    _mm512_storeu_si512((void *)to, _mm512_xor_si512(v, _mm512_set1_epi8(INT8_MIN)));
}

/* Sixteen columns, `step` bytes apart, to n planes, n in [1, 4]; each is read up to 16 bytes. */
EQ_INLINE_AVX512 void eq_cut_four_avx512(uint8_t *to, const uint8_t *x, int64_t step,
                                         int64_t plane, int32_t n)
{
    const __m512i a = eq_four_columns_avx512(x, step);
    const __m512i b = eq_four_columns_avx512(x + step, step);
    const __m512i c = eq_four_columns_avx512(x + 2 * step, step);
    const __m512i d = eq_four_columns_avx512(x + 3 * step, step);
    const __m512i e = _mm512_unpacklo_epi32(a, b), f = _mm512_unpacklo_epi32(c, d);
    eq_put_plane_avx512(to, _mm512_unpacklo_epi64(e, f));
    if (n > 1)
        eq_put_plane_avx512(to + plane, _mm512_unpackhi_epi64(e, f));
    const __m512i g = _mm512_unpackhi_epi32(a, b), h = _mm512_unpackhi_epi32(c, d);
    if (n > 2)
        eq_put_plane_avx512(to + 2 * plane, _mm512_unpacklo_epi64(g, h));
    if (n > 3)
        eq_put_plane_avx512(to + 3 * plane, _mm512_unpackhi_epi64(g, h));
}

/* Columns of six bytes from step to step, as of three channels with a stride of two: words. */
EQ_INLINE_AVX512 void eq_cut_sixes_avx512(uint8_t *to, const uint8_t *x, int64_t plane,
                                          int32_t groups)
{
    const __m512i words =
        _mm512_set_epi16(22, 21, 19, 18, 16, 15, 13, 12, 10, 9, 7, 6, 4, 3, 1, 0, 22, 21,
                         19, 18, 16, 15, 13, 12, 10, 9, 7, 6, 4, 3, 1, 0);
    for (int32_t g = 0; g < groups; ++g) {
        const __m512i a = _mm512_loadu_si512((const void *)(x + 4 * g));
        const __m512i b = _mm512_loadu_si512((const void *)(x + 4 * g + 48));
        const __m512i v = _mm512_permutexvar_epi16(words, a);
        eq_put_plane_avx512(to + g * plane,
                            _mm512_mask_permutexvar_epi16(v, 0xffff0000, words, b));
    }
}

/* Two planes of columns of eight bytes. */
EQ_INLINE_AVX512 void eq_cut_eights_avx512(uint8_t *to, const uint8_t *x, int64_t plane)
{
    const __m512i even =
        _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const __m512i odd = _mm512_add_epi32(even, _mm512_set1_epi32(1));
    const __m512i a = _mm512_loadu_si512((const void *)x);
    const __m512i b = _mm512_loadu_si512((const void *)(x + 64));
    eq_put_plane_avx512(to, _mm512_permutex2var_epi32(a, even, b));
    eq_put_plane_avx512(to + plane, _mm512_permutex2var_epi32(a, odd, b));
}

/* Columns [0, n) at x to planes; those that fill up the last sixteen are of no value. Up to 112
 * bytes behind sixteen columns are read, or none where eq_cuts_exactly_avx512. */
EQ_APART_AVX512 void eq_cut_planes_avx512(uint8_t *to, const uint8_t *x, int32_t n,
                                          const eq_planes *p)
{
    const int64_t step = p->step, plane = p->plane;
    for (int32_t c = 0; c < n; c += 16, x += 16 * step, to += 64) {
        if (step == 8 && p->groups == 2)
            eq_cut_eights_avx512(to, x, plane);
        else if (step == 4 && p->groups == 1)
            eq_put_plane_avx512(to, _mm512_loadu_si512((const void *)x));
        else if (step == 6)
            eq_cut_sixes_avx512(to, x, plane, p->groups);
        else
            for (int32_t g = 0; g < p->groups; g += 4)
                eq_cut_four_avx512(to + g * plane, x + 4 * g, step, plane, p->groups - g);
    }
}

/* 1 where eq_cut_planes_avx512 reads nothing behind the last of n columns. */
static inline int eq_cuts_exactly_avx512(const eq_planes *p, int32_t n)
{
    return n % 16 == 0 && (p->step % 16 == 0 || p->step == 8 || p->step == 4) &&
           p->groups * 4 == p->step;
}

/* The planes of output rows [h, h + rows), rows <= p->rows; `row` is what a row is copied to. */
static inline void eq_fill_planes_avx512(uint8_t *planes, uint8_t *row, const int8_t *x,
                                         int32_t h, int32_t rows, const eq_planes *p)
{
    const eq_lines *g = &p->raw.lines;
    const int32_t top = h * g->stride_h - g->pad_top;
    const int32_t lines = (rows - 1) * g->stride_h + (g->kh - 1) * g->dil_h + 1;
    for (int32_t r = 0; r < lines; ++r) {
        const int32_t at = top + r;
        if (g->dil_h == 1 && r % g->stride_h >= g->kh)
            continue;
        if (p->taps > 1 || p->raw.dil_w == 1 || at < 0 || at >= g->in_h)
            eq_copy_line((int8_t *)row, x, at, g);
        else
            eq_copy_taps((int8_t *)row, x, at, &p->raw);
        eq_cut_planes_avx512(planes + r * p->line, row, p->count, p);
    }
}

#endif
