/* Average pooling of int8 and int16 for AVX2: sixteen bytes of a window's channels at once.
 *
 * Exact: sums_avx2.h says why the sums are.  Of a window of n <= 256 pixels of int8,
 *
 *   u = sum + 128 * n + floor(n / 2)   is in [0, 255.5 * n], and 1 less where ties have to go
 *                                      away from zero: below it, for an even n
 *   floor(u / n) = u * m >> 24         for m = ceil(2^24 / n): the product is below 2^32, and
 *                                      u * (m - 2^24 / n) < 255.5 * n <= 2^24 / n
 *
 * which is 128 more than the mean.  Other sums get their half in int32 and are divided as
 * doubles: such a quotient is off by less than 2^-21, and at least 1 / n > 2^-17 away from every
 * integer that it is not, so that cutting it off, or rounding it down, is right.
 *
 * Four bytes, of a window of two by two, add up within int16; their quarter is rounded by 2
 * before a shift, and taking 1 from what is below zero first makes that ties away from zero.
 */
#ifndef EDGEQ_AVGPOOL_AVX2_H
#define EDGEQ_AVGPOOL_AVX2_H

#include "edgeq/avgpool_s16.h"
#include "edgeq/avgpool_s8.h"
#include "edgeq/fixed_point.h"
#include "edgeq/sums_avx2.h"

enum { EQ_MEANS_NARROW = 256 };

/* How the sums of `count` pixels, which begin with `start`, become means. */
typedef struct {
    int32_t count, start, away;
    __m256i below, factor; /* of what is below 1 is taken, -1 for quads; m */
    __m128i lo, hi;        /* the clamp, in bytes or int16 */
} eq_means_avx2;

static inline void eq_means_of_avx2(eq_means_avx2 *m, int32_t count, int narrow)
{
    m->count = count;
    m->start = narrow && count <= EQ_MEANS_NARROW ? 128 * count + count / 2 : 0;
    m->below = _mm256_set1_epi32(m->away && count % 2 == 0 ? m->start : 0);
    m->factor = _mm256_set1_epi32((int32_t)(((1U << 24) - 1) / (uint32_t)count + 1));
}

static inline __m128i eq_means_four_avx2(__m128i sum, int32_t count, int32_t away)
{
    const __m256d divisor = _mm256_set1_pd(count);
    const __m128i half = _mm_set1_epi32(count / 2), negative = _mm_srai_epi32(sum, 31);
    if (!away) {
        const __m256d t = _mm256_cvtepi32_pd(_mm_add_epi32(sum, half));
        return _mm256_cvttpd_epi32(_mm256_floor_pd(_mm256_div_pd(t, divisor)));
    }
    const __m128i towards = _mm_sub_epi32(_mm_xor_si128(half, negative), negative);
    const __m256d t = _mm256_cvtepi32_pd(_mm_add_epi32(sum, towards));
    return _mm256_cvttpd_epi32(_mm256_div_pd(t, divisor));
}

/* Means of eight sums that began with m->start; `narrow` for int8. */
static inline __attribute__((always_inline)) __m256i
eq_means_eight_avx2(__m256i sum, const eq_means_avx2 *m, int narrow)
{
    if (narrow && m->count <= EQ_MEANS_NARROW) {
        const __m256i u = _mm256_add_epi32(sum, _mm256_cmpgt_epi32(m->below, sum));
        const __m256i mean = _mm256_srli_epi32(_mm256_mullo_epi32(u, m->factor), 24);
        return _mm256_sub_epi32(mean, _mm256_set1_epi32(128));
    }
    const __m128i low = _mm256_castsi256_si128(sum);
    const __m128i high = _mm256_extracti128_si256(sum, 1);
    return _mm256_setr_m128i(eq_means_four_avx2(low, m->count, m->away),
                             eq_means_four_avx2(high, m->count, m->away));
}

