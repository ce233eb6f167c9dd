/* Convolution of int16 activations for AVX-VNNI: that of conv2d_s16_avx2.h, with VPDPWSSD for a
 * product of two taps and its sum.
 *
 * Exact: VPDPWSSD does not saturate; its sums are those of VPMADDWD and VPADDD.
 */
#ifndef EDGEQ_CONV2D_S16_AVXVNNI_H
#define EDGEQ_CONV2D_S16_AVXVNNI_H

#include "edgeq/conv2d_s16_avx2.h"

/* Two taps of a pixel. */
EQ_INLINE_AVX2 void eq_two_taps_avxvnni(__m256i *a, __m256i *b, const int16_t *x, __m256i u,
                                        __m256i v)
{
    const __m256i two = eq_two_avx2(x, 0);
    *a = _mm256_dpwssd_epi32(*a, two, u);
    *b = _mm256_dpwssd_epi32(*b, two, v);
}

/* Two taps of n pixels. */
EQ_INLINE_AVX2 void eq_step16_avxvnni(eq_tile_avx2 *s, const eq_pixels_avx2 *g, int64_t k,
                                      const eq_nibbles_avx2 *w, int n)
{
    eq_two_taps_avxvnni(&s->a0, &s->b0, g->x[0] + k, w->low, w->high);
    eq_two_taps_avxvnni(&s->a1, &s->b1, g->x[1] + k, w->low, w->high);
    if (n > 2) {
        eq_two_taps_avxvnni(&s->a2, &s->b2, g->x[2] + k, w->low, w->high);
        eq_two_taps_avxvnni(&s->a3, &s->b3, g->x[3] + k, w->low, w->high);
    }
    if (n > 4) {
        eq_two_taps_avxvnni(&s->a4, &s->b4, g->x[4] + k, w->low, w->high);
        eq_two_taps_avxvnni(&s->a5, &s->b5, g->x[5] + k, w->low, w->high);
    }
}

/* The dot products of parts of n pixels by sixteen channels, as eq_dots16_avx2 makes them. */
EQ_INLINE_AVX2 eq_tile_avx2 eq_dots16_avxvnni(const eq_layer16_avx2 *t,
                                              const eq_pixels_avx2 *g, int32_t o,
                                              const eq_part_avx2 *q, int n, int is_int4)
{
    const int32_t bytes = is_int4 ? 16 : 32;
    const __m256i zero = _mm256_setzero_si256();
    eq_tile_avx2 s = {zero, zero, zero, zero, zero, zero,
                      zero, zero, zero, zero, zero, zero};
    for (int32_t r = q->r0; r < q->r1; ++r) {
        const int64_t at = r * t->segment, first = (o / 16 * t->kh + r) * (int64_t)t->run;
        const int8_t *w = t->w + (first + q->k0) / 2 * bytes;
        for (int64_t k = at + q->k0; k < at + q->k1; k += 2) {
            const eq_nibbles_avx2 v = eq_weights_avx2(w, is_int4);
            eq_step16_avxvnni(&s, g, k, &v, n);
            w += bytes;
        }
    }
    return s;
}

/* The same for 6, 4 and 2 pixels, functions of their own as in conv2d_avx2.h. */
EQ_APART_AVX2 eq_tile_avx2 eq_dots16_6_avxvnni(const eq_layer16_avx2 *t,
                                               const eq_pixels_avx2 *g, int32_t o,
                                               const eq_part_avx2 *q, int is_int4)
{
    return is_int4 ? eq_dots16_avxvnni(t, g, o, q, 6, 1)
                   : eq_dots16_avxvnni(t, g, o, q, 6, 0);
}

EQ_APART_AVX2 eq_tile_avx2 eq_dots16_4_avxvnni(const eq_layer16_avx2 *t,
                                               const eq_pixels_avx2 *g, int32_t o,
                                               const eq_part_avx2 *q, int is_int4)
{
    return is_int4 ? eq_dots16_avxvnni(t, g, o, q, 4, 1)
                   : eq_dots16_avxvnni(t, g, o, q, 4, 0);
}

EQ_APART_AVX2 eq_tile_avx2 eq_dots16_2_avxvnni(const eq_layer16_avx2 *t,
                                               const eq_pixels_avx2 *g, int32_t o,
                                               const eq_part_avx2 *q, int is_int4)
{
    return is_int4 ? eq_dots16_avxvnni(t, g, o, q, 2, 1)
                   : eq_dots16_avxvnni(t, g, o, q, 2, 0);
}

EQ_INLINE_AVX2 eq_tile_avx2 eq_dots16_n_avxvnni(const eq_layer16_avx2 *t,
                                                const eq_pixels_avx2 *g, int32_t o,
                                                const eq_part_avx2 *q, int n, int is_int4)
{
    return n == 6   ? eq_dots16_6_avxvnni(t, g, o, q, is_int4)
           : n == 4 ? eq_dots16_4_avxvnni(t, g, o, q, is_int4)
                    : eq_dots16_2_avxvnni(t, g, o, q, is_int4);
}

#endif
