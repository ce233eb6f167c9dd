/* Depthwise convolution for AVX-512 VNNI: sixteen channels at a time, or two pixels of eight.
 *
 * Bytes of four rows of a channel are put side by side once for a row of outputs, as a strip of
 * 64 bytes for each column; VPDPBUSD then multiplies four taps of a window at once.  Weights are
 * packed (o/16, kh/4, kw, o%16, kh%4), rows that a window has not are zero.  Columns that windows
 * `step` apart see with the same tap follow each other in the strip, so that two pixels of up to
 * eight channels make one vector.
 *
 * Exact: bytes are those of x + 128, and biases have 128 times the sum of their weights taken away
 * (@offset); VPDPBUSD sums modulo 2^32, and the last sum is the contract's.  A zero point zw of the
 * weights takes zw * (sum (x + 128) - 128 * taps) from it, with the sum over the rows there are.
 */
#ifndef EDGEQ_DEPTHWISE_AVX512VNNI_H
#define EDGEQ_DEPTHWISE_AVX512VNNI_H

#include "edgeq/depthwise_s8.h"
#include "edgeq/depthwise_strip_avx512vnni.h"

EQ_INLINE_AVX512 __m512i eq_strip_at_x512(const int8_t *x)
{
    return _mm512_loadu_si512((const void *)x);
}

/* Four vectors of windows, `next` bytes apart in the strip, by kw columns of `groups` rows; `size`
 * is a group's strip. */
EQ_INLINE_AVX512 eq_four_sums_x512 eq_strip_windows_x512(const eq_pass_x512 *t,
                                                         const int8_t *x, int64_t next,
                                                         int64_t size, int32_t groups,
                                                         int32_t kw, int pair, int has_zw)
{
    eq_four_sums_x512 s = {t->bias, t->bias, t->bias, t->bias};
    const __m512i zero = _mm512_setzero_si512();
    eq_four_sums_x512 m = {zero, zero, zero, zero};
    const int8_t *w = t->w;
    for (int32_t g = 0; g < groups; ++g)
        for (int32_t k = 0; k < kw; ++k) {
            const int8_t *from = x + g * size + t->at[k];
            const __m512i v = pair ? _mm512_broadcast_i64x4(_mm256_loadu_si256(
                                         (const __m256i *)(const void *)w))
                                   : eq_strip_at_x512(w);
            const __m512i a = eq_strip_at_x512(from), b = eq_strip_at_x512(from + next);
            const __m512i c = eq_strip_at_x512(from + 2 * next),
                          d = eq_strip_at_x512(from + 3 * next);
            s.a = _mm512_dpbusd_epi32(s.a, a, v);
            s.b = _mm512_dpbusd_epi32(s.b, b, v);
            s.c = _mm512_dpbusd_epi32(s.c, c, v);
            s.d = _mm512_dpbusd_epi32(s.d, d, v);
            if (has_zw) {
                const __m512i one = t->ones[g + 1 == groups];
                m.a = _mm512_dpbusd_epi32(m.a, a, one);
                m.b = _mm512_dpbusd_epi32(m.b, b, one);
                m.c = _mm512_dpbusd_epi32(m.c, c, one);
                m.d = _mm512_dpbusd_epi32(m.d, d, one);
            }
            w += 64;
        }
    if (has_zw) {
        s.a = _mm512_sub_epi32(s.a, _mm512_mullo_epi32(m.a, t->zw));
        s.b = _mm512_sub_epi32(s.b, _mm512_mullo_epi32(m.b, t->zw));
        s.c = _mm512_sub_epi32(s.c, _mm512_mullo_epi32(m.c, t->zw));
        s.d = _mm512_sub_epi32(s.d, _mm512_mullo_epi32(m.d, t->zw));
    }
    return s;
}

/* Four vectors of windows as bytes: of one after the other. */
EQ_INLINE_AVX512 __m512i eq_strip_bytes_x512(const eq_pass_x512 *t, eq_four_sums_x512 s,
                                             int mode)
{
    const __m512i order =
        _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const __m512i v =
        mode == EQ_FUSED_X512
            ? eq_fused_bytes_x64(eq_fused_x16(s.a, &t->fused), eq_fused_x16(s.b, &t->fused),
                                 eq_fused_x16(s.c, &t->fused), eq_fused_x16(s.d, &t->fused),
                                 &t->fused_range)
            : eq_narrow_s8_x64(eq_rescale_x16(s.a, &t->f, mode),
                               eq_rescale_x16(s.b, &t->f, mode),
                               eq_rescale_x16(s.c, &t->f, mode),
                               eq_rescale_x16(s.d, &t->f, mode), &t->range);
    return _mm512_permutexvar_epi32(order, v);
}

