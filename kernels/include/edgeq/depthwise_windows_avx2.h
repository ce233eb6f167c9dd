/* Depthwise windows for AVX2, four at a time, from lines of pairs (depthwise_lines_avx2.h).
 *
 * VPMADDWD multiplies two rows of a column with their weights, of eight channels at a time.  Where
 * a tile begins __asm__ hides from the compiler that its constants are those of the tile before:
 * gcc 12 copies all of them to the stack for each row otherwise (a tenth of the time).  It also
 * keeps sums of 3 x 3 in order: gcc makes trees of them, whose leaves no longer fit into
 * registers (a tenth again).
 *
 * Exact: a sum of two products is at most 2^15 in magnitude, 2^16 where weights have a zero
 * point, and int32 holds sums in any order by the contract's proof.  An odd number of rows
 * is made even by one of weight zero, and so are channels to sixteen.
 *
 * `mode` is the rounding form, EQ_FUSED or EQ_ODD.
 */
#ifndef EDGEQ_DEPTHWISE_WINDOWS_AVX2_H
#define EDGEQ_DEPTHWISE_WINDOWS_AVX2_H

#include "edgeq/depthwise_lines_avx2.h"
#include "edgeq/odd_avx2.h"
#include "edgeq/scale_avx2.h"

enum { EQ_PAIR_TAPS = 128 }; /* pairs of taps that a window may have */

/* What sums of eight channels begin with, and what becomes of them. */
typedef struct {
    __m256i bias;
    eq_scale_avx2 f;
    eq_odd_x256 floats; /* in the place of f */
} eq_after_avx2;

/* What a pass needs of eight channels. */
typedef struct {
    int16_t w[EQ_PAIR_TAPS * 16]; /* (kh/2, kw, 8, 2) */
    eq_after_avx2 after;
} eq_eight_avx2;

/* What a pass over sixteen channels needs: 0..3 and 8..11, then 4..7 and 12..15. */
typedef struct {
    eq_eight_avx2 part[2];
    eq_range_avx2 range;
    int32_t count; /* channels that a pixel has of them */
} eq_sixteen_avx2;

/* Windows of a tile: where they begin, what becomes of them, and where pairs of taps lie. */
typedef struct {
    const int16_t *x[4];
    int8_t *y[4];
    int32_t taps;
    int64_t at[EQ_PAIR_TAPS];
} eq_windows_avx2;

EQ_INLINE_AVX2 void eq_load_after_avx2(eq_after_avx2 *e, __m256i bias, __m256i mult,
                                       __m256i shift, int mode)
{
    e->bias = bias;
    if (eq_is_float_avx2(mode)) {
        e->floats = eq_floats_of_x256(mult, shift, mode);
    } else {
        e->bias = _mm256_xor_si256(bias, _mm256_set1_epi32(INT32_MIN));
        e->f = eq_scale_of_avx2(mult, shift, mode);
    }
}

/* Sixteen int16. */
EQ_INLINE_AVX2 __m256i eq_load_x16_avx2(const int16_t *x)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)x);
}

/* Products of pairs of rows. */
EQ_INLINE_AVX2 __m256i eq_pair_avx2(const int16_t *x, const int16_t *w)
{
    return _mm256_madd_epi16(eq_load_x16_avx2(x), eq_load_x16_avx2(w));
}

/* The sums of eight channels of four windows; x are their beginnings. */
EQ_INLINE_AVX2 void eq_eight_sums_avx2(const eq_eight_avx2 *t, const eq_windows_avx2 *g,
                                       const int16_t *const *x, __m256i *s)
{
    const __m256i bias = t->after.bias;
    __m256i s0 = bias, s1 = bias, s2 = bias, s3 = bias;
    for (int32_t i = 0; i < g->taps; ++i) {
        const int16_t *w = t->w + (int64_t)i * 16;
        s0 = _mm256_add_epi32(s0, eq_pair_avx2(x[0] + g->at[i], w));
        s1 = _mm256_add_epi32(s1, eq_pair_avx2(x[1] + g->at[i], w));
        s2 = _mm256_add_epi32(s2, eq_pair_avx2(x[2] + g->at[i], w));
        s3 = _mm256_add_epi32(s3, eq_pair_avx2(x[3] + g->at[i], w));
    }
    s[0] = s0;
    s[1] = s1;
    s[2] = s2;
    s[3] = s3;
}

