/* A whole call of depthwise_flat_avxvnni.h: bands, strips, and what four vectors need. */
#ifndef EDGEQ_DEPTHWISE_FLAT_IMAGE_AVXVNNI_H
#define EDGEQ_DEPTHWISE_FLAT_IMAGE_AVXVNNI_H

#include "edgeq/depthwise_flat_avxvnni.h"

/* How the outputs of a call lie in vectors: those of all of 8 or 16 channels side by side. */
static inline eq_flat_avxvnni eq_flat_of_avxvnni(const eq_depthwise_s8_params *p)
{
    const int64_t column = p->in_c <= 16 ? 4 * p->in_c : 128;
    const int64_t pixel = column * p->stride_w;
    eq_flat_avxvnni t;
    t.range = eq_load_range_avx2(p->zy, p->act_min, p->act_max);
    t.per = p->in_c <= 16 ? 32 / p->in_c : 1;
    t.apart.column = column;
    t.apart.one = p->in_c == 8 ? pixel : 32;
    t.apart.two = p->in_c == 8 ? 2 * pixel : p->in_c == 16 ? pixel : 64;
    t.apart.three = p->in_c == 8 ? 3 * pixel : p->in_c == 16 ? pixel + 32 : 96;
    t.pixel = pixel;
    t.next = t.per * pixel;
    return t;
}

/* Vector j of what is packed for 32 channels; that of 8 or 16 channels is put together again. */
EQ_INLINE_AVX2 __m256i eq_flat_part_avxvnni(const void *q, int j, int32_t in_c)
{
    const uint8_t *const x = (const uint8_t *)q;
    if (in_c > 16)
        return eq_load_bytes_avxvnni(x + 32 * j);
    const __m128i *const half =
        (const __m128i *)(const void *)(x + (in_c > 8) * j % 2 * 64);
    return _mm256_set_m128i(_mm_loadu_si128(half + 2), _mm_loadu_si128(half));
}

/* The weights of column k and vector j, for both rows of a strip. */
EQ_INLINE_AVX2 void eq_flat_set_avxvnni(eq_three_avxvnni_w *w, int k, int j, __m256i v)
{
    w[0].w[k][j] = v;
    w[1].w[k][j] = _mm256_slli_epi32(v, 8);
}

/* The weights at w of vector j less their zero point; what is too much for int8 is kept apart.  Returns
 * what is not zero where there is any. */
static inline __m256i eq_flat_weights_zw_avxvnni(eq_flat_avxvnni *t, const int8_t *w, int j,
                                                 int32_t in_c, int32_t kh, int32_t zw)
{
    const __m256i zero = _mm256_set1_epi8((char)zw);
    const __m256i real = _mm256_set1_epi32((int32_t)((1u << 8 * kh) - 1));
    __m256i any = _mm256_setzero_si256();
    for (int k = 0; k < 3; ++k) {
        const __m256i v = eq_flat_part_avxvnni(w + 128 * k, j, in_c);
        const __m256i some = _mm256_and_si256(_mm256_subs_epi8(v, zero), real);
        const __m256i all = _mm256_and_si256(_mm256_sub_epi8(v, zero), real);
        const __m256i much = _mm256_sub_epi8(some, all);
        eq_flat_set_avxvnni(t->w, k, j, some);
        eq_flat_set_avxvnni(t->much, k, j, much);
        any = _mm256_or_si256(any, much);
    }
    t->bias[j] = _mm256_add_epi32(t->bias[j], _mm256_set1_epi32(128 * zw * kh * 3));
    return any;
}

