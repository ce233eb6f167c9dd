/* Six pixels by sixteen channels for AVX2, two taps at a time.
 *
 * Two taps of a pixel, int16, are broadcast, and VPMADDWD multiplies them with two taps of eight
 * channels; channels are in the order of rescale_avx2.h.
 */
#ifndef EDGEQ_CONV2D_TILE_AVX2_H
#define EDGEQ_CONV2D_TILE_AVX2_H

#include "edgeq/rescale_avx2.h"

enum { EQ_TILE_AVX2 = 6 };

/* Pixels of a tile: their windows and what becomes of them. */
typedef struct {
    const int16_t *x[EQ_TILE_AVX2];
    int8_t *y[EQ_TILE_AVX2];
} eq_pixels_avx2;

/* Sums of a tile: sixteen channels of each pixel. */
typedef struct {
    __m256i a0, b0, a1, b1, a2, b2, a3, b3, a4, b4, a5, b5;
} eq_tile_avx2;

/* Two taps at x, or one and a zero; scratch is not aligned. */
EQ_INLINE_AVX2 __m256i eq_two_avx2(const void *x, int one)
{
    int32_t two;
    memcpy(&two, x, sizeof two);
    return _mm256_set1_epi32(one ? (uint16_t)two : two);
}

EQ_INLINE_AVX2 __m256i eq_mac_avx2(__m256i sum, __m256i x, __m256i w)
{
    return _mm256_add_epi32(sum, _mm256_madd_epi16(x, w));
}

/* Two taps of n pixels, or one. */
EQ_INLINE_AVX2 void eq_step_avx2(eq_tile_avx2 *s, const eq_pixels_avx2 *g, int64_t k,
                                 __m256i u, __m256i v, int n, int one)
{
    const __m256i x0 = eq_two_avx2(g->x[0] + k, one);
    s->a0 = eq_mac_avx2(s->a0, x0, u);
    s->b0 = eq_mac_avx2(s->b0, x0, v);
    const __m256i x1 = eq_two_avx2(g->x[1] + k, one);
    s->a1 = eq_mac_avx2(s->a1, x1, u);
    s->b1 = eq_mac_avx2(s->b1, x1, v);
    if (n > 2) {
        const __m256i x2 = eq_two_avx2(g->x[2] + k, one);
        s->a2 = eq_mac_avx2(s->a2, x2, u);
        s->b2 = eq_mac_avx2(s->b2, x2, v);
    }
    if (n > 3) {
        const __m256i x3 = eq_two_avx2(g->x[3] + k, one);
        s->a3 = eq_mac_avx2(s->a3, x3, u);
        s->b3 = eq_mac_avx2(s->b3, x3, v);
    }
    if (n > 4) {
        const __m256i x4 = eq_two_avx2(g->x[4] + k, one),
                      x5 = eq_two_avx2(g->x[5] + k, one);
        s->a4 = eq_mac_avx2(s->a4, x4, u);
        s->b4 = eq_mac_avx2(s->b4, x4, v);
        s->a5 = eq_mac_avx2(s->a5, x5, u);
        s->b5 = eq_mac_avx2(s->b5, x5, v);
    }
}

/* What is left of a tile after n pixels is its last pixel once more. */
EQ_INLINE_AVX2 void eq_fill_tile_avx2(eq_pixels_avx2 *g, int32_t n)
{
    for (int32_t i = n; i < EQ_TILE_AVX2; ++i) {
        g->x[i] = g->x[n - 1];
        g->y[i] = g->y[n - 1];
    }
}

#endif
