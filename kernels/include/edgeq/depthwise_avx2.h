/* Depthwise convolution for AVX2: two pixels by sixteen channels at a time.
 *
 * Two taps of a channel, widened to int16, are put side by side, and VPMADDWD multiplies them
 * with their weights, which are packed (o/16, khkw/2, o/4%2, o/8%2, o%4, khkw%2), those of int4
 * (o/16, khkw/2, o/8%2, o%4, khkw%2, o/4%2), and widened to int16 for the sixteen channels.
 *
 * Exact: a sum of two products is at most 2^15 in magnitude, 2^16 where weights have a zero
 * point, and int32 holds sums in any order by the contract's proof.  An odd number of taps
 * is made even by one of weight zero.
 *
 * `mode` is the rounding form, that and EQ_ANY, or EQ_FUSED.
 */
#ifndef EDGEQ_DEPTHWISE_AVX2_H
#define EDGEQ_DEPTHWISE_AVX2_H

#include "edgeq/conv2d_band.h"
#include "edgeq/depthwise_repeat_avx2.h"
#include "edgeq/fused_avx2.h"
#include "edgeq/nibbles_avx2.h"

enum { EQ_TAPS_AVX2 = 128, EQ_3X3_PAIRS_AVX2 = 5 };

/* What a pass over sixteen channels needs. */
typedef struct {
    int16_t w[EQ_TAPS_AVX2 * 16]; /* (taps/2, 2, 8, 2) */
    int32_t at[EQ_TAPS_AVX2];     /* where taps lie in the band, from the window on */
    int32_t taps, pairs;
    __m256i bias[2];
    eq_factors_x8 f[2];
    eq_fused_x256 fused[2]; /* in the place of f */
    eq_range_avx2 range;
} eq_pass_avx2;

/* Sixteen channels. */
typedef struct {
    __m256i a, b;
} eq_sums_avx2;

/* Where taps lie, kh rows `segment` apart of kw taps `tap` apart; the last once more where
 * their number is odd. */
static inline void eq_place_taps_avx2(eq_pass_avx2 *t, int32_t kh, int32_t kw,
                                      int32_t segment, int32_t tap)
{
    int32_t n = 0;
    for (int32_t r = 0; r < kh; ++r)
        for (int32_t c = 0; c < kw; ++c)
            t->at[n++] = r * segment + c * tap;
    t->taps = n;
    if (n % 2 != 0) {
        t->at[n] = t->at[n - 1];
        ++n;
    }
    t->pairs = n / 2;
}

/* The weights of sixteen channels; zw is taken from those of int8. */
EQ_INLINE_AVX2 void eq_load_taps_avx2(eq_pass_avx2 *t, const int8_t *w, int32_t zw,
                                      int is_int4)
{
    const __m256i zero = _mm256_set1_epi16((int16_t)zw);
    for (int32_t i = 0; i < t->pairs && is_int4; ++i) {
        const eq_nibbles_avx2 v = eq_unpack_avx2(w + 16 * i);
        _mm256_storeu_si256((__m256i *)(void *)(t->w + 32 * i), v.low);
        _mm256_storeu_si256((__m256i *)(void *)(t->w + 32 * i + 16), v.high);
    }
    for (int32_t i = 0; i < 2 * t->pairs && !is_int4; ++i) {
        const __m256i v = _mm256_sub_epi16(eq_widen_avx2(w + 16 * i), zero);
        const int half = i / 2 == t->taps / 2; /* one tap and the filling */
        _mm256_storeu_si256((__m256i *)(void *)(t->w + 16 * i),
                            half ? _mm256_and_si256(v, _mm256_set1_epi32(0xffff)) : v);
    }
}

/* The biases and factors of sixteen channels. */
EQ_INLINE_AVX2 void eq_load_pass_avx2(eq_pass_avx2 *t, const int32_t *bias,
                                      const int32_t *mult, const int32_t *shift, int mode)
{
    for (int32_t k = 0; k < 2; ++k) {
        t->bias[k] = eq_load_x8(bias + 8 * k);
        if (mode == EQ_FUSED)
            t->fused[k] = eq_load_fused_x256(mult + 8 * k, shift + 8 * k);
        else
            t->f[k] = eq_load_factors_of(mult + 8 * k, shift + 8 * k, mode);
    }
}

/* One window. */
EQ_INLINE_AVX2 eq_sums_avx2 eq_window_avx2(const eq_pass_avx2 *t, const int8_t *x,
                                           int32_t pairs)
{
    eq_sums_avx2 s = {t->bias[0], t->bias[1]};
    for (int32_t i = 0; i < pairs; ++i) {
        const __m256i p = eq_widen_avx2(x + t->at[2 * i]);
        const __m256i q = eq_widen_avx2(x + t->at[2 * i + 1]);
        const __m256i *w = (const __m256i *)(const void *)(t->w + 32 * i);
        const __m256i u = _mm256_loadu_si256(w), v = _mm256_loadu_si256(w + 1);
        s.a = _mm256_add_epi32(s.a, _mm256_madd_epi16(_mm256_unpacklo_epi16(p, q), u));
        s.b = _mm256_add_epi32(s.b, _mm256_madd_epi16(_mm256_unpackhi_epi16(p, q), v));
    }
    return s;
}

