/* Pixels of a depthwise convolution for AVX-VNNI: four by eight channels at a time, from strips
 * (depthwise_strips_avxvnni.h) to bytes.
 *
 * Exact: VPDPBUSD does not saturate, and its sums are modulo 2^32; the last is in range.  They come
 * as scale_avx2.h wants them but for the order of lanes, so those of a half are 0, 2, 1, 3 after,
 * which the order of the bytes makes good.
 */
#ifndef EDGEQ_DEPTHWISE_PIXELS_AVXVNNI_H
#define EDGEQ_DEPTHWISE_PIXELS_AVXVNNI_H

#include "edgeq/depthwise_strips_avxvnni.h"

/* Kinds of passes: any, one with weights that are too much for int8; those of eight channels and
 * windows of three columns and one group, and where these are a column apart. */
enum { EQ_PLAIN_AVXVNNI, EQ_MUCH_AVXVNNI, EQ_THREE_AVXVNNI, EQ_SLIDE_AVXVNNI };

/* Sums of four pixels, or of less. */
typedef struct {
    __m256i a, b, c, d;
} eq_quad_avxvnni;

/* Pixels whose windows, and whose outputs, lie apart as told, n in a line and `lines` of these. */
typedef struct {
    const uint8_t *q;
    int8_t *y;
    int64_t step, y_step, line, y_line;
    int32_t n, lines;
    int32_t count; /* channels to store of each, at most 8 */
    int row;       /* of a strip */
} eq_job_avxvnni;

EQ_INLINE_AVX2 __m256i eq_quad_step_avxvnni(__m256i sum, const uint8_t *x, __m256i w)
{
    return _mm256_dpbusd_epi32(sum, eq_load_bytes_avxvnni(x), w);
}

/* The windows of n <= 4 pixels, `step` apart, on top of `sum`. */
EQ_INLINE_AVX2 eq_quad_avxvnni eq_windows_avxvnni(const eq_strips_avxvnni *s, __m256i sum,
                                                  const int8_t *w, const uint8_t *q,
                                                  int64_t step, int n, int kind)
{
    eq_quad_avxvnni r = {sum, sum, sum, sum};
    const int32_t groups = kind >= EQ_THREE_AVXVNNI ? 1 : s->groups;
    const int32_t columns = kind >= EQ_THREE_AVXVNNI ? 3 : s->kw;
    for (int32_t g = 0; g < groups; ++g)
        for (int32_t k = 0; k < columns; ++k) {
            const uint8_t *x = q + g * s->group + k * s->column, *z = x + 2 * step;
            const __m256i v = eq_load_bytes_avxvnni(w);
            w += 32;
            r.a = eq_quad_step_avxvnni(r.a, x, v);
            if (n > 1)
                r.b = eq_quad_step_avxvnni(r.b, x + step, v);
            if (n > 2)
                r.c = eq_quad_step_avxvnni(r.c, z, v);
            if (n > 3)
                r.d = eq_quad_step_avxvnni(r.d, z + step, v);
        }
    return r;
}

/* Three columns, by the weights of each. */
EQ_INLINE_AVX2 __m256i eq_three_avxvnni(__m256i sum, __m256i a, __m256i b, __m256i c,
                                        const __m256i *w)
{
    const __m256i first = _mm256_dpbusd_epi32(sum, a, w[0]);
    return _mm256_dpbusd_epi32(_mm256_dpbusd_epi32(first, b, w[1]), c, w[2]);
}

/* The same of four pixels, a column apart, whose windows have three columns and one group. */
EQ_INLINE_AVX2 eq_quad_avxvnni eq_slide_avxvnni(const eq_strips_avxvnni *s, __m256i sum,
                                                const int8_t *w, const uint8_t *q)
{
    const int64_t step = s->column;
    const __m256i v[3] = {eq_load_bytes_avxvnni(w), eq_load_bytes_avxvnni(w + 32),
                          eq_load_bytes_avxvnni(w + 64)};
    const __m256i a = eq_load_bytes_avxvnni(q), b = eq_load_bytes_avxvnni(q + step),
                  c = eq_load_bytes_avxvnni(q + 2 * step),
                  d = eq_load_bytes_avxvnni(q + 3 * step),
                  e = eq_load_bytes_avxvnni(q + 4 * step),
                  f = eq_load_bytes_avxvnni(q + 5 * step);
    const eq_quad_avxvnni r = {
        eq_three_avxvnni(sum, a, b, c, v), eq_three_avxvnni(sum, b, c, d, v),
        eq_three_avxvnni(sum, c, d, e, v), eq_three_avxvnni(sum, d, e, f, v)};
    return r;
}

/* The sums of n pixels. */
EQ_INLINE_AVX2 eq_quad_avxvnni eq_sums_of_avxvnni(const eq_pass_avxvnni *t,
                                                  const eq_strips_avxvnni *s,
                                                  const eq_job_avxvnni *g, const uint8_t *q,
                                                  int n, int kind)
{
    if (kind == EQ_SLIDE_AVXVNNI && n == 4)
        return eq_slide_avxvnni(s, t->bias, t->w[g->row], q);
    const eq_quad_avxvnni r =
        eq_windows_avxvnni(s, t->bias, t->w[g->row], q, g->step, n, kind);
    if (kind != EQ_MUCH_AVXVNNI)
        return r;
    const __m256i none = _mm256_setzero_si256();
    const eq_quad_avxvnni m =
        eq_windows_avxvnni(s, none, t->much[g->row], q, g->step, n, kind);
    const eq_quad_avxvnni less = {_mm256_sub_epi32(r.a, m.a), _mm256_sub_epi32(r.b, m.b),
                                  _mm256_sub_epi32(r.c, m.c), _mm256_sub_epi32(r.d, m.d)};
    return less;
}

