/* Depthwise convolution of int16 activations for AVX2: a pixel by sixteen channels at a time, by
 * the taps of depthwise_avx2.h.
 *
 * Exact: a sum of two products is at most 2^23 in magnitude, so int32 holds the sum of all of at most
 * 127 taps; the bias, where it may be beyond int32, is added in 64 bits.
 */
#ifndef EDGEQ_DEPTHWISE_S16_AVX2_H
#define EDGEQ_DEPTHWISE_S16_AVX2_H

#include "edgeq/depthwise_avx2.h"
#include "edgeq/lines16.h"
#include "edgeq/rescale16_avx2.h"

/* What a kernel is: int4 weights; biases beyond int32; EQ_DOUBLE and so on. */
typedef struct {
    int is_int4, far, form;
} eq_depthwise16_kind_avx2;

/* What a pass over sixteen channels needs: of `taps` their places and weights count. */
typedef struct {
    eq_pass_avx2 taps;
    __m256i bias[2];
    eq_long_x8 far[2];
    eq_factors16_x8 f[2];
    eq_range16_avx2 range;
} eq_pass16_avx2;

EQ_INLINE_AVX2 void eq_load_pass16_avx2(eq_pass16_avx2 *t, const int64_t *bias,
                                        const int32_t *mult, const int32_t *shift,
                                        const eq_depthwise16_kind_avx2 *kind)
{
    for (int32_t k = 0; k < 2; ++k) {
        if (kind->far)
            t->far[k] = eq_load_long_x8(bias + 8 * k);
        else
            t->bias[k] = eq_load_short_x8(bias + 8 * k);
        t->f[k] = eq_load_factors16(mult + 8 * k, shift + 8 * k, kind->form);
    }
}

/* Sixteen int16 at a place in the band. */
EQ_INLINE_AVX2 __m256i eq_tap16_avx2(const int8_t *x)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)x);
}

/* The products of one window, added up. */
EQ_INLINE_AVX2 eq_sums_avx2 eq_window16_avx2(const eq_pass_avx2 *t, const int8_t *x,
                                             eq_sums_avx2 s, int32_t pairs)
{
    for (int32_t i = 0; i < pairs; ++i) {
        const __m256i p = eq_tap16_avx2(x + t->at[2 * i]);
        const __m256i q = eq_tap16_avx2(x + t->at[2 * i + 1]);
        const __m256i *w = (const __m256i *)(const void *)(t->w + 32 * i);
        const __m256i u = _mm256_loadu_si256(w), v = _mm256_loadu_si256(w + 1);
        s.a = _mm256_add_epi32(s.a, _mm256_madd_epi16(_mm256_unpacklo_epi16(p, q), u));
        s.b = _mm256_add_epi32(s.b, _mm256_madd_epi16(_mm256_unpackhi_epi16(p, q), v));
    }
    return s;
}

/* The window at x becomes the sixteen numbers at y, of which `count` are stored. */
EQ_INLINE_AVX2 void eq_pixel16_avx2(const eq_pass16_avx2 *t, const int8_t *x, int16_t *y,
                                    int32_t count, int32_t pairs,
                                    const eq_depthwise16_kind_avx2 *kind)
{
    const __m256i zero = _mm256_setzero_si256();
    if (kind->far) {
        const eq_sums_avx2 none = {zero, zero};
        const eq_sums_avx2 s = eq_window16_avx2(&t->taps, x, none, pairs);
        const eq_long_x8 a = eq_add_long_x8(t->far[0], s.a);
        const eq_long_x8 b = eq_add_long_x8(t->far[1], s.b);
        eq_store16_avx2(y, eq_rescale_long_x8(a, &t->f[0], kind->form),
                        eq_rescale_long_x8(b, &t->f[1], kind->form), count, &t->range);
        return;
    }
    const eq_sums_avx2 bias = {t->bias[0], t->bias[1]};
    const eq_sums_avx2 s = eq_window16_avx2(&t->taps, x, bias, pairs);
    eq_store16_avx2(y, eq_rescale16_x8(s.a, &t->f[0], kind->form),
                    eq_rescale16_x8(s.b, &t->f[1], kind->form), count, &t->range);
}

/* `rows` rows of a band, of the channels of a pass. */
EQ_INLINE_AVX2 void eq_depthwise_rows16_avx2(const eq_pass16_avx2 *t, const eq_band *b,
                                             const int8_t *x, int16_t *y, int32_t rows,
                                             int32_t count, const eq_outputs_avx2 *q,
                                             const eq_depthwise16_kind_avx2 *kind)
{
    for (int32_t r = 0; r < rows; ++r) {
        const int8_t *from = x + (int64_t)r * b->row;
        int16_t *to = y + r * q->row;
        for (int32_t c = 0; c < b->out_w; ++c) {
            if (t->taps.pairs == EQ_3X3_PAIRS_AVX2)
                eq_pixel16_avx2(t, from, to, count, EQ_3X3_PAIRS_AVX2, kind);
            else
                eq_pixel16_avx2(t, from, to, count, t->taps.pairs, kind);
            from += b->step;
            to += q->pixel;
        }
    }
}

/* What a depthwise convolution of int16 is called with. */
typedef struct {
    const int16_t *x;
    const int8_t *w;
    const int64_t *bias;
    const int32_t *mult, *shift;
    int16_t *y;
    int32_t act_min, act_max;
    eq_outputs_avx2 outputs;
    const eq_repeat_avx2 *repeat; /* or NULL, of multiplier 1 */
} eq_depthwise16_avx2;

/* All output rows; b is the band in bytes. */
EQ_INLINE_AVX2 void eq_depthwise_image16_avx2(const eq_depthwise16_avx2 *call,
                                              const eq_band *b, int8_t *band,
                                              const eq_depthwise16_kind_avx2 *kind)
{
    const eq_outputs_avx2 *q = &call->outputs;
    const int8_t *x = (const int8_t *)(const void *)call->x;
    const int32_t channels = b->lines.in_c / 2;
    eq_pass16_avx2 t;
    t.range = eq_load_range16(call->act_min, call->act_max);
    eq_place_taps_avx2(&t.taps, b->lines.kh, b->kw, b->segment, b->lines.in_c);
    for (int32_t h = q->row0; h < q->row1; h += b->rows) {
        const int32_t left = q->row1 - h, rows = left < b->rows ? left : b->rows;
        if (call->repeat != NULL)
            eq_fill_repeated_avx2(band, x, h, rows, call->repeat);
        else
            eq_fill_band(band, x, h, rows, b);
        for (int32_t o = 0; o < channels; o += 16) {
            const int32_t halves = kind->is_int4 ? 1 : 2;
            eq_load_taps_avx2(&t.taps, call->w + halves * t.taps.pairs * o, 0,
                              kind->is_int4);
            eq_load_pass16_avx2(&t, call->bias + o, call->mult + o, call->shift + o, kind);
            eq_depthwise_rows16_avx2(&t, b, band + 2 * o, call->y + h * q->row + o, rows,
                                     channels - o, q, kind);
        }
    }
}

#endif