/* Eight channels of two windows as int16, the zero point of y added: four of one and four of the
 * other in either half, or in turns where floats rescale them.  The sum and the packing saturate,
 * which for |zy| <= 128 moves nothing out of or into the clamp. */
EQ_INLINE_AVX2 __m256i eq_two_words_avx2(__m256i a, __m256i b, const eq_after_avx2 *e,
                                         const eq_range_avx2 *r, int mode)
{
    const __m256i v = eq_is_float_avx2(mode)
                          ? eq_fused_words_x16(eq_floats_x8(a, &e->floats, mode),
                                               eq_floats_x8(b, &e->floats, mode))
                          : _mm256_packs_epi32(eq_scaled_avx2(a, &e->f, mode),
                                               eq_scaled_avx2(b, &e->f, mode));
    return mode == EQ_FUSED ? v : _mm256_adds_epi16(v, r->zy);
}

/* Eight channels of four windows as int16. */
typedef struct {
    __m256i ab, cd;
} eq_window_words_avx2;

EQ_INLINE_AVX2 eq_window_words_avx2 eq_four_words_avx2(const __m256i *s,
                                                       const eq_after_avx2 *e,
                                                       const eq_range_avx2 *r, int mode)
{
    const eq_window_words_avx2 w = {eq_two_words_avx2(s[0], s[1], e, r, mode),
                                    eq_two_words_avx2(s[2], s[3], e, r, mode)};
    return w;
}

/* Sixteen channels of two windows, eight in u and eight in v, as bytes in order, clamped. */
EQ_INLINE_AVX2 __m256i eq_two_in_bytes_avx2(__m256i u, __m256i v, const eq_range_avx2 *r,
                                            int mode)
{
    if (eq_is_float_avx2(mode))
        return eq_fused_pixels_x32(u, v, r->lo, r->hi);
    const __m256i order = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 2, 1, 3, 8, 10, 9, 11, 4, 6, 5, 7, 12, 14, 13, 15));
    const __m256i bytes = _mm256_shuffle_epi8(_mm256_packs_epi16(u, v), order);
    const __m256i w = _mm256_permute4x64_epi64(bytes, 0xd8);
    return _mm256_min_epi8(_mm256_max_epi8(w, r->lo), r->hi);
}

/* The sum s and products of pairs of rows, added in this order. */
EQ_INLINE_AVX2 __m256i eq_add_pair_avx2(__m256i s, const int16_t *x, const int16_t *w)
{
    __m256i sum = _mm256_add_epi32(s, eq_pair_avx2(x, w));
    __asm__("" : "+x"(sum));
    return sum;
}

/* One window of 3 x 3 whose pairs lie at x and z, columns side by side, times the weights at w. */
EQ_INLINE_AVX2 __m256i eq_window_3x3_avx2(__m256i bias, const int16_t *w, const int16_t *x,
                                          const int16_t *z)
{
    __m256i s = bias;
    for (int32_t i = 0; i < 3; ++i)
        s = eq_add_pair_avx2(s, x + i * EQ_PAIR, w + 16 * i);
    for (int32_t i = 0; i < 3; ++i)
        s = eq_add_pair_avx2(s, z + i * EQ_PAIR, w + 16 * (i + 3));
    return s;
}

/* Eight channels of n windows, 2 or 4, `step` apart, a constant, times the weights from the pair
 * `first` on. */