/* Eight channels of n <= 4 pixels as bytes, pixel by pixel. */
EQ_INLINE_AVX2 __m256i eq_pixels_bytes_avxvnni(const eq_pass_avxvnni *t,
                                               const eq_quad_avxvnni *r, int n, int single)
{
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    const __m256i a = eq_scaled_avxvnni(r->a, &t->f, 0, single);
    const __m256i b = n > 1 ? eq_scaled_avxvnni(r->b, &t->f, 0, single) : a;
    const __m256i c = n > 2 ? eq_scaled_avxvnni(r->c, &t->f, 0, single) : a;
    const __m256i d = n > 3 ? eq_scaled_avxvnni(r->d, &t->f, 0, single) : n > 2 ? c : b;
    const __m256i v = eq_narrow_avxvnni(a, b, c, d, &t->range, single);
    return _mm256_permutevar8x32_epi32(eq_turned_avxvnni(v, single), order);
}

/* The first `count` <= 8 bytes of each of n pixels. */
EQ_INLINE_AVX2 void eq_store_pixels_avxvnni(int8_t *y, int64_t step, __m256i v, int n,
                                            int32_t count)
{
    if (count < 8) {
        int8_t some[32];
        _mm256_storeu_si256((__m256i *)(void *)some, v);
        for (int i = 0; i < n; ++i)
            memcpy(y + i * step, some + 8 * i, (size_t)count);
        return;
    }
    const __m128i low = _mm256_castsi256_si128(v), high = _mm256_extracti128_si256(v, 1);
    int8_t *const z = y + 2 * step;
    _mm_storel_epi64((__m128i *)(void *)y, low);
    if (n > 1)
        _mm_storeh_pd((double *)(void *)(y + step), _mm_castsi128_pd(low));
    if (n > 2)
        _mm_storel_epi64((__m128i *)(void *)z, high);
    if (n > 3)
        _mm_storeh_pd((double *)(void *)(z + step), _mm_castsi128_pd(high));
}

/* n <= 4 pixels. */
EQ_INLINE_AVX2 void eq_pixels_of_avxvnni(const eq_pass_avxvnni *t,
                                         const eq_strips_avxvnni *s,
                                         const eq_job_avxvnni *g, const uint8_t *q,
                                         int8_t *y, int n, int kind, int single)
{
    const eq_quad_avxvnni r = eq_sums_of_avxvnni(t, s, g, q, n, kind);
    eq_store_pixels_avxvnni(y, g->y_step, eq_pixels_bytes_avxvnni(t, &r, n, single), n,
                            kind >= EQ_THREE_AVXVNNI ? 8 : g->count);
}

/* All pixels of a job. */
EQ_INLINE_AVX2 void eq_do_avxvnni(const eq_pass_avxvnni *t, const eq_strips_avxvnni *s,
                                  const eq_job_avxvnni *g, int kind, int single)
{
    for (int32_t i = 0; i < g->lines; ++i) {
        const uint8_t *q = g->q + i * g->line;
        int8_t *y = g->y + i * g->y_line;
        int32_t left = g->n;
        for (; left >= 4; left -= 4) {
            eq_pixels_of_avxvnni(t, s, g, q, y, 4, kind, single);
            q += 4 * g->step;
            y += 4 * g->y_step;
        }
        if (left == 3)
            eq_pixels_of_avxvnni(t, s, g, q, y, 3, kind, single);
        else if (left == 2)
            eq_pixels_of_avxvnni(t, s, g, q, y, 2, kind, single);
        else if (left == 1)
            eq_pixels_of_avxvnni(t, s, g, q, y, 1, kind, single);
    }
}

EQ_INLINE_AVX2 void eq_do_form_avxvnni(const eq_pass_avxvnni *t, const eq_strips_avxvnni *s,
                                       const eq_job_avxvnni *g, int kind, int single)
{
    if (single == EQ_FUSED)
        eq_do_avxvnni(t, s, g, kind, EQ_FUSED);
    else if (single == EQ_SINGLE)
        eq_do_avxvnni(t, s, g, kind, EQ_SINGLE);
    else
        eq_do_avxvnni(t, s, g, kind, EQ_DOUBLE);
}

/* The same by kind, functions of their own, so that nothing else takes registers. */
EQ_APART_AVX2 void eq_do_plain_avxvnni(const eq_pass_avxvnni *t, const eq_strips_avxvnni *s,
                                       const eq_job_avxvnni *g, int single)
{
    eq_do_form_avxvnni(t, s, g, EQ_PLAIN_AVXVNNI, single);
}

EQ_APART_AVX2 void eq_do_much_avxvnni(const eq_pass_avxvnni *t, const eq_strips_avxvnni *s,
                                      const eq_job_avxvnni *g, int single)
{
    eq_do_form_avxvnni(t, s, g, EQ_MUCH_AVXVNNI, single);
}

EQ_APART_AVX2 void eq_do_three_avxvnni(const eq_pass_avxvnni *t, const eq_strips_avxvnni *s,
                                       const eq_job_avxvnni *g, int single)
{
    eq_do_form_avxvnni(t, s, g, EQ_THREE_AVXVNNI, single);
}

EQ_APART_AVX2 void eq_do_slide_avxvnni(const eq_pass_avxvnni *t, const eq_strips_avxvnni *s,
                                       const eq_job_avxvnni *g, int single)
{
    eq_do_form_avxvnni(t, s, g, EQ_SLIDE_AVXVNNI, single);
}

#endif
