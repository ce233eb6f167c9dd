/* Tiles of a convolution for AVX-VNNI where there are up to eight channels: twelve pixels at a
 * time, or two.
 *
 * As conv2d_tile_avxvnni.h; weights are packed (o/8, kh, kwi/4, o/4%2, o%2, o/2%2, kwi%4), a
 * step is one vector of them, and a half of a tile is six pixels, or one.
 */
#ifndef EDGEQ_CONV2D_NARROW_AVXVNNI_H
#define EDGEQ_CONV2D_NARROW_AVXVNNI_H

#include "edgeq/conv2d_tile_avxvnni.h"

/* How far pixels of a half are from its first. */
typedef struct {
    int64_t one, two, three, four, five;
} eq_six_avxvnni;

EQ_INLINE_AVX2 __m256i eq_four_by_eight_avxvnni(__m256i sum, const uint8_t *x, __m256i w)
{
    return _mm256_dpbusd_epi32(sum, eq_four_avxvnni(x), w);
}

/* Four taps, from `at` on, of n = 2 or 12 pixels; a* are those of the first half. */
EQ_INLINE_AVX2 void eq_narrow_step_avxvnni(eq_tile_avxvnni *s, const uint8_t *p,
                                           const uint8_t *q, eq_six_avxvnni *d, int at,
                                           const int8_t *w, int n)
{
    const __m256i v = eq_load_bytes_avxvnni(w);
    __asm__("" : "+r"(d->one), "+r"(d->two), "+r"(d->three), "+r"(d->four), "+r"(d->five));
    s->a0 = eq_four_by_eight_avxvnni(s->a0, p + at, v);
    s->b0 = eq_four_by_eight_avxvnni(s->b0, q + at, v);
    if (n > 2) {
        s->a1 = eq_four_by_eight_avxvnni(s->a1, p + (d->one + at), v);
        s->a2 = eq_four_by_eight_avxvnni(s->a2, p + (d->two + at), v);
        s->a3 = eq_four_by_eight_avxvnni(s->a3, p + (d->three + at), v);
        s->a4 = eq_four_by_eight_avxvnni(s->a4, p + (d->four + at), v);
        s->a5 = eq_four_by_eight_avxvnni(s->a5, p + (d->five + at), v);
        __asm__(""
                : "+v"(s->a0), "+v"(s->a1), "+v"(s->a2), "+v"(s->a3), "+v"(s->a4),
                  "+v"(s->a5));
        s->b1 = eq_four_by_eight_avxvnni(s->b1, q + (d->one + at), v);
        s->b2 = eq_four_by_eight_avxvnni(s->b2, q + (d->two + at), v);
        s->b3 = eq_four_by_eight_avxvnni(s->b3, q + (d->three + at), v);
        s->b4 = eq_four_by_eight_avxvnni(s->b4, q + (d->four + at), v);
        s->b5 = eq_four_by_eight_avxvnni(s->b5, q + (d->five + at), v);
        __asm__(""
                : "+v"(s->b0), "+v"(s->b1), "+v"(s->b2), "+v"(s->b3), "+v"(s->b4),
                  "+v"(s->b5));
    }
}

/* What is added to the sum of pixel i of a half. */
EQ_INLINE_AVX2 __m256i eq_more_of_avxvnni(const uint8_t *more, int i, __m256i bias)
{
    return _mm256_add_epi32(eq_four_avxvnni(more + 4 * i), bias);
}

/* What the sums of eight channels begin with. */
EQ_INLINE_AVX2 eq_tile_avxvnni eq_narrow_begin_avxvnni(const eq_block_avxvnni *t,
                                                       const eq_halves_avxvnni *g, int n,
                                                       int has_zw)
{
    const __m256i a = t->bias[0];
    eq_tile_avxvnni s = {a, a, a, a, a, a, a, a, a, a, a, a};
    if (!has_zw)
        return s;
    s.a0 = eq_more_of_avxvnni(g->more, 0, a);
    s.b0 = eq_more_of_avxvnni(g->rest, 0, a);
    if (n == 2)
        return s;
    s.a1 = eq_more_of_avxvnni(g->more, 1, a);
    s.a2 = eq_more_of_avxvnni(g->more, 2, a);
    s.a3 = eq_more_of_avxvnni(g->more, 3, a);
    s.a4 = eq_more_of_avxvnni(g->more, 4, a);
    s.a5 = eq_more_of_avxvnni(g->more, 5, a);
    s.b1 = eq_more_of_avxvnni(g->rest, 1, a);
    s.b2 = eq_more_of_avxvnni(g->rest, 2, a);
    s.b3 = eq_more_of_avxvnni(g->rest, 3, a);
    s.b4 = eq_more_of_avxvnni(g->rest, 4, a);
    s.b5 = eq_more_of_avxvnni(g->rest, 5, a);
    return s;
}