/* Two windows as bytes. */
EQ_INLINE_AVX2 __m256i eq_two_narrowed_avx2(const eq_pass_avx2 *t, const eq_sums_avx2 *r,
                                            const eq_sums_avx2 *s, int mode)
{
    if (mode == EQ_FUSED) {
        const eq_fused_x256 *a = &t->fused[0], *b = &t->fused[1];
        return eq_fused_pixels_x32(
            eq_fused_words_x16(eq_fused_x8(r->a, a), eq_fused_x8(s->a, a)),
            eq_fused_words_x16(eq_fused_x8(r->b, b), eq_fused_x8(s->b, b)), t->range.lo,
            t->range.hi);
    }
    return eq_narrow_s8_x32(eq_rescale_x8(r->a, &t->f[0], mode),
                            eq_rescale_x8(r->b, &t->f[1], mode),
                            eq_rescale_x8(s->a, &t->f[0], mode),
                            eq_rescale_x8(s->b, &t->f[1], mode), &t->range);
}

/* n pixels of a row, `step` and y_pixel apart; `count` channels of each are stored. */
EQ_INLINE_AVX2 void eq_depthwise_row_avx2(const eq_pass_avx2 *t, const int8_t *x,
                                          int64_t step, int8_t *y, int64_t y_pixel,
                                          int32_t n, int32_t count, int32_t pairs, int mode)
{
    for (; n >= 2; n -= 2) {
        const eq_sums_avx2 r = eq_window_avx2(t, x, pairs);
        const eq_sums_avx2 s = eq_window_avx2(t, x + step, pairs);
        eq_store_two_avx2(y, y + y_pixel, eq_two_narrowed_avx2(t, &r, &s, mode), count);
        x += 2 * step;
        y += 2 * y_pixel;
    }
    if (n > 0) {
        const eq_sums_avx2 r = eq_window_avx2(t, x, pairs);
        eq_store_two_avx2(y, y, eq_two_narrowed_avx2(t, &r, &r, mode), count);
    }
}

/* Where outputs lie. */
typedef struct {
    int64_t row, pixel;
    int32_t row0, row1;
} eq_outputs_avx2;

/* `rows` rows of a band, of the channels of a pass. */
EQ_INLINE_AVX2 void eq_depthwise_rows_avx2(const eq_pass_avx2 *t, const eq_band *b,
                                           const int8_t *x, int8_t *y, int32_t rows,
                                           int32_t count, const eq_outputs_avx2 *q,
                                           int mode)
{
    for (int32_t r = 0; r < rows; ++r) {
        const int8_t *from = x + (int64_t)r * b->row;
        int8_t *to = y + r * q->row;
        if (t->pairs == EQ_3X3_PAIRS_AVX2)
            eq_depthwise_row_avx2(t, from, b->step, to, q->pixel, b->out_w, count,
                                  EQ_3X3_PAIRS_AVX2, mode);
        else
            eq_depthwise_row_avx2(t, from, b->step, to, q->pixel, b->out_w, count, t->pairs,
                                  mode);
    }
}

/* All output rows.  `t` knows the range alone; the constants are those of the contract; channels
 * are repeated where `repeat` is not NULL. */
EQ_INLINE_AVX2 void eq_depthwise_any_image_avx2(eq_pass_avx2 *t, const eq_band *b,
                                                int8_t *band, const int8_t *x,
                                                const int8_t *w, const int32_t *bias,
                                                const int32_t *mult, const int32_t *shift,
                                                int8_t *y, const eq_outputs_avx2 *q,
                                                int32_t zw, int is_int4, int mode,
                                                const eq_repeat_avx2 *repeat)
{
    const int32_t channels = b->lines.in_c;
    eq_place_taps_avx2(t, b->lines.kh, b->kw, b->segment, channels);
    for (int32_t h = q->row0; h < q->row1; h += b->rows) {
        const int32_t left = q->row1 - h, rows = left < b->rows ? left : b->rows;
        if (repeat != NULL)
            eq_fill_repeated_avx2(band, x, h, rows, repeat);
        else
            eq_fill_band(band, x, h, rows, b);
        for (int32_t o = 0; o < channels; o += 16) {
            const int32_t rest = channels - o, count = rest < 16 ? rest : 16;
            int8_t *const out = y + h * q->row + o;
            eq_load_taps_avx2(t, w + (is_int4 ? 1 : 2) * t->pairs * o, zw, is_int4);
            eq_load_pass_avx2(t, bias + o, mult + o, shift + o, mode);
            eq_depthwise_rows_avx2(t, b, band + o, out, rows, count, q, mode);
        }
    }
}

/* The same of multiplier 1. */
EQ_INLINE_AVX2 void eq_depthwise_image_avx2(eq_pass_avx2 *t, const eq_band *b, int8_t *band,
                                            const int8_t *x, const int8_t *w,
                                            const int32_t *bias, const int32_t *mult,
                                            const int32_t *shift, int8_t *y,
                                            const eq_outputs_avx2 *q, int32_t zw,
                                            int is_int4, int mode)
{
    eq_depthwise_any_image_avx2(t, b, band, x, w, bias, mult, shift, y, q, zw, is_int4,
                                mode, NULL);
}

#endif
