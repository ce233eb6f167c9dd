/* Depthwise convolution of int16 activations for AVX-512 VNNI: 32 outputs at a time, of as many
 * channels of a pixel, or all 1, 2, 4, 8 or 16 of several pixels that follow each other.
 *
 * Rows are copied with their borders into a band, and windows read where they lie.  Two taps of an
 * output are put side by side by unpacking, VPDPWSSD multiplies them with their weights, and packing
 * of sums to int16 undoes the unpacking.  Constants of 32 channels are packed for that,
 * (o/32, khkw/2, o/4%2, o/8%4, o%4, khkw%2), and those of int4 so that a byte holds one of either
 * vector, (o/32, khkw/2, o/8%4, o%4, khkw%2, o/4%2); where there are fewer they are repeated.  With a
 * stride of two every other pixel is picked from two vectors.
 *
 * Exact: int32 holds the sum of all of at most 127 products of 2^22 in magnitude, in any order, and
 * by the contract's proof that of the bias, which is added in 64 bits where it may be beyond.  An
 * odd number of taps is made even by the last once more, with a weight of zero.
 */
#ifndef EDGEQ_DEPTHWISE_S16_AVX512VNNI_H
#define EDGEQ_DEPTHWISE_S16_AVX512VNNI_H

#include "edgeq/band16_avx512.h"
#include "edgeq/lines16.h"
#include "edgeq/rescale16_avx512.h"
#include "edgeq/words_avx512vnni.h"

enum { EQ_TAPS16_X512 = 128 };

/* What a kernel is: int4 weights; biases beyond int32; EQ_DOUBLE and so on. */
typedef struct {
    int is_int4, far, form;
} eq_depthwise16_kind_x512;

/* What 32 outputs need: weights as int16, 128 bytes for two taps; how far taps are from the first
 * of a window, in bytes; the two vectors of biases and factors. */
typedef struct {
    const int8_t *w;
    int32_t at[EQ_TAPS16_X512];
    int32_t kh, kw, pairs;
    int64_t segment, tap;
    __m512i order[2], pick;
    __m512i bias[2];
    eq_long_x16 far[2];
    eq_factors16_x16 f[2];
    eq_range16_avx512 range;
} eq_pass16_x512;

/* Sums of 32 outputs. */
typedef struct {
    __m512i a, b;
} eq_sums16_x512;

/* *sum += x * w of what is in memory at w. */
EQ_INLINE_AVX512 void eq_mac_words_at_x512(__m512i *sum, __m512i x, const int8_t *w)
{
    typedef struct {
        int8_t bytes[64];
    } vector;
    const vector *const at = (const vector *)(const void *)w;
    __asm__("vpdpwssd %2, %1, %0" : "+v"(*sum) : "v"(x), "m"(*at));
}

/* 32 int16 at x; with a stride of two, of 64 those of every other pixel. */
EQ_INLINE_AVX512 __m512i eq_taps16_x512(const int8_t *x, __m512i pick, int stride)
{
    const __m512i v = _mm512_loadu_si512((const void *)x);
    if (stride == 1)
        return v;
    const __m512i next = _mm512_loadu_si512((const void *)(x + 64));
    return _mm512_permutex2var_epi16(v, pick, next);
}

/* Two taps at p and q, or the one at p. */
EQ_INLINE_AVX512 void eq_pair16_x512(eq_sums16_x512 *s, const int8_t *p, const int8_t *q,
                                     int one, const int8_t *w, __m512i pick, int stride)
{
    const __m512i u = eq_taps16_x512(p, pick, stride);
    const __m512i v = one ? u : eq_taps16_x512(q, pick, stride);
    eq_mac_words_at_x512(&s->a, _mm512_unpacklo_epi16(u, v), w);
    eq_mac_words_at_x512(&s->b, _mm512_unpackhi_epi16(u, v), w + 64);
}

/* The products of the windows at x; usual where they are of three rows and columns. */
EQ_INLINE_AVX512 void eq_window16_x512(const eq_pass16_x512 *t, eq_sums16_x512 *s,
                                       const int8_t *x, int usual, int stride)
{
    const __m512i pick = t->pick;
    const int8_t *w = t->w;
    __asm__("" : "+r"(w)); /* or gcc makes, and spills, a pointer to each vector of them */
    if (usual) {
        const int64_t tap = t->tap;
        const int8_t *const y = x + t->segment, *const z = y + t->segment;
        eq_pair16_x512(s, x, x + tap, 0, w, pick, stride);
        eq_pair16_x512(s, x + 2 * tap, y, 0, w + 128, pick, stride);
        eq_pair16_x512(s, y + tap, y + 2 * tap, 0, w + 256, pick, stride);
        eq_pair16_x512(s, z, z + tap, 0, w + 384, pick, stride);
        eq_pair16_x512(s, z + 2 * tap, z, 1, w + 512, pick, stride);
        return;
    }
    for (int32_t i = 0; i < t->pairs; ++i, w += 128)
        eq_pair16_x512(s, x + t->at[2 * i], x + t->at[2 * i + 1], 0, w, pick, stride);
}

