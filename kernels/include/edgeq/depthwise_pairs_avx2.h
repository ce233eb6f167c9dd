/* Depthwise convolution for AVX2: four windows by sixteen channels at a time.
 *
 * Windows are read from lines of pairs (depthwise_lines_avx2.h), each made once for all windows
 * that see it, and multiplied as depthwise_windows_avx2.h says.
 *
 * Scratch, with COLUMNS = out_w * stride_w + kw * dil_w, EVERY = 2 where stride_h is even or
 * there is but one row, else 1, and SPAN = (kh - 1) / 2 * 2 * dil_h / EVERY + 1:
 *
 *   64 * max(SPAN * COLUMNS,
 *            min(((row1 - row0 - 1) * stride_h / EVERY + SPAN) * COLUMNS, 384))
 */
#ifndef EDGEQ_DEPTHWISE_PAIRS_AVX2_H
#define EDGEQ_DEPTHWISE_PAIRS_AVX2_H

#include "edgeq/depthwise_lines_avx2.h"
#include "edgeq/depthwise_windows_avx2.h"
#include "edgeq/nibbles_avx2.h"

enum { EQ_PAIR_IMAGE = 128 * 1024 }; /* bytes that all channels pass at a time */

/* The vector v, or its lower half twice where they are two pixels of eight. */
EQ_INLINE_AVX2 __m256i eq_of_pixels_avx2(__m256i v, int32_t pixels)
{
    return pixels == 1 ? v : _mm256_permute2x128_si256(v, v, 0);
}

/* Eight channels of a constant. */
EQ_INLINE_AVX2 __m256i eq_load_pixels_avx2(const int32_t *q, int32_t pixels)
{
    return eq_of_pixels_avx2(eq_load_x8(q), pixels);
}

/* The constants of sixteen channels; zw is taken from the weights, which may be int4. */
EQ_INLINE_AVX2 void eq_load_sixteen_avx2(eq_sixteen_avx2 *t, const int8_t *w,
                                         const int32_t *bias, const int32_t *mult,
                                         const int32_t *shift, const eq_row_pairs_avx2 *l,
                                         int32_t zw, int is_int4, int mode)
{
    const __m256i zero = _mm256_set1_epi16((int16_t)zw), all = _mm256_set1_epi32(-1);
    const __m256i half = _mm256_set1_epi32(0xffff);
    const int32_t taps = l->pairs * l->p->kw, whole = l->p->kh / 2 * l->p->kw;
    int16_t *a = t->part[0].w, *b = t->part[1].w;
    for (int32_t i = 0; i < taps; ++i) {
        const eq_nibbles_avx2 v = eq_weights_avx2(w, is_int4);
        const __m256i one = i < whole ? all : half;
        const __m256i c = _mm256_and_si256(_mm256_sub_epi16(v.low, zero), one);
        const __m256i d = _mm256_and_si256(_mm256_sub_epi16(v.high, zero), one);
        _mm256_storeu_si256((__m256i *)(void *)a, eq_of_pixels_avx2(c, l->pixels));
        _mm256_storeu_si256((__m256i *)(void *)b, eq_of_pixels_avx2(d, l->pixels));
        a += 16;
        b += 16;
        w += is_int4 ? 16 : 32;
    }
    for (int32_t k = 0; k < 2; ++k)
        eq_load_after_avx2(&t->part[k].after, eq_load_pixels_avx2(bias + 8 * k, l->pixels),
                           eq_load_pixels_avx2(mult + 8 * k, l->pixels),
                           eq_load_pixels_avx2(shift + 8 * k, l->pixels), mode);
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
EQ_INLINE_AVX2 void eq_line_3x3_avx2(const eq_sixteen_avx2 *t, int32_t first,
                                     const eq_row_pairs_avx2 *l, const int16_t *x,
                                     const int16_t *z, int8_t *y, int mode)
{
    const int64_t y_step = (int64_t)l->p->y_pixel * l->pixels;
    const int32_t n = l->p->out_w / l->pixels, bytes = t->count * l->pixels;
    if (l->p->stride_w * l->pixels == 1) {
        eq_row_3x3_avx2(t, first, x, z, y, y_step, n, bytes, EQ_PAIR, mode);
        return;
    }
    eq_row_3x3_avx2(t, first, x, z, y, y_step, n, bytes, 2 * EQ_PAIR, mode);
    const int64_t last = l->p->out_w - 4;
    if (n * l->pixels < l->p->out_w)
        eq_windows_3x3_avx2(t, first, x + last * EQ_PAIR, z + last * EQ_PAIR,
                            y + last * l->p->y_pixel, y_step, bytes, 2 * EQ_PAIR, 2, mode);
}

/* Behind the weights of windows of 3 x 3 those of windows that begin amid a pair of rows: of two
 * pairs (a, b), (c, 0) they are (0, a), (b, c). */
EQ_INLINE_AVX2 void eq_amid_pairs_avx2(eq_eight_avx2 *e)
{
    for (int32_t k = 0; k < 3; ++k) {
        const __m256i v = eq_load_x16_avx2(e->w + 16 * k);
        const __m256i u = eq_load_x16_avx2(e->w + 16 * (k + 3));
        __m256i *to = (__m256i *)(void *)(e->w + 16 * (k + 6));
        _mm256_storeu_si256(to, _mm256_slli_epi32(v, 16));
        _mm256_storeu_si256(
            to + 3, _mm256_or_si256(_mm256_srli_epi32(v, 16), _mm256_slli_epi32(u, 16)));
    }
}

/* Sixteen channels of some output rows of windows of 3 x 3; x points at them.  Where lines are
 * shared two rows see the same ones. */
EQ_INLINE_AVX2 void eq_pass_3x3_avx2(eq_sixteen_avx2 *t, const eq_row_pairs_avx2 *l,
                                     int16_t *lines, const int8_t *x,
                                     const eq_rows_out_avx2 *q, int mode)
{
    const int64_t line = (int64_t)l->columns * EQ_PAIR;
    if (l->shared) {
        eq_amid_pairs_avx2(&t->part[0]);
        eq_amid_pairs_avx2(&t->part[1]);
    }
    for (int32_t r = 0, made = 0; r < q->end - q->row; ++r) {
        const int32_t from = l->shared ? r / 2 : r, first = from * l->step;
        if (!l->shared || r % 2 == 0)
            made = eq_make_lines_avx2(l, lines, x, q, from, made, t->count);
        eq_line_3x3_avx2(t, l->shared && r % 2 != 0 ? 6 : 0, l,
                         lines + eq_slot_avx2(first, l->kept) * line,
                         lines + eq_slot_avx2(first + l->apart, l->kept) * line,
                         q->y + (int64_t)(q->row + r) * l->p->y_row, mode);
    }
}

/* The same of any windows; what is left of a tile is its last window once more. */
EQ_INLINE_AVX2 void eq_pass_rows_avx2(const eq_sixteen_avx2 *t, const eq_row_pairs_avx2 *l,
                                      int16_t *lines, const int8_t *x,
                                      const eq_rows_out_avx2 *q, int mode)
{
    const eq_depthwise_s8_params *p = l->p;
    const int64_t line = (int64_t)l->columns * EQ_PAIR;
    const int32_t rows = q->end - q->row, bytes = t->count * l->pixels;
    const int ring = eq_all_lines_avx2(l, q) > l->kept;
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
            const int last = i + pixels >= out_w && (ring || r + 1 == rows);
            do {
                g.x[n] = from + c * step;
                g.y[n] = to + c * y_step;
            } while (++n < 4 && last);
            if (n == 4) {
                eq_four_windows_avx2(t, &g, bytes, mode);
                n = 0;
            }
        }
    }
}

