/* What depthwise convolution for AVX-VNNI reads: strips, and the weights of a pass.
 *
 * A strip has the bytes of four lines of a band of x + 128, of four rows that a window sees, side by
 * side as a dword for each column and channel, of up to 32 channels.  A window of kh rows has
 * (kh + 3) / 4 such groups.  Bytes beyond the last row meet weights of zero.
 */
#ifndef EDGEQ_DEPTHWISE_STRIPS_AVXVNNI_H
#define EDGEQ_DEPTHWISE_STRIPS_AVXVNNI_H

#include "edgeq/conv2d_band_avxvnni.h"
#include "edgeq/dots_avxvnni.h"

enum {
    EQ_QUADS_AVXVNNI = 64,     /* groups by columns that a window may have */
    EQ_STRIPS_AVXVNNI = 16384, /* bytes of strips, unless one needs more */
    EQ_CHUNK_AVXVNNI = 32      /* channels of a strip */
};

/* How strips lie, in bytes. */
typedef struct {
    int64_t column, pixel; /* from column to column, and from window to window */
    int64_t group, strip;
    int32_t groups, kw;
    int32_t rows; /* of outputs that a strip serves: 1 or 2 */
    int32_t kept; /* strips that there is room for */
} eq_strips_avxvnni;

/* What a pass over eight channels needs, for the first and the second row of a strip. */
typedef struct {
    int8_t w[2][EQ_QUADS_AVXVNNI * 32], much[2][EQ_QUADS_AVXVNNI * 32];
    int32_t zw;
    int has_much;
    __m256i bias;
    eq_factors_avxvnni f;
    eq_range_avx2 range;
} eq_pass_avxvnni;

static inline eq_strips_avxvnni eq_strips_of_avxvnni(const eq_band *b, int32_t rows)
{
    const eq_lines *g = &b->lines;
    const int32_t some = g->in_c < EQ_CHUNK_AVXVNNI ? g->in_c : EQ_CHUNK_AVXVNNI;
    const int32_t groups = (g->kh + 3) / 4, column = 4 * some;
    const int32_t strip = groups * (g->columns * column + 128);
    const int32_t fit = EQ_STRIPS_AVXVNNI / strip, kept = fit < rows ? fit : rows;
    const eq_strips_avxvnni s = {
        .column = column,
        .pixel = (int64_t)column * (b->step / g->in_c),
        .group = strip / groups,
        .strip = strip,
        .groups = groups,
        .kw = b->kw,
        .rows = g->kh <= 3 && g->stride_h == 1 && g->dil_h == 1 ? 2 : 1,
        .kept = kept > 1 ? kept : 1};
    return s;
}

/* 32 bytes at x, dwords in the order 0, 2, 4, 6, 1, 3, 5, 7 where they are to be `even`. */
EQ_INLINE_AVX2 __m256i eq_line_avxvnni(const uint8_t *x, int even)
{
    const __m256i order = _mm256_setr_epi32(0, 2, 4, 6, 1, 3, 5, 7);
    const __m256i v = eq_load_bytes_avxvnni(x);
    return even ? _mm256_permutevar8x32_epi32(v, order) : v;
}

/* The bytes of four lines side by side: n times 32 that are `step` apart.  Four vectors hold those
 * of 32 in order where that is to be `even`, else of 0..3 and 16..19, of 4..7 and 20..23 and so on. */
EQ_INLINE_AVX2 void eq_group_of_avxvnni(uint8_t *q, const uint8_t *const *x, int64_t step,
                                        int32_t n, int even)
{
    const uint8_t *x0 = x[0], *x1 = x[1], *x2 = x[2], *x3 = x[3];
    for (int64_t i = 0; n > 0; --n, i += step, q += 128) {
        const __m256i a = eq_line_avxvnni(x0 + i, even), b = eq_line_avxvnni(x1 + i, even);
        const __m256i c = eq_line_avxvnni(x2 + i, even), d = eq_line_avxvnni(x3 + i, even);
        const __m256i low = _mm256_unpacklo_epi8(a, b), high = _mm256_unpackhi_epi8(a, b);
        const __m256i u = _mm256_unpacklo_epi8(c, d), v = _mm256_unpackhi_epi8(c, d);
        eq_put_avxvnni(q, _mm256_unpacklo_epi16(low, u));
        eq_put_avxvnni(q + 32, _mm256_unpackhi_epi16(low, u));
        eq_put_avxvnni(q + 64, _mm256_unpacklo_epi16(high, v));
        eq_put_avxvnni(q + 96, _mm256_unpackhi_epi16(high, v));
    }
}

