/* Depthwise convolution for AVX-512 VNNI: 64 bytes of outputs at a time, 64 channels of a pixel or
 * all 8, 16 or 32 of several pixels that follow each other.
 *
 * For each column of a window the bytes of four rows are put side by side by unpacking, bytes and
 * then words; the four vectors that this gives are multiplied by VPDPBUSD, and their sums packed
 * again, which undoes the unpacking: output i comes from byte i.  Constants of 64 channels are
 * packed for that, (o/64, kh/4, kw, o/4%4, o/16%4, o%4, kh%4).  With a stride of two every other
 * pixel is picked from two vectors.
 *
 * Exact: bytes are those of x + 128, and biases have 128 times the sum of their weights taken away
 * (@offset); VPDPBUSD sums modulo 2^32, and the last sum is the contract's, with on top what the
 * rescale wants there.  Rows that a window has not are its last one once more with weights of zero.
 */
#ifndef EDGEQ_DEPTHWISE_FLAT_AVX512VNNI_H
#define EDGEQ_DEPTHWISE_FLAT_AVX512VNNI_H

#include "edgeq/band_avx512.h"
#include "edgeq/depthwise_finish_avx512vnni.h"
#include "edgeq/depthwise_s8.h"

enum { EQ_FLAT_TAPS_X512 = 32 };

/* Constants of 64 outputs: weights (kh/4, kw, 4, 16, kh%4), in the order of the sums. */
typedef struct {
    const int8_t *w;
    const int32_t *bias;
    eq_finish_x512 finish;
    int32_t groups, kw, tap,
        last;        /* of four rows; columns, and bytes between them; last row */
    int64_t segment; /* bytes from row to row */
} eq_flat_pass_x512;

/* Memory for those of fewer than 64 channels, which come again and again. */
typedef struct {
    int8_t w[EQ_FLAT_TAPS_X512][256];
    int32_t bias[64], mult[64], shift[64];
} eq_flat_copies_x512;

/* Constants of `channels` channels, in the contract's order; w (o, kh/4, kw, kh%4). */
EQ_INLINE_AVX512 void eq_flat_load_x512(eq_flat_pass_x512 *t, eq_flat_copies_x512 *m,
                                        const int8_t *w, const int32_t *bias,
                                        const int32_t *mult, const int32_t *shift,
                                        int32_t channels, int mode)
{
    const int32_t taps = t->groups * t->kw;
    for (int32_t i = 0; i < 64; ++i) {
        const int32_t output = i / 4 % 4 * 16 + i / 16 * 4 + i % 4, c = output % channels;
        m->bias[i] = bias[c];
        m->mult[i] = mult[c];
        m->shift[i] = shift[c];
        for (int32_t k = 0; k < taps; ++k)
            memcpy(m->w[k] + 4 * i, w + ((int64_t)c * taps + k) * 4, 4);
    }
    t->w = m->w[0];
    t->bias = m->bias;
    eq_load_finish_x512(&t->finish, m->mult, m->shift, mode);
}

/* 64 bytes at x; with a stride of two, of 128 those of every other pixel. */
EQ_INLINE_AVX512 __m512i eq_flat_bytes_x512(const uint8_t *x, __m512i pick, int stride)
{
    const __m512i v = _mm512_loadu_si512((const void *)x);
    return stride == 1 ? v
                       : _mm512_permutex2var_epi64(
                             v, pick, _mm512_loadu_si512((const void *)(x + 64)));
}