/* What the channels from c on need. */
EQ_INLINE_AVX2 void eq_flat_load_avxvnni(eq_flat_avxvnni *t, const eq_conv2d_arrays *a,
                                         const eq_depthwise_s8_params *p, int32_t c,
                                         int32_t zw, int has_zw, int single)
{
    const __m256i at = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    const int32_t in_c = p->in_c, left = in_c - c;
    const int8_t *const w = a->w + 12 * (int64_t)c;
    __m256i any = _mm256_setzero_si256();
    t->count = left < 32 && t->per == 1 ? left : 32;
    t->mask = _mm256_cmpgt_epi32(_mm256_set1_epi32(t->count / 4), at);
    for (int32_t j = 0; j < 4; ++j) {
        t->bias[j] = _mm256_xor_si256(eq_flat_part_avxvnni(a->bias + c, j, in_c),
                                      eq_top_avxvnni(single));
        t->f[j] =
            eq_factors_of_avxvnni(eq_flat_part_avxvnni(a->mult + c, j, in_c),
                                  eq_flat_part_avxvnni(a->shift + c, j, in_c), single);
        if (has_zw) {
            any =
                _mm256_or_si256(any, eq_flat_weights_zw_avxvnni(t, w, j, in_c, p->kh, zw));
            continue;
        }
        for (int k = 0; k < 3; ++k)
            eq_flat_set_avxvnni(t->w, k, j, eq_flat_part_avxvnni(w + 128 * k, j, in_c));
    }
    t->has_much = !_mm256_testz_si256(any, any);
}

/* The strip of the windows that begin in line `line` of a band of `lines`, channels from c on. */
static inline void eq_flat_fill_avxvnni(uint8_t *q, const uint8_t *band, const eq_band *b,
                                        int32_t line, int32_t lines, int32_t c)
{
    const eq_lines *g = &b->lines;
    const int whole = g->in_c <= 16;
    const uint8_t *x[4];
    for (int32_t i = 0; i < 4; ++i) {
        const int32_t at = line + i;
        x[i] = band + (int64_t)(at < lines ? at : lines - 1) * b->line + c;
    }
    if (whole)
        eq_group_avxvnni(q, x, 32, (b->line + 31) / 32);
    else
        eq_apart_group_avxvnni(q, x, g->in_c, g->columns);
}

/* `rows` rows of outputs at y, of windows in a band. */
EQ_INLINE_AVX2 void eq_flat_band_avxvnni(eq_flat_avxvnni *t, const eq_band *b,
                                         const uint8_t *band, uint8_t *strip,
                                         const eq_conv2d_arrays *a, int8_t *y,
                                         const eq_depthwise_s8_params *p, int32_t rows,
                                         int32_t zw, int has_zw, int single)
{
    const int32_t lines = (rows - 1) * p->stride_h + p->kh, most = p->stride_h == 1 ? 2 : 1;
    for (int32_t c = 0; c < p->in_c; c += t->per == 1 ? 32 : 16) {
        eq_flat_load_avxvnni(t, a, p, c, zw, has_zw, single);
        for (int32_t r = 0; r < rows; r += most) {
            int8_t *const to = y + (int64_t)r * p->y_row + c;
            const eq_flat_line_avxvnni g = {.q = strip,
                                            .y = to,
                                            .z = to + p->y_row,
                                            .y_pixel = p->y_pixel,
                                            .n = p->out_w,
                                            .rows = rows - r < most ? 1 : most};
            eq_flat_fill_avxvnni(strip, band, b, r * p->stride_h, lines, c);
            if (has_zw && t->has_much)
                eq_flat_much_avxvnni(t, &g, single);
            else
                eq_flat_plain_avxvnni(t, &g, single);
        }
    }
}

/* A whole call, whose weights have the zero point zw; the last two are constants. */
EQ_INLINE_AVX2 void eq_flat_image_avxvnni(const eq_conv2d_arrays *a, int8_t *scratch,
                                          const eq_depthwise_s8_params *p, int32_t zw,
                                          int has_zw, int single)
{
    const eq_lines g = EQ_LINES_OF(p);
    const eq_band b = eq_band_of(g, p->out_w, 3, 1, p->stride_w);
    const int32_t all = p->row1 - p->row0, most = all < b.rows ? all : b.rows;
    const int32_t lines = (most - 1) * p->stride_h + p->kh;
    const int64_t before = ((int64_t)lines * b.line + 32 + 63) / 64 * 64;
    uint8_t *const band = (uint8_t *)scratch;
    eq_flat_avxvnni t = eq_flat_of_avxvnni(p);
    for (int32_t h = p->row0; h < p->row1; h += b.rows) {
        const int32_t left = p->row1 - h, rows = left < b.rows ? left : b.rows;
        eq_fill_band_avxvnni(band, a->x, h, rows, &b);
        eq_flat_band_avxvnni(&t, &b, band, band + before, a, a->y + (int64_t)h * p->y_row,
                             p, rows, zw, has_zw, single);
    }
}

#endif