EQ_APART_AVX2 void eq_group_avxvnni(uint8_t *q, const uint8_t *const *x, int64_t step,
                                    int32_t n)
{
    eq_group_of_avxvnni(q, x, step, n, 1);
}

EQ_APART_AVX2 void eq_apart_group_avxvnni(uint8_t *q, const uint8_t *const *x, int64_t step,
                                          int32_t n)
{
    eq_group_of_avxvnni(q, x, step, n, 0);
}

/* The strip of the windows that begin in line `line` of a band of `lines`, of the channels from
 * `channel` on.  Pixels of up to 32 channels are taken as they follow each other. */
static inline void eq_fill_strip_avxvnni(uint8_t *q, const uint8_t *band, const eq_band *b,
                                         const eq_strips_avxvnni *s, int32_t line,
                                         int32_t lines, int32_t channel)
{
    const eq_lines *g = &b->lines;
    const int whole = g->in_c <= EQ_CHUNK_AVXVNNI;
    for (int32_t k = 0; k < s->groups; ++k) {
        const uint8_t *x[4];
        for (int32_t i = 0; i < 4; ++i) {
            const int32_t at = line + (4 * k + i) * g->dil_h;
            x[i] = band + (int64_t)(at < lines ? at : lines - 1) * b->line + channel;
        }
        eq_group_avxvnni(q + k * s->group, x, whole ? 32 : g->in_c,
                         whole ? (b->line + 31) / 32 : g->columns);
    }
}

/* The weights of a group and column, for both rows of a strip. */
EQ_INLINE_AVX2 void eq_set_weights_avxvnni(int8_t (*w)[EQ_QUADS_AVXVNNI * 32], int32_t i,
                                           __m256i v)
{
    _mm256_storeu_si256((__m256i *)(void *)(w[0] + 32 * i), v);
    _mm256_storeu_si256((__m256i *)(void *)(w[1] + 32 * i), _mm256_slli_epi32(v, 8));
}

/* The weights of eight channels. */
static inline void eq_load_quads_avxvnni(eq_pass_avxvnni *t, const int8_t *w, int32_t kh,
                                         int32_t kw)
{
    for (int32_t i = 0; i < (kh + 3) / 4 * kw; ++i)
        eq_set_weights_avxvnni(t->w, i, eq_load_bytes_avxvnni(w + 32 * i));
    t->has_much = 0;
}

/* The same of weights less their zero point. */
static inline void eq_load_quads_zw_avxvnni(eq_pass_avxvnni *t, const int8_t *w, int32_t kh,
                                            int32_t kw, int32_t zw)
{
    const __m256i zero = _mm256_set1_epi8((int8_t)zw);
    __m256i any = _mm256_setzero_si256();
    for (int32_t i = 0; i < (kh + 3) / 4 * kw; ++i) {
        const int32_t rows = kh - i / kw * 4;
        const __m256i real =
            _mm256_set1_epi32(rows < 4 ? (int32_t)((1u << 8 * rows) - 1) : -1);
        const __m256i v = eq_load_bytes_avxvnni(w + 32 * i);
        const __m256i some = _mm256_and_si256(_mm256_subs_epi8(v, zero), real);
        const __m256i all = _mm256_and_si256(_mm256_sub_epi8(v, zero), real);
        const __m256i much = _mm256_sub_epi8(some, all);
        eq_set_weights_avxvnni(t->w, i, some);
        eq_set_weights_avxvnni(t->much, i, much);
        any = _mm256_or_si256(any, much);
    }
    t->bias = _mm256_add_epi32(t->bias, _mm256_set1_epi32(128 * zw * kh * kw));
    t->has_much = !_mm256_testz_si256(any, any);
}

#endif
