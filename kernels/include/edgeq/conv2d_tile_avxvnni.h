/* Tiles of a convolution for AVX-VNNI: up to six pixels by sixteen channels, or twelve by eight,
 * from a band of x + 128 to bytes.
 *
 * A tile has two halves of up to three, or six, pixels that are `step` apart, so that four
 * numbers address all of them.  Four taps of a pixel are broadcast, and VPDPBUSD multiplies them
 * with four taps of eight channels.  What a block of channels is rescaled with is made once, and
 * read from memory where it is used, for sums take twelve of the sixteen registers.
 *
 * Exact: VPDPBUSD does not saturate, and its sums are modulo 2^32; the last is in range.
 */
#ifndef EDGEQ_CONV2D_TILE_AVXVNNI_H
#define EDGEQ_CONV2D_TILE_AVXVNNI_H

#include "edgeq/dots_avxvnni.h"

/* Kinds of weights: int8, int8 less a zero point, int4. */
enum { EQ_INT8_AVXVNNI, EQ_ZERO_POINT_AVXVNNI, EQ_INT4_AVXVNNI };

/* Sums of a tile, those of a pixel side by side: sixteen channels of six pixels. */
typedef struct {
    __m256i a0, b0, a1, b1, a2, b2, a3, b3, a4, b4, a5, b5;
} eq_tile_avxvnni;

/* Sixteen channels of a layer, or eight or 32, and how its windows lie in the band. */
typedef struct {
    eq_factors_avxvnni f[4];
    __m256i bias[4];
    __m256i ends[4]; /* weights of the last bytes of segments: conv2d_ends_avxvnni.h */
    eq_range_avx2 range;
    const int8_t *w;
    int64_t over;     /* bytes of such weights in each segment, 0 where there are none */
    int64_t skip;     /* from the end of a segment of a window to the next */
    int32_t kh;       /* segments */
    int32_t sixteens; /* taps of one in whole sixteens */
    int32_t rest;     /* the others, 0, 4, 8 or 12 */
    int32_t count;    /* channels to store */
} eq_block_avxvnni;

/* The first pixels of both halves of a tile: windows, outputs, what is added to sums or the ends of
 * segments; and what is from pixel to pixel. */
typedef struct {
    const uint8_t *p, *q;
    int8_t *y, *z;
    const uint8_t *more, *rest;
    int64_t step, y_step;
} eq_halves_avxvnni;

/* The same `n` pixels further on. */
EQ_INLINE_AVX2 void eq_go_on_avxvnni(eq_halves_avxvnni *g, int64_t n)
{
    g->p += n * g->step;
    g->q += n * g->step;
    g->y += n * g->y_step;
    g->z += n * g->y_step;
    g->more += n * 4;
    g->rest += n * 4;
}

/* Four taps of a pixel, by sixteen channels; the sums are kept in registers, without an
 * instruction, for gcc 12 copies them otherwise. */
EQ_INLINE_AVX2 void eq_four_taps_avxvnni(__m256i *a, __m256i *b, const uint8_t *x,
                                         const eq_weights_avxvnni *w)
{
    const __m256i four = eq_four_avxvnni(x);
    *a = _mm256_dpbusd_epi32(*a, four, w->u);
    *b = _mm256_dpbusd_epi32(*b, four, w->v);
    __asm__("" : "+v"(*a), "+v"(*b));
}

/* How far pixels of a half are from its first. */
typedef struct {
    int64_t one, two;
} eq_apart_avxvnni;

/* Four taps, from `at` on, of n = 2, 4 or 6 pixels.  What gcc 12 cannot know to stay the same it
 * leaves in addresses; sums of it and `at` would take registers. */
EQ_INLINE_AVX2 void eq_step_avxvnni(eq_tile_avxvnni *s, const uint8_t *p, const uint8_t *q,
                                    eq_apart_avxvnni *d, int at, const int8_t *w, int n,
                                    int is_int4)
{
    const eq_weights_avxvnni v = eq_load_weights_avxvnni(w, is_int4);
    __asm__("" : "+r"(d->one), "+r"(d->two));
    eq_four_taps_avxvnni(&s->a0, &s->b0, p + at, &v);
    if (n > 2)
        eq_four_taps_avxvnni(&s->a1, &s->b1, p + (d->one + at), &v);
    if (n > 4)
        eq_four_taps_avxvnni(&s->a2, &s->b2, p + (d->two + at), &v);
    eq_four_taps_avxvnni(&s->a3, &s->b3, q + at, &v);
    if (n > 2)
        eq_four_taps_avxvnni(&s->a4, &s->b4, q + (d->one + at), &v);
    if (n > 4)
        eq_four_taps_avxvnni(&s->a5, &s->b5, q + (d->two + at), &v);
}