/* The dot products of n pixels by eight channels, as eq_dots_avxvnni makes them. */
EQ_INLINE_AVX2 eq_tile_avxvnni eq_narrow_dots_avxvnni(const eq_block_avxvnni *t,
                                                      eq_halves_avxvnni *g, int64_t next,
                                                      int n, int has_zw)
{
    const int64_t one = g->step;
    eq_six_avxvnni d = {one, 2 * one, 3 * one, 4 * one, 5 * one};
    const uint8_t *u = g->p, *v = g->q;
    const int8_t *w = t->w;
    eq_tile_avxvnni s = eq_narrow_begin_avxvnni(t, g, n, has_zw);
    int32_t r = t->kh;
    do {
        for (int32_t k = 2 * t->sixteens + t->rest / 8; k > 0; --k) {
            eq_narrow_step_avxvnni(&s, u, v, &d, 0, w, n);
            eq_narrow_step_avxvnni(&s, u, v, &d, 4, w + 32, n);
            u += 8;
            v += 8;
            w += 64;
            __asm__("" : "+r"(u), "+r"(v), "+r"(w));
        }
        if (t->rest & 4) {
            eq_narrow_step_avxvnni(&s, u, v, &d, 0, w, n);
            u += 4;
            v += 4;
            w += 32;
        }
        u += t->skip;
        v += t->skip;
    } while (--r > 0);
    g->p = u + next;
    g->q = v + next;
    return s;
}

/* Eight channels of four pixels as bytes, pixel by pixel. */
EQ_INLINE_AVX2 __m256i eq_narrow_four_avxvnni(const eq_block_avxvnni *t, __m256i a,
                                              __m256i b, __m256i c, __m256i d, int single)
{
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    const eq_factors_avxvnni *const f = &t->f[0];
    const __m256i v = eq_narrow_avxvnni(
        eq_scaled_avxvnni(a, f, 0, single), eq_scaled_avxvnni(b, f, 0, single),
        eq_scaled_avxvnni(c, f, 0, single), eq_scaled_avxvnni(d, f, 0, single), &t->range,
        single);
    return _mm256_permutevar8x32_epi32(
        eq_is_float_avx2(single) ? eq_turned_avxvnni(v, EQ_FUSED) : v, order);
}

/* The first `count` <= 8 bytes of each of two pixels. */
EQ_INLINE_AVX2 void eq_narrow_store_avxvnni(int8_t *y0, int8_t *y1, __m128i v,
                                            int32_t count)
{
    if (count >= 8) {
        _mm_storel_epi64((__m128i *)(void *)y0, v);
        _mm_storeh_pd((double *)(void *)y1, _mm_castsi128_pd(v));
        return;
    }
    int8_t some[16];
    _mm_storeu_si128((__m128i *)(void *)some, v);
    memcpy(y0, some, (size_t)count);
    memcpy(y1, some + 8, (size_t)count);
}

/* Twelve pixels, four in each of three vectors, stored. */
EQ_INLINE_AVX2 void eq_narrow_twelve_avxvnni(const eq_halves_avxvnni *g, const __m256i *v,
                                             int32_t count)
{
    int8_t *const y = g->y, *const z = g->z;
    const int64_t at = g->y_step;
    const __m128i a = _mm256_castsi256_si128(v[0]), b = _mm256_extracti128_si256(v[0], 1),
                  c = _mm256_castsi256_si128(v[1]), d = _mm256_extracti128_si256(v[1], 1),
                  e = _mm256_castsi256_si128(v[2]), f = _mm256_extracti128_si256(v[2], 1);
    if (at == 8 && count >= 8) {
        eq_put_avxvnni(y, v[0]);
        _mm_storeu_si128((__m128i *)(void *)(y + 32), c);
        _mm_storeu_si128((__m128i *)(void *)z, d);
        eq_put_avxvnni(z + 16, v[2]);
        return;
    }
    eq_narrow_store_avxvnni(y, y + at, a, count);
    eq_narrow_store_avxvnni(y + 2 * at, y + 3 * at, b, count);
    eq_narrow_store_avxvnni(y + 4 * at, y + 5 * at, c, count);
    eq_narrow_store_avxvnni(z, z + at, d, count);
    eq_narrow_store_avxvnni(z + 2 * at, z + 3 * at, e, count);
    eq_narrow_store_avxvnni(z + 4 * at, z + 5 * at, f, count);
}