/* Eight int32, which saturate, in int16. */
static inline __m128i eq_means_pack_avx2(__m256i v)
{
    return _mm_packs_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
}

/* Sixteen bytes of channels from x on, over all pixels of a window. */
static inline __attribute__((always_inline)) __m128i
eq_avgpool_sixteen_avx2(const int8_t *x, eq_pool_part w, const eq_pool_call *g,
                        const eq_means_avx2 *m, int few, int narrow)
{
    eq_pool_sums_avx2 s = eq_sums_from_avx2(m->start);
    int32_t place = w.at;
    for (int32_t r = w.height; r > 0; --r) {
        const int8_t *row = x + place * g->x_row;
        if (narrow)
            eq_sums_add_s8_avx2(&s, row, g->x_pixel, w.width, g->channels, few);
        else
            eq_sums_add_s16_avx2(&s, row, g->x_pixel, w.width, g->channels, few);
        place = eq_next_avx2(place, g->x_ring);
    }
    if (!narrow) {
        const __m128i v = eq_means_pack_avx2(eq_means_eight_avx2(s.low, m, 0));
        return _mm_min_epi16(_mm_max_epi16(v, m->lo), m->hi);
    }
    eq_sums_widen_avx2(&s);
    const __m128i low = eq_means_pack_avx2(eq_means_eight_avx2(s.low, m, 1));
    const __m128i high = eq_means_pack_avx2(eq_means_eight_avx2(s.high, m, 1));
    return _mm_min_epi8(_mm_max_epi8(_mm_packs_epi16(low, high), m->lo), m->hi);
}

static inline __attribute__((always_inline)) void
eq_avgpool_window_avx2(const int8_t *x, int8_t *y, eq_pool_part w, const eq_pool_call *g,
                       eq_means_avx2 *m, int few, int narrow)
{
    const int32_t count = w.height * w.width, n = g->channels;
    if (count != m->count)
        eq_means_of_avx2(m, count, narrow);
    for (int32_t i = 0; i < n; i += 16) {
        const int32_t c = few || i + 16 <= n ? i : n - 16;
        const int8_t *from = x + w.column * g->x_pixel + c;
        eq_store_channels_avx2(y + c, eq_avgpool_sixteen_avx2(from, w, g, m, few, narrow),
                               n, few);
    }
}

