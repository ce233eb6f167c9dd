/* Bands for depthwise convolution with a multiplier: each channel of x as often as it says, side by
 * side, so that what is left is a convolution of multiplier 1.
 *
 * Elements are repeated wherever they lie: the band of x's own channels, made behind, has the same
 * lines and columns.
 *
 * Scratch, with LINE as in conv2d_band.h of one channel of x and COUNT = in_c * multiplier:
 *
 *   LINES * LINE * (COUNT + (multiplier > 1) * in_c) * (size of an element) + 64
 */
#ifndef EDGEQ_DEPTHWISE_REPEAT_AVX2_H
#define EDGEQ_DEPTHWISE_REPEAT_AVX2_H

#include "edgeq/conv2d_band.h"

/* The band of repeated channels and that of x's own. */
typedef struct {
    eq_band band, own;
    int32_t multiplier, size; /* bytes of an element */
} eq_repeat_avx2;

/* Those of windows that lie as `g` says, in bytes, but for its columns. */
static inline eq_repeat_avx2 eq_repeat_of_avx2(eq_lines g, int32_t out_w, int32_t kw,
                                               int32_t dil_w, int32_t stride_w,
                                               int32_t multiplier, int32_t size)
{
    eq_lines all = g;
    all.in_c *= multiplier;
    const eq_repeat_avx2 r = {eq_band_of(all, out_w, kw, dil_w, stride_w),
                              eq_band_of(g, out_w, kw, dil_w, stride_w), multiplier, size};
    return r;
}

/* n elements at x, each `multiplier` times. */
static inline void eq_repeat_elements_avx2(int8_t *to, const int8_t *x, int64_t n,
                                           const eq_repeat_avx2 *r)
{
    for (int64_t i = 0; i < n; ++i) {
        for (int32_t m = 0; m < r->multiplier; ++m) {
            memcpy(to, x, r->size == 2 ? 2 : 1);
            to += r->size;
        }
        x += r->size;
    }
}

/* eq_fill_band of repeated channels. */
static inline void eq_fill_repeated_avx2(int8_t *band, const int8_t *x, int32_t h,
                                         int32_t rows, const eq_repeat_avx2 *r)
{
    const eq_lines *g = &r->band.lines;
    const int64_t lines = (rows - 1) * g->stride_h + (g->kh - 1) * g->dil_h + 1;
    if (r->multiplier == 1) {
        eq_fill_band(band, x, h, rows, &r->band);
        return;
    }
    int8_t *const own = band + lines * r->band.line;
    eq_fill_band(own, x, h, rows, &r->own);
    eq_repeat_elements_avx2(band, own, lines * r->own.line / r->size, r);
}

#endif