/* The first `count` of eight bytes. */
EQ_INLINE_AVX512 void eq_store_half_x512(int8_t *y, __m128i v, int32_t count)
{
    _mm_mask_storeu_epi8(y, (__mmask16)((1u << count) - 1), v);
}

/* The sixteen bytes of a vector of windows: those of pixel p, or of p and p + 1; n are left. */
EQ_INLINE_AVX512 void eq_put_windows_x512(const eq_pass_x512 *t, int8_t *y, __m128i v,
                                          int64_t pixel, int32_t n, int pair)
{
    if (n <= 0)
        return;
    if (!pair) {
        eq_store_x16_avx512(y, v, t->count);
        return;
    }
    eq_store_half_x512(y, v, t->count);
    if (n > 1)
        eq_store_half_x512(y + pixel, _mm_unpackhi_epi64(v, v), t->count);
}

/* n pixels of a row. */
EQ_INLINE_AVX512 void eq_strip_row_x512(const eq_pass_x512 *t, const int8_t *strip,
                                        int8_t *y, int64_t pixel, int32_t n, int64_t size,
                                        int32_t groups, int32_t kw, int pair, int has_zw,
                                        int mode)
{
    const int32_t each = pair ? 2 : 1; /* pixels of a vector */
    for (int32_t p = 0; p < n; p += 4 * each) {
        const eq_four_sums_x512 s =
            eq_strip_windows_x512(t, strip, 64, size, groups, kw, pair, has_zw);
        const __m512i v = eq_strip_bytes_x512(t, s, mode);
        const int64_t next = each * pixel;
        eq_put_windows_x512(t, y, _mm512_castsi512_si128(v), pixel, n - p, pair);
        eq_put_windows_x512(t, y + next, _mm512_extracti32x4_epi32(v, 1), pixel,
                            n - p - each, pair);
        eq_put_windows_x512(t, y + 2 * next, _mm512_extracti32x4_epi32(v, 2), pixel,
                            n - p - 2 * each, pair);
        eq_put_windows_x512(t, y + 3 * next, _mm512_extracti32x4_epi32(v, 3), pixel,
                            n - p - 3 * each, pair);
        strip += 256;
        y += 4 * next;
    }
}

/* Where outputs lie. */
typedef struct {
    int64_t row, pixel;
    int32_t row0, row1;
} eq_outputs_x512;

/* A row of outputs of a pass, whose windows begin at x in the band. */
EQ_INLINE_AVX512 void eq_depthwise_row_x512(const eq_pass_x512 *t, const eq_band *b,
                                            const int8_t *x, int8_t *strip, int8_t *y,
                                            int64_t pixel, int pair, int has_zw, int mode)
{
    const int64_t size = (int64_t)t->step * t->length * (pair ? 32 : 64) + 512;
    for (int32_t g = 0; g < t->groups; ++g) {
        const int8_t *rows[4];
        for (int32_t i = 0; i < 4; ++i) {
            const int32_t r = 4 * g + i < b->lines.kh ? 4 * g + i : b->lines.kh - 1;
            rows[i] = x + (int64_t)r * b->segment;
        }
        eq_strip_x512(strip + g * size, rows, b->lines.columns, b->lines.in_c, t, pair);
    }
    if (t->groups == 1 && t->kw == 3)
        eq_strip_row_x512(t, strip, y, pixel, b->out_w, size, 1, 3, pair, has_zw, mode);
    else
        eq_strip_row_x512(t, strip, y, pixel, b->out_w, size, t->groups, t->kw, pair,
                          has_zw, mode);
}

/* The arrays of a call. */
typedef struct {
    const int8_t *x, *w;
    const int32_t *bias, *mult, *shift;
    int8_t *y;
} eq_depthwise_arrays_x512;

/* Sixteen of int32, or twice the first eight. */
EQ_INLINE_AVX512 __m512i eq_some_x512(const int32_t *q, int pair)
{
    return pair ? _mm512_broadcast_i64x4(
                      _mm256_loadu_si256((const __m256i *)(const void *)q))
                : eq_load_x16(q);
}