/* What the sums of sixteen channels begin with. */
EQ_INLINE_AVX2 eq_tile_avxvnni eq_begin_avxvnni(const eq_block_avxvnni *t,
                                                const eq_halves_avxvnni *g, int n,
                                                int has_zw)
{
    const __m256i a = t->bias[0], b = t->bias[1];
    if (!has_zw) {
        const eq_tile_avxvnni s = {a, b, a, b, a, b, a, b, a, b, a, b};
        return s;
    }
    const __m256i m0 = eq_four_avxvnni(g->more), m3 = eq_four_avxvnni(g->rest),
                  m1 = n > 2 ? eq_four_avxvnni(g->more + 4) : m0,
                  m2 = n > 4 ? eq_four_avxvnni(g->more + 8) : m0,
                  m4 = n > 2 ? eq_four_avxvnni(g->rest + 4) : m3,
                  m5 = n > 4 ? eq_four_avxvnni(g->rest + 8) : m3;
    const eq_tile_avxvnni s = {
        _mm256_add_epi32(m0, a), _mm256_add_epi32(m0, b), _mm256_add_epi32(m1, a),
        _mm256_add_epi32(m1, b), _mm256_add_epi32(m2, a), _mm256_add_epi32(m2, b),
        _mm256_add_epi32(m3, a), _mm256_add_epi32(m3, b), _mm256_add_epi32(m4, a),
        _mm256_add_epi32(m4, b), _mm256_add_epi32(m5, a), _mm256_add_epi32(m5, b)};
    return s;
}

/* `steps` = 1, 2 or 4 times four taps. */
EQ_INLINE_AVX2 void eq_steps_avxvnni(eq_tile_avxvnni *s, const uint8_t *p, const uint8_t *q,
                                     eq_apart_avxvnni *d, const int8_t *w, int steps, int n,
                                     int is_int4)
{
    const int bytes = is_int4 ? 32 : 64;
    eq_step_avxvnni(s, p, q, d, 0, w, n, is_int4);
    if (steps > 1)
        eq_step_avxvnni(s, p, q, d, 4, w + bytes, n, is_int4);
    if (steps > 2) {
        eq_step_avxvnni(s, p, q, d, 8, w + 2 * bytes, n, is_int4);
        eq_step_avxvnni(s, p, q, d, 12, w + 3 * bytes, n, is_int4);
    }
}

/* The ends of segments of n pixels. */
EQ_INLINE_AVX2 void eq_ends_avxvnni(eq_tile_avxvnni *s, const eq_block_avxvnni *t,
                                    const eq_halves_avxvnni *g, int n)
{
    eq_apart_avxvnni d = {4, 8};
    eq_step_avxvnni(s, g->more, g->rest, &d, 0, (const int8_t *)t->ends, n, 0);
}

/* The dot products of n pixels by sixteen channels; the windows' pointers go on from segment to
 * segment, and to the next tile. */
EQ_INLINE_AVX2 eq_tile_avxvnni eq_dots_avxvnni(const eq_block_avxvnni *t,
                                               eq_halves_avxvnni *g, int64_t next, int n,
                                               int kind)
{
    const int is_int4 = kind == EQ_INT4_AVXVNNI;
    const int64_t bytes = is_int4 ? 32 : 64;
    eq_apart_avxvnni d = {g->step, 2 * g->step};
    const uint8_t *u = g->p, *v = g->q;
    const int8_t *w = t->w;
    eq_tile_avxvnni s = eq_begin_avxvnni(t, g, n, kind == EQ_ZERO_POINT_AVXVNNI);
    if (kind == EQ_INT8_AVXVNNI && t->over > 0)
        eq_ends_avxvnni(&s, t, g, n);
    int32_t r = t->kh;
    do {
        for (int32_t k = t->sixteens; k > 0; --k) {
            eq_steps_avxvnni(&s, u, v, &d, w, 4, n, is_int4);
            u += 16;
            v += 16;
            w += 4 * bytes;
            __asm__("" : "+r"(u), "+r"(v), "+r"(w));
        }
        if (t->rest & 8) {
            eq_steps_avxvnni(&s, u, v, &d, w, 2, n, is_int4);
            u += 8;
            v += 8;
            w += 2 * bytes;
        }
        if (t->rest & 4) {
            eq_steps_avxvnni(&s, u, v, &d, w, 1, n, is_int4);
            u += 4;
            v += 4;
            w += bytes;
        }
        u += t->skip;
        v += t->skip;
        w += t->over;
    } while (--r > 0);
    g->p = u + next;
    g->q = v + next;
    return s;
}

/* Sixteen channels of two pixels as bytes. */
EQ_INLINE_AVX2 __m256i eq_two_avxvnni(const eq_block_avxvnni *t, __m256i a, __m256i b,
                                      __m256i c, __m256i d, int is_int4, int single)
{
    const __m256i v = eq_narrow_avxvnni(eq_scaled_avxvnni(a, &t->f[0], is_int4, single),
                                        eq_scaled_avxvnni(b, &t->f[1], is_int4, single),
                                        eq_scaled_avxvnni(c, &t->f[0], is_int4, single),
                                        eq_scaled_avxvnni(d, &t->f[1], is_int4, single),
                                        &t->range, single);
    return _mm256_permute4x64_epi64(v, 0xd8);
}