/* 32 outputs. */
EQ_INLINE_AVX512 __m512i eq_outputs16_x512(const eq_pass16_x512 *t, const int8_t *x,
                                           int usual, int stride,
                                           const eq_depthwise16_kind_x512 *kind)
{
    if (kind->far) {
        eq_sums16_x512 s = {_mm512_setzero_si512(), _mm512_setzero_si512()};
        eq_window16_x512(t, &s, x, usual, stride);
        const eq_long_x16 a = eq_add_long_x16(t->far[0], s.a);
        const eq_long_x16 b = eq_add_long_x16(t->far[1], s.b);
        return eq_narrow_s16_x32(eq_rescale_long_x16(a, &t->f[0], kind->form),
                                 eq_rescale_long_x16(b, &t->f[1], kind->form), &t->range);
    }
    eq_sums16_x512 s = {t->bias[0], t->bias[1]};
    eq_window16_x512(t, &s, x, usual, stride);
    return eq_narrow_s16_x32(eq_rescale16_x16(s.a, &t->f[0], kind->form),
                             eq_rescale16_x16(s.b, &t->f[1], kind->form), &t->range);
}

/* n outputs from x on, `next` bytes of x from 32 to 32 of y, each y_next apart; `count` at a time
 * are stored, the rest of n at the end. */
typedef struct {
    int64_t next, y_next;
    int32_t n, count;
} eq_run16_x512;

EQ_INLINE_AVX512 void eq_run16(const eq_pass16_x512 *t, const int8_t *x, int16_t *y,
                               const eq_run16_x512 *q, int usual, int stride,
                               const eq_depthwise16_kind_x512 *kind)
{
    for (int32_t left = q->n; left > 0; left -= q->count) {
        const __m512i v = eq_outputs16_x512(t, x, usual, stride, kind);
        eq_store16_x32(y, v, left < q->count ? left : q->count);
        x += q->next;
        y += q->y_next;
    }
}

/* The arrays of a call, and where outputs lie. */
typedef struct {
    const int8_t *x, *w;
    const int64_t *bias;
    const int32_t *mult, *shift;
    int16_t *y;
    int64_t row, pixel;
    int32_t row0, row1;
} eq_depthwise16_call_x512;

/* Those of a kernel's parameters, by their names, and of the params at p. */
#define EQ_DEPTHWISE16_CALL_X512(p)                                                        \
    {(const int8_t *)(const void *)x,                                                      \
     w,                                                                                    \
     bias,                                                                                 \
     mult,                                                                                 \
     shift,                                                                                \
     y,                                                                                    \
     (p)->y_row,                                                                           \
     (p)->y_pixel,                                                                         \
     (p)->row0,                                                                            \
     (p)->row1}

/* `rows` rows of a band of windows, or of 32 channels of them from o on. */
EQ_INLINE_AVX512 void eq_rows16_x512(const eq_pass16_x512 *t, const eq_band *b,
                                     const int8_t *band, int16_t *y, int64_t row,
                                     int32_t rows, const eq_run16_x512 *q, int stride,
                                     const eq_depthwise16_kind_x512 *kind)
{
    for (int32_t r = 0; r < rows; ++r) {
        const int8_t *const x = band + (int64_t)r * b->row;
        if (t->kh == 3 && t->kw == 3)
            eq_run16(t, x, y + r * row, q, 1, stride, kind);
        else
            eq_run16(t, x, y + r * row, q, 0, stride, kind);
    }
}

/* Both vectors of 32 channels in the order of outputs. */
EQ_INLINE_AVX512 eq_sums16_x512 eq_ordered_x512(const eq_pass16_x512 *t, __m512i a,
                                                __m512i b)
{
    const eq_sums16_x512 v = {_mm512_permutex2var_epi32(a, t->order[0], b),
                              _mm512_permutex2var_epi32(a, t->order[1], b)};
    return v;
}

EQ_INLINE_AVX512 void eq_load_factors_of_pass(eq_pass16_x512 *t, const int32_t *mult,
                                              const int32_t *shift, int form)
{
    const eq_sums16_x512 m = eq_ordered_x512(t, eq_load_x16(mult), eq_load_x16(mult + 16));
    const eq_sums16_x512 s =
        eq_ordered_x512(t, eq_load_x16(shift), eq_load_x16(shift + 16));
    t->f[0] = eq_factors16_of(m.a, s.a, form);
    t->f[1] = eq_factors16_of(m.b, s.b, form);
}