/* Four rows of one column, `at` bytes from the first of a window. */
EQ_INLINE_AVX512 eq_words_x512 eq_flat_tap_x512(eq_words_x512 s, const uint8_t *const r[4],
                                                int64_t at, const int8_t *w, __m512i pick,
                                                int three, int stride)
{
    const __m512i e = eq_flat_bytes_x512(r[0] + at, pick, stride);
    const __m512i f = eq_flat_bytes_x512(r[1] + at, pick, stride);
    const __m512i g = eq_flat_bytes_x512(r[2] + at, pick, stride);
    const __m512i h = three ? g : eq_flat_bytes_x512(r[3] + at, pick, stride);
    const __m512i ef = _mm512_unpacklo_epi8(e, f), fe = _mm512_unpackhi_epi8(e, f);
    const __m512i gh = _mm512_unpacklo_epi8(g, h), hg = _mm512_unpackhi_epi8(g, h);
    s.a = _mm512_dpbusd_epi32(s.a, _mm512_unpacklo_epi16(ef, gh),
                              _mm512_loadu_si512((const void *)w));
    s.b = _mm512_dpbusd_epi32(s.b, _mm512_unpackhi_epi16(ef, gh),
                              _mm512_loadu_si512((const void *)(w + 64)));
    s.c = _mm512_dpbusd_epi32(s.c, _mm512_unpacklo_epi16(fe, hg),
                              _mm512_loadu_si512((const void *)(w + 128)));
    s.d = _mm512_dpbusd_epi32(s.d, _mm512_unpackhi_epi16(fe, hg),
                              _mm512_loadu_si512((const void *)(w + 192)));
    return s;
}

/* 64 outputs of the windows at x; usual where windows are of three rows and columns. */
EQ_INLINE_AVX512 __m512i eq_flat_outputs_x512(const eq_flat_pass_x512 *t, const uint8_t *x,
                                              __m512i pick, int usual, int stride, int mode)
{
    eq_words_x512 s = {
        eq_begin_x512(t->bias, 0, mode), eq_begin_x512(t->bias + 16, 0, mode),
        eq_begin_x512(t->bias + 32, 0, mode), eq_begin_x512(t->bias + 48, 0, mode)};
    const uint8_t *r[4] = {x, x + t->segment, x + 2 * t->segment, x};
    if (usual) {
        s = eq_flat_tap_x512(s, r, 0, t->w, pick, 1, stride);
        s = eq_flat_tap_x512(s, r, t->tap, t->w + 256, pick, 1, stride);
        s = eq_flat_tap_x512(s, r, 2 * (int64_t)t->tap, t->w + 512, pick, 1, stride);
    } else {
        const int8_t *w = t->w;
        for (int32_t g = 0; g < t->groups; ++g) {
            for (int32_t i = 0; i < 4; ++i)
                r[i] = x + t->segment * (4 * g + i < t->last ? 4 * g + i : t->last);
            for (int32_t k = 0; k < t->kw; ++k, w += 256)
                s = eq_flat_tap_x512(s, r, (int64_t)k * t->tap, w, pick, 0, stride);
        }
    }
    return eq_finish_sums_x512(s, &t->finish, mode);
}

/* n outputs from x on, `next` bytes of x from 64 to 64 of y, each y_next apart; `count` at a time
 * are stored, the rest of n at the end. */
typedef struct {
    int64_t next, y_next;
    int32_t n, count;
} eq_flat_run_x512;

EQ_INLINE_AVX512 void eq_flat_run(const eq_flat_pass_x512 *t, const uint8_t *x, int8_t *y,
                                  const eq_flat_run_x512 *q, __m512i pick, int usual,
                                  int stride, int mode)
{
    for (int32_t left = q->n; left > 0; left -= q->count) {
        const int32_t some = left < q->count ? left : q->count;
        const __m512i v = eq_flat_outputs_x512(t, x, pick, usual, stride, mode);
        if (some == 64)
            _mm512_storeu_si512((void *)y, v);
        else
            _mm512_mask_storeu_epi8(y, ((__mmask64)1 << some) - 1, v);
        x += q->next;
        y += q->y_next;
    }
}

/* The same with what is usual as constants: three rows of three columns. */
EQ_INLINE_AVX512 void eq_flat_run_of(const eq_flat_pass_x512 *t, const uint8_t *x,
                                     int8_t *y, const eq_flat_run_x512 *q, __m512i pick,
                                     int stride, int mode)
{
    if (t->groups == 1 && t->kw == 3 && t->last == 2)
        eq_flat_run(t, x, y, q, pick, 1, stride, mode);
    else
        eq_flat_run(t, x, y, q, pick, 0, stride, mode);
}