/* The same of a window of two by two int8 that lies inside the image. */
static inline __attribute__((always_inline)) void
eq_avgpool_quad_avx2(const int8_t *x, int8_t *y, eq_pool_part w, const eq_pool_call *g,
                     const eq_means_avx2 *m, int few)
{
    const int32_t n = g->channels, step = g->x_pixel;
    const int8_t *top = x + (w.at * g->x_row + w.column * step);
    const int8_t *end = x + (eq_next_avx2(w.at, g->x_ring) * g->x_row + w.column * step);
    for (int32_t i = 0; i < n; i += 16) {
        const int32_t c = few || i + 16 <= n ? i : n - 16;
        const __m256i sum = _mm256_add_epi16(eq_pixels_s8_avx2(top + c, step, n, few),
                                             eq_pixels_s8_avx2(end + c, step, n, few));
        const __m256i down = _mm256_and_si256(_mm256_srai_epi16(sum, 15), m->below);
        const __m256i half = _mm256_add_epi16(down, _mm256_set1_epi16(2));
        const __m256i v = _mm256_srai_epi16(_mm256_add_epi16(sum, half), 2);
        const __m128i mean =
            _mm_packs_epi16(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
        const __m128i clamped = _mm_min_epi8(_mm_max_epi8(mean, m->lo), m->hi);
        eq_store_channels_avx2(y + c, clamped, n, few);
    }
}

#define EQ_AVGQUAD_AVX2(name, few)                                                         \
    static inline __attribute__((always_inline)) void name(                                \
        const int8_t *x, int8_t *y, eq_pool_part w, const eq_pool_call *g, void *numbers)  \
    {                                                                                      \
        eq_avgpool_quad_avx2(x, y, w, g, numbers, few);                                    \
    }

EQ_AVGQUAD_AVX2(eq_avgpool_quad_many_avx2, 0)
EQ_AVGQUAD_AVX2(eq_avgpool_quad_few_avx2, 1)

static inline int eq_are_quads_avx2(const eq_pool_call *g)
{
    return g->kh == 2 && g->kw == 2 && g->pad_top == 0 && g->pad_left == 0 &&
           (g->row1 - 1) * g->stride_h + 2 <= g->in_h &&
           (g->out_w - 1) * g->stride_w + 2 <= g->in_w;
}

static inline void eq_avgpool_quads_avx2(const int8_t *x, int8_t *y, const eq_pool_call *g,
                                         eq_means_avx2 *m)
{
    m->below = _mm256_set1_epi16(m->away ? -1 : 0);
    if (g->channels < 16)
        eq_pool_rows(x, y, g, m, eq_avgpool_quad_few_avx2);
    else
        eq_pool_rows(x, y, g, m, eq_avgpool_quad_many_avx2);
}

/* One for each width, of many channels and of few. */
#define EQ_AVGPOOL_AVX2(name, few, narrow)                                                 \
    static inline __attribute__((always_inline)) void name(                                \
        const int8_t *x, int8_t *y, eq_pool_part w, const eq_pool_call *g, void *numbers)  \
    {                                                                                      \
        eq_avgpool_window_avx2(x, y, w, g, numbers, few, narrow);                          \
    }

EQ_AVGPOOL_AVX2(eq_avgpool_s8_many_avx2, 0, 1)
EQ_AVGPOOL_AVX2(eq_avgpool_s8_few_avx2, 1, 1)
EQ_AVGPOOL_AVX2(eq_avgpool_s16_many_avx2, 0, 0)
EQ_AVGPOOL_AVX2(eq_avgpool_s16_few_avx2, 1, 0)

/* Whether a form rounds ties away from zero. */
#define eq_is_away EQ_SYM(eq_is_away)

static inline int eq_is_away_away(void)
{
    return 1;
}

static inline int eq_is_away_up(void)
{
    return 0;
}

static inline void eq_avgpool_s8_avx2(const int8_t *x, int8_t *y,
                                      const eq_avgpool_s8_params *p, int away)
{
    const eq_pool_call g = EQ_POOL_CALL(p, 1);
    const __m128i lo = _mm_set1_epi8((int8_t)p->act_min);
    const __m128i hi = _mm_set1_epi8((int8_t)p->act_max);
    eq_means_avx2 m = {.away = away, .lo = lo, .hi = hi};
    if (eq_are_quads_avx2(&g))
        eq_avgpool_quads_avx2(x, y, &g, &m);
    else if (g.channels < 16)
        eq_pool_rows(x, y, &g, &m, eq_avgpool_s8_few_avx2);
    else
        eq_pool_rows(x, y, &g, &m, eq_avgpool_s8_many_avx2);
}

static inline void eq_avgpool_s16_avx2(const int16_t *x, int16_t *y,
                                       const eq_avgpool_s16_params *p)
{
    const eq_pool_call g = EQ_POOL_CALL(p, 2);
    const int8_t *from = (const int8_t *)x;
    int8_t *to = (int8_t *)y;
    const __m128i lo = _mm_set1_epi16((int16_t)p->act_min);
    const __m128i hi = _mm_set1_epi16((int16_t)p->act_max);
    eq_means_avx2 m = {.away = 1, .lo = lo, .hi = hi};
    if (g.channels < 16)
        eq_pool_rows(from, to, &g, &m, eq_avgpool_s16_few_avx2);
    else
        eq_pool_rows(from, to, &g, &m, eq_avgpool_s16_many_avx2);
}

#endif