EQ_INLINE_AVX2 eq_window_words_avx2 eq_words_3x3_avx2(const eq_sixteen_avx2 *t,
                                                      int32_t first, int part,
                                                      const int16_t *x, const int16_t *z,
                                                      int step, int n, int mode)
{
    const eq_eight_avx2 *e = &t->part[part];
    const int16_t *w = e->w + 16 * first;
    const __m256i bias = e->after.bias;
    __m256i s[4];
    x += 16 * part;
    z += 16 * part;
    s[0] = eq_window_3x3_avx2(bias, w, x, z);
    s[1] = eq_window_3x3_avx2(bias, w, x + step, z + step);
    s[2] = n > 2 ? eq_window_3x3_avx2(bias, w, x + 2 * step, z + 2 * step) : s[0];
    s[3] = n > 2 ? eq_window_3x3_avx2(bias, w, x + 3 * step, z + 3 * step) : s[1];
    return eq_four_words_avx2(s, &e->after, &t->range, mode);
}

/* n windows, 1, 2 or 4, half of whose channels are in u and half in v; of one y[1] is y[0]. */
EQ_INLINE_AVX2 void eq_store_four_avx2(int8_t *const *y, eq_window_words_avx2 u,
                                       eq_window_words_avx2 v, const eq_range_avx2 *r,
                                       int32_t bytes, int n, int mode)
{
    eq_store_two_avx2(y[0], y[1], eq_two_in_bytes_avx2(u.ab, v.ab, r, mode), bytes);
    if (n > 2)
        eq_store_two_avx2(y[2], y[3], eq_two_in_bytes_avx2(u.cd, v.cd, r, mode), bytes);
}

/* Four windows, of which `bytes` bytes are stored. */
EQ_INLINE_AVX2 void eq_four_windows_avx2(const eq_sixteen_avx2 *t, const eq_windows_avx2 *g,
                                         int32_t bytes, int mode)
{
    const int16_t *const x[4] = {g->x[0] + 16, g->x[1] + 16, g->x[2] + 16, g->x[3] + 16};
    __m256i s[4];
    eq_eight_sums_avx2(&t->part[0], g, g->x, s);
    const eq_window_words_avx2 u =
        eq_four_words_avx2(s, &t->part[0].after, &t->range, mode);
    eq_eight_sums_avx2(&t->part[1], g, x, s);
    const eq_window_words_avx2 v =
        eq_four_words_avx2(s, &t->part[1].after, &t->range, mode);
    eq_store_four_avx2(g->y, u, v, &t->range, bytes, 4, mode);
}

/* n windows of 3 x 3, 2 or 4. */
EQ_INLINE_AVX2 void eq_windows_3x3_avx2(const eq_sixteen_avx2 *t, int32_t first,
                                        const int16_t *x, const int16_t *z, int8_t *y,
                                        int64_t y_step, int32_t bytes, int step, int n,
                                        int mode)
{
    __asm__("" : "+r"(t));
    const eq_window_words_avx2 u = eq_words_3x3_avx2(t, first, 0, x, z, step, n, mode);
    const eq_window_words_avx2 v = eq_words_3x3_avx2(t, first, 1, x, z, step, n, mode);
    int8_t *const to[4] = {y, y + y_step, y + 2 * y_step, y + 3 * y_step};
    eq_store_four_avx2(to, u, v, &t->range, bytes, n, mode);
}

/* A row of n >= 2 windows of 3 x 3; the last are computed again where they fill no tile. */
EQ_INLINE_AVX2 void eq_row_3x3_avx2(const eq_sixteen_avx2 *t, int32_t first,
                                    const int16_t *x, const int16_t *z, int8_t *y,
                                    int64_t y_step, int32_t n, int32_t bytes, int step,
                                    int mode)
{
    int32_t c = 0;
    for (; c + 4 <= n; c += 4)
        eq_windows_3x3_avx2(t, first, x + c * step, z + c * step, y + c * y_step, y_step,
                            bytes, step, 4, mode);
    for (; c < n; c += 2) {
        const int32_t at = c + 2 > n ? n - 2 : c;
        eq_windows_3x3_avx2(t, first, x + at * step, z + at * step, y + at * y_step, y_step,
                            bytes, step, 2, mode);
    }
}

#endif