/* n pixels rescaled, narrowed and stored. */
EQ_INLINE_AVX2 void eq_finish_avxvnni(const eq_block_avxvnni *t, const eq_halves_avxvnni *g,
                                      const eq_tile_avxvnni *s, int n, int is_int4,
                                      int single)
{
    int8_t *y = g->y, *z = g->z;
    const int64_t at = g->y_step;
    const __m256i a = eq_two_avxvnni(t, s->a0, s->b0, s->a3, s->b3, is_int4, single),
                  b = n > 2 ? eq_two_avxvnni(t, s->a1, s->b1, s->a4, s->b4, is_int4, single)
                            : a,
                  c = n > 4 ? eq_two_avxvnni(t, s->a2, s->b2, s->a5, s->b5, is_int4, single)
                            : a;
    const int32_t count = t->count < 16 ? t->count : 16;
    if (count < 16) {
        eq_store_two_avx2(y, z, a, count);
        if (n > 2)
            eq_store_two_avx2(y + at, z + at, b, count);
        if (n > 4)
            eq_store_two_avx2(y + 2 * at, z + 2 * at, c, count);
        return;
    }
    eq_store_two_avx2(y, z, a, 16);
    if (n > 2)
        eq_store_two_avx2(y + at, z + at, b, 16);
    if (n > 4)
        eq_store_two_avx2(y + 2 * at, z + 2 * at, c, 16);
}

/* `tiles` tiles of n pixels, the halves of each `next` behind those of the one before. */
EQ_INLINE_AVX2 void eq_tiles_avxvnni(const eq_block_avxvnni *t, eq_halves_avxvnni g,
                                     int32_t tiles, int64_t next, int n, int kind,
                                     int single)
{
    const int64_t taps = t->kh * (16 * t->sixteens + t->rest + t->skip);
    do {
        const eq_tile_avxvnni s = eq_dots_avxvnni(t, &g, next * g.step - taps, n, kind);
        eq_finish_avxvnni(t, &g, &s, n, kind == EQ_INT4_AVXVNNI, single);
        g.y += next * g.y_step;
        g.z += next * g.y_step;
        g.more += 4 * next;
        g.rest += 4 * next;
    } while (--tiles > 0);
}

/* Tiles of one block of channels by number of pixels, functions of their own, so that nothing else
 * takes registers. */
EQ_INLINE_AVX2 void eq_tiles_n_avxvnni(const eq_block_avxvnni *t,
                                       const eq_halves_avxvnni *g, int32_t tiles,
                                       int64_t next, int n, int kind, int single)
{
    if (single == EQ_FUSED)
        eq_tiles_avxvnni(t, *g, tiles, next, n, kind, EQ_FUSED);
    else if (single == EQ_ODD)
        eq_tiles_avxvnni(t, *g, tiles, next, n, kind, EQ_ODD);
    else if (single == EQ_DOUBLE)
        eq_tiles_avxvnni(t, *g, tiles, next, n, kind, EQ_DOUBLE);
    else if (single == EQ_SINGLE)
        eq_tiles_avxvnni(t, *g, tiles, next, n, kind, EQ_SINGLE);
    else
        eq_tiles_avxvnni(t, *g, tiles, next, n, kind, single);
}

/* The same for whatever weights. */
EQ_INLINE_AVX2 void eq_tiles_kind_avxvnni(const eq_block_avxvnni *t,
                                          const eq_halves_avxvnni *g, int32_t tiles,
                                          int64_t next, int n, int kind, int single)
{
    if (kind == EQ_INT8_AVXVNNI)
        eq_tiles_n_avxvnni(t, g, tiles, next, n, EQ_INT8_AVXVNNI, single);
    else if (kind == EQ_INT4_AVXVNNI)
        eq_tiles_n_avxvnni(t, g, tiles, next, n, EQ_INT4_AVXVNNI, single);
    else
        eq_tiles_n_avxvnni(t, g, tiles, next, n, EQ_ZERO_POINT_AVXVNNI, single);
}

EQ_APART_AVX2 void eq_tiles_6_avxvnni(const eq_block_avxvnni *t, const eq_halves_avxvnni *g,
                                      int32_t tiles, int64_t next, int kind, int single)
{
    eq_tiles_kind_avxvnni(t, g, tiles, next, 6, kind, single);
}

EQ_APART_AVX2 void eq_tiles_4_avxvnni(const eq_block_avxvnni *t, const eq_halves_avxvnni *g,
                                      int32_t tiles, int64_t next, int kind, int single)
{
    eq_tiles_kind_avxvnni(t, g, tiles, next, 4, kind, single);
}

EQ_APART_AVX2 void eq_tiles_2_avxvnni(const eq_block_avxvnni *t, const eq_halves_avxvnni *g,
                                      int32_t tiles, int64_t next, int kind, int single)
{
    eq_tiles_kind_avxvnni(t, g, tiles, next, 2, kind, single);
}

#endif
