/* What becomes of six pixels by sixteen channels of sums for AVX2, whatever factors there are.
 *
 * Channels are in the order of rescale_avx2.h.  Dot products of a tile are functions of their own:
 * gcc 12 keeps the twelve sums in registers only where nothing else is going on.
 */
#ifndef EDGEQ_CONV2D_AVX2_H
#define EDGEQ_CONV2D_AVX2_H

#include "edgeq/conv2d_tile_avx2.h"

/* Constants of a layer. */
typedef struct {
    const int8_t *w;
    const int32_t *bias, *mult, *shift;
    int32_t out_c;
    eq_range_avx2 range;
} eq_layer_avx2;

/* Two pixels rescaled, narrowed and stored. */
EQ_INLINE_AVX2 void eq_finish_two_avx2(const eq_layer_avx2 *t, const eq_factors_x8 *f,
                                       const __m256i *s, int8_t *y0, int8_t *y1, int32_t o,
                                       int single)
{
    const __m256i v = eq_narrow_s8_x32(
        eq_rescale_x8(s[0], &f[0], single), eq_rescale_x8(s[1], &f[1], single),
        eq_rescale_x8(s[2], &f[0], single), eq_rescale_x8(s[3], &f[1], single), &t->range);
    eq_store_two_avx2(y0 + o, y1 + o, v, t->out_c - o);
}

/* n pixels of sums rescaled, narrowed and stored. */
EQ_INLINE_AVX2 void eq_finish_tile_avx2(const eq_layer_avx2 *t, const eq_tile_avx2 *s,
                                        const eq_pixels_avx2 *g, int32_t o, int n,
                                        int single)
{
    const eq_factors_x8 f[2] = {
        eq_load_factors_of(t->mult + o, t->shift + o, single),
        eq_load_factors_of(t->mult + o + 8, t->shift + o + 8, single)};
    const __m256i first[4] = {s->a0, s->b0, s->a1, s->b1};
    eq_finish_two_avx2(t, f, first, g->y[0], g->y[1], o, single);
    const __m256i second[4] = {s->a2, s->b2, s->a3, s->b3};
    if (n > 2)
        eq_finish_two_avx2(t, f, second, g->y[2], g->y[3], o, single);
    const __m256i third[4] = {s->a4, s->b4, s->a5, s->b5};
    if (n > 4)
        eq_finish_two_avx2(t, f, third, g->y[4], g->y[5], o, single);
}

#endif
