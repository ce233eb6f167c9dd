/* Max pooling of int8 and int16 for AVX2: 32 bytes of a window's channels at once, sixteen of
 * fewer channels.
 *
 * Exact: nothing is rounded.  The clamp's lower end stands in for the maximum of nothing.
 */
#ifndef EDGEQ_MAXPOOL_AVX2_H
#define EDGEQ_MAXPOOL_AVX2_H

#include "edgeq/maxpool_s16.h"
#include "edgeq/maxpool_s8.h"
#include "edgeq/pool_avx2.h"

/* Bytes of channels: at least 32, at least 16, at least 8. */
enum { EQ_MAX_MANY, EQ_MAX_SOME, EQ_MAX_FEW };

/* The clamp, in bytes or int16. */
typedef struct {
    __m256i lo, hi;
} eq_max_bounds_avx2;

static inline __attribute__((always_inline)) __m256i eq_max_load_avx2(const int8_t *x,
                                                                      int32_t n, int kind)
{
    return kind == EQ_MAX_MANY
               ? eq_load_x32(x)
               : _mm256_castsi128_si256(eq_load_channels_avx2(x, n, kind == EQ_MAX_FEW));
}

static inline __attribute__((always_inline)) void eq_max_store_avx2(int8_t *y, __m256i v,
                                                                    int32_t n, int kind)
{
    if (kind == EQ_MAX_MANY)
        eq_store_x32(y, v);
    else
        eq_store_channels_avx2(y, _mm256_castsi256_si128(v), n, kind == EQ_MAX_FEW);
}

static inline __attribute__((always_inline)) __m256i eq_larger_avx2(__m256i a, __m256i b,
                                                                    int size)
{
    return size == 1 ? _mm256_max_epi8(a, b) : _mm256_max_epi16(a, b);
}

/* Channels from x on, over all pixels of a window. */
static inline __attribute__((always_inline)) __m256i eq_largest_avx2(__m256i best,
                                                                     const int8_t *x,
                                                                     eq_pool_part w,
                                                                     const eq_pool_call *g,
                                                                     int kind, int size)
{
    int32_t place = w.at;
    for (int32_t r = w.height; r > 0; --r) {
        const int8_t *pixel = x + place * g->x_row;
        for (int32_t i = w.width; i > 0; --i) {
            const __m256i v = eq_max_load_avx2(pixel, g->channels, kind);
            best = eq_larger_avx2(best, v, size);
            pixel += g->x_pixel;
        }
        place = eq_next_avx2(place, g->x_ring);
    }
    return best;
}

static inline __attribute__((always_inline)) void
eq_maxpool_window_avx2(const int8_t *x, int8_t *y, eq_pool_part w, const eq_pool_call *g,
                       const eq_max_bounds_avx2 *limits, int kind, int size)
{
    const int32_t n = g->channels, step = kind == EQ_MAX_MANY ? 32 : 16;
    for (int32_t i = 0; i < n; i += step) {
        const int32_t c = kind == EQ_MAX_FEW || i + step <= n ? i : n - step;
        const int8_t *from = x + w.column * g->x_pixel + c;
        const __m256i best = eq_largest_avx2(limits->lo, from, w, g, kind, size);
        const __m256i v = size == 1 ? _mm256_min_epi8(best, limits->hi)
                                    : _mm256_min_epi16(best, limits->hi);
        eq_max_store_avx2(y + c, v, n, kind);
    }
}

/* One for each width and kind. */
#define EQ_MAXPOOL_AVX2(name, kind, size)                                                  \
    static inline __attribute__((always_inline)) void name(                                \
        const int8_t *x, int8_t *y, eq_pool_part w, const eq_pool_call *g, void *numbers)  \
    {                                                                                      \
        eq_maxpool_window_avx2(x, y, w, g, numbers, kind, size);                           \
    }

EQ_MAXPOOL_AVX2(eq_maxpool_s8_many_avx2, EQ_MAX_MANY, 1)
EQ_MAXPOOL_AVX2(eq_maxpool_s8_some_avx2, EQ_MAX_SOME, 1)
EQ_MAXPOOL_AVX2(eq_maxpool_s8_few_avx2, EQ_MAX_FEW, 1)
EQ_MAXPOOL_AVX2(eq_maxpool_s16_many_avx2, EQ_MAX_MANY, 2)
EQ_MAXPOOL_AVX2(eq_maxpool_s16_some_avx2, EQ_MAX_SOME, 2)
EQ_MAXPOOL_AVX2(eq_maxpool_s16_few_avx2, EQ_MAX_FEW, 2)

static inline void eq_maxpool_s8_avx2(const int8_t *x, int8_t *y,
                                      const eq_maxpool_s8_params *p)
{
    const eq_pool_call g = EQ_POOL_CALL(p, 1);
    eq_max_bounds_avx2 limits = {_mm256_set1_epi8((int8_t)p->act_min),
                                 _mm256_set1_epi8((int8_t)p->act_max)};
    if (g.channels >= 32)
        eq_pool_rows(x, y, &g, &limits, eq_maxpool_s8_many_avx2);
    else if (g.channels >= 16)
        eq_pool_rows(x, y, &g, &limits, eq_maxpool_s8_some_avx2);
    else
        eq_pool_rows(x, y, &g, &limits, eq_maxpool_s8_few_avx2);
}

static inline void eq_maxpool_s16_avx2(const int16_t *x, int16_t *y,
                                       const eq_maxpool_s16_params *p)
{
    const eq_pool_call g = EQ_POOL_CALL(p, 2);
    const int8_t *from = (const int8_t *)x;
    int8_t *to = (int8_t *)y;
    eq_max_bounds_avx2 limits = {_mm256_set1_epi16((int16_t)p->act_min),
                                 _mm256_set1_epi16((int16_t)p->act_max)};
    if (g.channels >= 32)
        eq_pool_rows(from, to, &g, &limits, eq_maxpool_s16_many_avx2);
    else if (g.channels >= 16)
        eq_pool_rows(from, to, &g, &limits, eq_maxpool_s16_some_avx2);
    else
        eq_pool_rows(from, to, &g, &limits, eq_maxpool_s16_few_avx2);
}

#endif