/* The constants of the channels from o on. */
EQ_INLINE_AVX512 void eq_load_pass_x512(eq_pass_x512 *t, const eq_depthwise_arrays_x512 *a,
                                        int32_t o, int32_t out_c, int32_t kh, int32_t zw,
                                        int pair, int mode)
{
    const int32_t left = out_c - o, taps = kh * t->kw;
    int32_t mult[16], shift[16];
    _mm512_storeu_si512((void *)mult, eq_some_x512(a->mult + o, pair));
    _mm512_storeu_si512((void *)shift, eq_some_x512(a->shift + o, pair));
    if (mode == EQ_FUSED_X512)
        t->fused = eq_load_fused_x512(mult, shift);
    else
        t->f = eq_load_factors_x16(mult, shift, mode);
    t->w = a->w + (int64_t)o * t->groups * t->kw * 4;
    t->count = left < 16 ? left : 16;
    t->bias = _mm512_add_epi32(eq_some_x512(a->bias + o, pair),
                               _mm512_set1_epi32(128 * zw * taps));
}

/* All output rows; the last three are constants. */
EQ_INLINE_AVX512 void eq_depthwise_image_x512(eq_pass_x512 *t, const eq_band *b,
                                              int8_t *band, int8_t *strip,
                                              const eq_depthwise_arrays_x512 *a,
                                              const eq_outputs_x512 *q, int32_t zw,
                                              int pair, int has_zw, int mode)
{
    const int32_t channels = b->lines.in_c;
    for (int32_t h = q->row0; h < q->row1; h += b->rows) {
        const int32_t left = q->row1 - h, rows = left < b->rows ? left : b->rows;
        eq_fill_band(band, a->x, h, rows, b);
        for (int32_t o = 0; o < channels; o += 16) {
            eq_load_pass_x512(t, a, o, channels, b->lines.kh, zw, pair, mode);
            for (int32_t r = 0; r < rows; ++r)
                eq_depthwise_row_x512(t, b, band + (int64_t)r * b->row + o, strip,
                                      a->y + (h + r) * q->row + o, q->pixel, pair, has_zw,
                                      mode);
        }
    }
}

/* Where taps lie: those of columns that are a whole number of steps apart follow each other. */
static inline void eq_place_columns_x512(eq_pass_x512 *t, int pair)
{
    for (int32_t k = 0; k < t->kw; ++k)
        t->at[k] = (k % t->step * t->length + k / t->step) * (pair ? 32 : 64);
}

/* The same for one pixel or two in a vector. */
EQ_INLINE_AVX512 void eq_depthwise_pairs_x512(eq_pass_x512 *t, const eq_band *b,
                                              int8_t *band, int8_t *strip,
                                              const eq_depthwise_arrays_x512 *a,
                                              const eq_outputs_x512 *q, int32_t zw,
                                              int has_zw, int mode)
{
    eq_place_columns_x512(t, b->lines.in_c <= 8);
    if (b->lines.in_c <= 8)
        eq_depthwise_image_x512(t, b, band, strip, a, q, zw, 1, has_zw, mode);
    else
        eq_depthwise_image_x512(t, b, band, strip, a, q, zw, 0, has_zw, mode);
}

/* A whole call; has_zw and mode are constants. */
EQ_INLINE_AVX512 void eq_depthwise_by_strip_x512(const eq_depthwise_arrays_x512 *a,
                                                 int8_t *scratch,
                                                 const eq_depthwise_s8_params *p,
                                                 int32_t zw, int has_zw, int mode)
{
    const eq_lines g = EQ_LINES_OF(p);
    const eq_band band = eq_band_of(g, p->out_w, p->kw, p->dil_w, p->stride_w);
    const eq_band *const b = &band;
    const eq_outputs_x512 outputs = {p->y_row, p->y_pixel, p->row0, p->row1};
    const eq_outputs_x512 *const q = &outputs;
    const int32_t kh = b->lines.kh, step = b->step / b->lines.in_c, last = (kh - 1) % 4;
    const int64_t lines =
        (int64_t)(b->rows < q->row1 - q->row0 ? b->rows : q->row1 - q->row0) - 1;
    const int64_t size =
        (lines * b->lines.stride_h + (kh - 1) * b->lines.dil_h + 1) * b->line;
    eq_pass_x512 t;
    t.groups = (kh + 3) / 4;
    t.kw = b->kw;
    t.step = step;
    t.length = (b->lines.columns + step - 1) / step + 1;
    t.zw = _mm512_set1_epi32(zw);
    t.ones[0] = _mm512_set1_epi8(1);
    t.ones[1] = _mm512_set1_epi32((int32_t)(0x01010101u >> (24 - 8 * last)));
    t.range = eq_load_range_avx512(p->zy, p->act_min, p->act_max);
    t.fused_range = eq_load_fused_range_x512(p->act_min, p->act_max);
    eq_depthwise_pairs_x512(&t, b, scratch, scratch + size + 64, a, q, zw, has_zw, mode);
}

#endif