/* The arrays of a call, and where outputs lie. */
typedef struct {
    const int8_t *x, *w;
    const int32_t *bias, *mult, *shift;
    int8_t *y;
    int64_t row, pixel;
    int32_t row0, row1;
} eq_flat_call_x512;

/* `rows` rows of a band: all channels of several pixels at a time, of fewer than 64. */
EQ_INLINE_AVX512 void eq_flat_rows_x512(const eq_flat_pass_x512 *t, const eq_band *b,
                                        const uint8_t *band, int8_t *y, int64_t row,
                                        int32_t rows, int stride, int mode)
{
    const int32_t channels = b->lines.in_c, words = channels / 8;
    int64_t index[8];
    for (int32_t i = 0; i < 8; ++i)
        index[i] = i / words * 2 * words + i % words;
    const __m512i pick = _mm512_loadu_si512((const void *)index);
    const eq_flat_run_x512 q = {64 * stride, 64, b->out_w * channels, 64};
    for (int32_t r = 0; r < rows; ++r)
        eq_flat_run_of(t, band + (int64_t)r * b->row, y + r * row, &q, pick, stride, mode);
}

/* `rows` rows of a band: 64 channels from o on of a pixel at a time. */
EQ_INLINE_AVX512 void eq_deep_rows_x512(const eq_flat_pass_x512 *t, const eq_band *b,
                                        const uint8_t *band, int8_t *y,
                                        const eq_flat_call_x512 *a, int32_t rows, int32_t o,
                                        int mode)
{
    const int32_t left = b->lines.in_c - o, count = left < 64 ? left : 64;
    const eq_flat_run_x512 q = {b->step, a->pixel, b->out_w * count, count};
    for (int32_t r = 0; r < rows; ++r)
        eq_flat_run_of(t, band + (int64_t)r * b->row + o, y + r * a->row + o, &q,
                       _mm512_setzero_si512(), 1, mode);
}

/* All output rows; flat where a vector has several pixels.  Flat and mode are constants. */
EQ_INLINE_AVX512 void eq_flat_image_x512(eq_flat_pass_x512 *t, const eq_band *b,
                                         uint8_t *band, const eq_flat_call_x512 *a,
                                         int flat, int mode)
{
    const int32_t channels = b->lines.in_c, taps = t->groups * t->kw;
    eq_flat_copies_x512 copies;
    if (flat)
        eq_flat_load_x512(t, &copies, a->w, a->bias, a->mult, a->shift, channels, mode);
    for (int32_t h = a->row0; h < a->row1; h += b->rows) {
        const int32_t left = a->row1 - h, rows = left < b->rows ? left : b->rows;
        int8_t *const y = a->y + h * a->row;
        eq_fill_unsigned_band(band, a->x, h, rows, b);
        if (flat && b->stride_w == 1)
            eq_flat_rows_x512(t, b, band, y, a->row, rows, 1, mode);
        else if (flat)
            eq_flat_rows_x512(t, b, band, y, a->row, rows, 2, mode);
        for (int32_t o = 0; o < channels && !flat; o += 64) {
            t->w = a->w + (int64_t)o * taps * 4;
            t->bias = a->bias + o;
            eq_load_finish_x512(&t->finish, a->mult + o, a->shift + o, mode);
            eq_deep_rows_x512(t, b, band, y, a, rows, o, mode);
        }
    }
}

/* A whole call; flat and mode are constants. */
EQ_INLINE_AVX512 void eq_depthwise_flat_x512(const eq_flat_call_x512 *a, int8_t *scratch,
                                             const eq_depthwise_s8_params *p, int flat,
                                             int mode)
{
    const eq_lines g = EQ_LINES_OF(p);
    const eq_band b = eq_band_of(g, p->out_w, p->kw, p->dil_w, p->stride_w);
    eq_flat_pass_x512 t;
    eq_load_clamp_x512(&t.finish, p->zy, p->act_min, p->act_max);
    t.groups = (p->kh + 3) / 4;
    t.kw = p->kw;
    t.tap = p->in_c;
    t.last = p->kh - 1;
    t.segment = b.segment;
    eq_flat_image_x512(&t, &b, (uint8_t *)scratch, a, flat, mode);
}

#endif