/* n pixels rescaled, narrowed and stored. */
EQ_INLINE_AVX2 void eq_narrow_finish_avxvnni(const eq_block_avxvnni *t,
                                             const eq_halves_avxvnni *g,
                                             const eq_tile_avxvnni *s, int n, int single)
{
    if (n == 2) {
        const __m256i v = eq_narrow_four_avxvnni(t, s->a0, s->b0, s->a0, s->b0, single);
        eq_narrow_store_avxvnni(g->y, g->z, _mm256_castsi256_si128(v), t->count);
        return;
    }
    const __m256i v[3] = {eq_narrow_four_avxvnni(t, s->a0, s->a1, s->a2, s->a3, single),
                          eq_narrow_four_avxvnni(t, s->a4, s->a5, s->b0, s->b1, single),
                          eq_narrow_four_avxvnni(t, s->b2, s->b3, s->b4, s->b5, single)};
    eq_narrow_twelve_avxvnni(g, v, t->count);
}

/* `tiles` tiles of n pixels, the halves of each `next` behind those of the one before. */
EQ_INLINE_AVX2 void eq_narrow_tiles_avxvnni(const eq_block_avxvnni *t, eq_halves_avxvnni g,
                                            int32_t tiles, int64_t next, int n, int kind,
                                            int single)
{
    const int64_t taps = t->kh * (16 * t->sixteens + t->rest + t->skip);
    do {
        const eq_tile_avxvnni s = eq_narrow_dots_avxvnni(t, &g, next * g.step - taps, n,
                                                         kind == EQ_ZERO_POINT_AVXVNNI);
        eq_narrow_finish_avxvnni(t, &g, &s, n, single);
        g.y += next * g.y_step;
        g.z += next * g.y_step;
        g.more += 4 * next;
        g.rest += 4 * next;
    } while (--tiles > 0);
}

/* The same by number of pixels, functions of their own. */
EQ_INLINE_AVX2 void eq_narrow_n_avxvnni(const eq_block_avxvnni *t,
                                        const eq_halves_avxvnni *g, int32_t tiles,
                                        int64_t next, int n, int kind, int single)
{
    if (single == EQ_FUSED)
        eq_narrow_tiles_avxvnni(t, *g, tiles, next, n, kind, EQ_FUSED);
    else if (single == EQ_DOUBLE)
        eq_narrow_tiles_avxvnni(t, *g, tiles, next, n, kind, EQ_DOUBLE);
    else
        eq_narrow_tiles_avxvnni(t, *g, tiles, next, n, kind, EQ_SINGLE);
}

EQ_APART_AVX2 void eq_narrow_12_avxvnni(const eq_block_avxvnni *t,
                                        const eq_halves_avxvnni *g, int32_t tiles,
                                        int64_t next, int kind, int single)
{
    if (kind == EQ_INT8_AVXVNNI)
        eq_narrow_n_avxvnni(t, g, tiles, next, 12, EQ_INT8_AVXVNNI, single);
    else
        eq_narrow_n_avxvnni(t, g, tiles, next, 12, EQ_ZERO_POINT_AVXVNNI, single);
}

EQ_APART_AVX2 void eq_narrow_2_avxvnni(const eq_block_avxvnni *t,
                                       const eq_halves_avxvnni *g, int32_t tiles,
                                       int64_t next, int kind, int single)
{
    if (kind == EQ_INT8_AVXVNNI)
        eq_narrow_n_avxvnni(t, g, tiles, next, 2, EQ_INT8_AVXVNNI, single);
    else
        eq_narrow_n_avxvnni(t, g, tiles, next, 2, EQ_ZERO_POINT_AVXVNNI, single);
}

#endif