/* All output rows, as many at a time as a part of the image has. */
EQ_INLINE_AVX2 void eq_depthwise_by_pairs_avx2(const int8_t *x, const int8_t *w,
                                               const int32_t *bias, const int32_t *mult,
                                               const int32_t *shift, int8_t *y,
                                               int8_t *scratch,
                                               const eq_depthwise_s8_params *p, int32_t zw,
                                               int is_int4, int mode)
{
    eq_row_pairs_avx2 l = eq_pairs_of_avx2(p);
    const int32_t part = EQ_PAIR_IMAGE / (p->x_row * p->stride_h + 1);
    const int32_t some = part > 8 ? part : 8, halves = is_int4 ? 1 : 2;
    const int fast = p->kw == 3 && l.pairs == 2 && p->dil_w == 1 && p->stride_w <= 2;
    if (fast && p->kh == 3 && p->stride_h == 1 && p->dil_h == 1)
        eq_share_lines_avx2(&l);
    eq_sixteen_avx2 t;
    t.range = eq_load_range_avx2(p->zy, p->act_min, p->act_max);
    for (int32_t h = p->row0; h < p->row1; h += some)
        for (int32_t o = 0; o < p->in_c; o += 16) {
            const int32_t rest = p->in_c - o;
            const eq_rows_out_avx2 q = {y + o, h, p->row1 - h < some ? p->row1 : h + some};
            t.count = rest < 16 ? rest : 16;
            eq_load_sixteen_avx2(&t, w + (int64_t)o * halves * l.pairs * p->kw, bias + o,
                                 mult + o, shift + o, &l, zw, is_int4, mode);
            if (fast)
                eq_pass_3x3_avx2(&t, &l, (int16_t *)(void *)scratch, x + o, &q, mode);
            else
                eq_pass_rows_avx2(&t, &l, (int16_t *)(void *)scratch, x + o, &q, mode);
        }
}

#endif