/* Constants of 32 channels from o on; their weights become int16 at `words`. */
EQ_INLINE_AVX512 void eq_load_pass16_x512(eq_pass16_x512 *t, int8_t *words,
                                          const eq_depthwise16_call_x512 *a, int32_t o,
                                          const eq_depthwise16_kind_x512 *kind)
{
    const int32_t bytes = kind->is_int4 ? 32 : 64;
    const int8_t *w = a->w + (int64_t)(o / 32) * t->pairs * bytes;
    for (int32_t i = 0; i < t->pairs; ++i) {
        const eq_weights16_x512 v = eq_weights_x512(w + i * bytes, 32, kind->is_int4);
        const eq_sums16_x512 u = eq_ordered_x512(t, v.first, v.second);
        _mm512_storeu_si512((void *)(words + 128 * i), u.a);
        _mm512_storeu_si512((void *)(words + 128 * i + 64), u.b);
    }
    const eq_long_x16 c = eq_load_long_x16(a->bias + o);
    const eq_long_x16 d = eq_load_long_x16(a->bias + o + 16);
    const eq_sums16_x512 low =
        eq_ordered_x512(t, eq_weave_x16(c.even, c.odd), eq_weave_x16(d.even, d.odd));
    const eq_sums16_x512 high =
        eq_ordered_x512(t, eq_weave_high_x16(c), eq_weave_high_x16(d));
    t->bias[0] = low.a;
    t->bias[1] = low.b;
    t->far[0] = eq_long_of_x16(low.a, high.a);
    t->far[1] = eq_long_of_x16(low.b, high.b);
    eq_load_factors_of_pass(t, a->mult + o, a->shift + o, kind->form);
    t->w = words;
}

/* Where taps of windows are, and which constants outputs have: those of `channels` again and again,
 * or of 32. */
EQ_INLINE_AVX512 void eq_begin_pass16_x512(eq_pass16_x512 *t, const eq_band *b,
                                           int32_t channels)
{
    const int32_t taps = b->lines.kh * b->kw, tap = b->lines.in_c;
    int32_t order[32];
    int16_t pick[32];
    for (int32_t i = 0; i < taps; ++i)
        t->at[i] = i / b->kw * (int32_t)b->segment + i % b->kw * tap;
    if (taps % 2 != 0)
        t->at[taps] = t->at[taps - 1];
    for (int32_t i = 0; i < 32; ++i) {
        const int32_t c = i % channels;
        order[i / 4 % 2 * 16 + i / 8 * 4 + i % 4] = c / 4 % 2 * 16 + c / 8 * 4 + c % 4;
        pick[i] = (int16_t)(i / channels * 2 * channels + c);
    }
    t->order[0] = eq_load_x16(order);
    t->order[1] = eq_load_x16(order + 16);
    t->pick = _mm512_loadu_si512((const void *)pick);
    t->kh = b->lines.kh;
    t->kw = b->kw;
    t->pairs = (taps + 1) / 2;
    t->segment = b->segment;
    t->tap = tap;
}

/* 1 where 32 outputs in a row are of several pixels. */
static inline int eq_is_flat16_x512(const eq_band *b, int64_t y_pixel)
{
    const int32_t channels = b->lines.in_c / 2;
    return 32 % channels == 0 && channels < 32 && y_pixel == channels && b->dil_w == 1 &&
           b->stride_w <= 2;
}

/* A whole call; b is the band in bytes, and `kind` constant. */
EQ_INLINE_AVX512 void eq_depthwise16_x512(const eq_depthwise16_call_x512 *a,
                                          const eq_band *b, int8_t *scratch,
                                          const eq_range16_avx512 *range,
                                          const eq_depthwise16_kind_x512 *kind)
{
    const int32_t channels = b->lines.in_c / 2, flat = eq_is_flat16_x512(b, a->pixel);
    eq_pass16_x512 t;
    t.range = *range;
    eq_begin_pass16_x512(&t, b, flat ? channels : 32);
    int8_t *const band = scratch + 128 * t.pairs;
    for (int32_t h = a->row0; h < a->row1; h += b->rows) {
        const int32_t left = a->row1 - h, rows = left < b->rows ? left : b->rows;
        int16_t *const y = a->y + h * a->row;
        eq_fill_zero_band(band, a->x, h, rows, b);
        for (int32_t o = 0; o < channels; o += 32) {
            const int32_t rest = channels - o, count = rest < 32 ? rest : 32;
            const eq_run16_x512 deep = {b->step, a->pixel, b->out_w * count, count};
            const eq_run16_x512 run = {64 * b->stride_w, 32, b->out_w * channels, 32};
            eq_load_pass16_x512(&t, scratch, a, o, kind);
            if (!flat)
                eq_rows16_x512(&t, b, band + 2 * o, y + o, a->row, rows, &deep, 1, kind);
            else if (b->stride_w == 1)
                eq_rows16_x512(&t, b, band, y, a->row, rows, &run, 1, kind);
            else
                eq_rows16_x512(&t, b, band, y, a->row, rows, &run, 2, kind);
        }
    }
}

#endif
