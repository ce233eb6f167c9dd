/* Tiles of a convolution for AVX-VNNI where 32 channels are made at once, of up to three pixels,
 * for rescales by floats alone.
 *
 * As conv2d_tile_avxvnni.h; weights are packed (o/32, kh, kwi/4, o/8%2, o%2, o/16%2, o/2%4, kwi%4),
 * so narrowing four vectors leaves 32 channels in order, with nothing to permute.  Four taps are
 * three broadcasts and four vectors of weights, each used by all pixels, for twelve products: all
 * sixteen registers.
 */
#ifndef EDGEQ_CONV2D_WIDE_AVXVNNI_H
#define EDGEQ_CONV2D_WIDE_AVXVNNI_H

#include "edgeq/conv2d_tile_avxvnni.h"

/* Sums by vector of channels, of three pixels each. */
typedef struct {
    __m256i p, q, r;
} eq_three_pixels_avxvnni;

typedef struct {
    eq_three_pixels_avxvnni a, b, c, d;
} eq_broad_avxvnni;

/* Four taps of n <= 3 pixels by eight channels. */
EQ_INLINE_AVX2 void eq_broad_eight_avxvnni(eq_three_pixels_avxvnni *s,
                                           const eq_three_pixels_avxvnni *x,
                                           const int8_t *w, int n)
{
    const __m256i v = eq_load_bytes_avxvnni(w);
    s->p = _mm256_dpbusd_epi32(s->p, x->p, v);
    if (n > 1)
        s->q = _mm256_dpbusd_epi32(s->q, x->q, v);
    if (n > 2)
        s->r = _mm256_dpbusd_epi32(s->r, x->r, v);
}

/* Four taps, from `at` on, of n pixels by 32 channels. */
EQ_INLINE_AVX2 void eq_broad_step_avxvnni(eq_broad_avxvnni *s, const uint8_t *p,
                                          eq_apart_avxvnni *d, int at, const int8_t *w,
                                          int n)
{
    __asm__("" : "+r"(d->one), "+r"(d->two));
    const __m256i first = eq_four_avxvnni(p + at);
    const eq_three_pixels_avxvnni x = {first,
                                       n > 1 ? eq_four_avxvnni(p + (d->one + at)) : first,
                                       n > 2 ? eq_four_avxvnni(p + (d->two + at)) : first};
    eq_broad_eight_avxvnni(&s->a, &x, w, n);
    eq_broad_eight_avxvnni(&s->b, &x, w + 32, n);
    eq_broad_eight_avxvnni(&s->c, &x, w + 64, n);
    eq_broad_eight_avxvnni(&s->d, &x, w + 96, n);
}

/* What the sums of eight channels begin with. */
EQ_INLINE_AVX2 eq_three_pixels_avxvnni eq_broad_begin_avxvnni(__m256i bias,
                                                              const uint8_t *more, int n,
                                                              int has_zw)
{
    eq_three_pixels_avxvnni s = {bias, bias, bias};
    if (!has_zw)
        return s;
    s.p = _mm256_add_epi32(bias, eq_four_avxvnni(more));
    s.q = n > 1 ? _mm256_add_epi32(bias, eq_four_avxvnni(more + 4)) : s.p;
    s.r = n > 2 ? _mm256_add_epi32(bias, eq_four_avxvnni(more + 8)) : s.p;
    return s;
}

/* The ends of segments of n pixels. */
EQ_INLINE_AVX2 void eq_broad_ends_avxvnni(eq_broad_avxvnni *s, const eq_block_avxvnni *t,
                                          const eq_halves_avxvnni *g, int n)
{
    eq_apart_avxvnni d = {4, 8};
    eq_broad_step_avxvnni(s, g->more, &d, 0, (const int8_t *)t->ends, n);
}

/* The dot products of n pixels by 32 channels; the windows' pointer goes on to the next tile. */
EQ_INLINE_AVX2 eq_broad_avxvnni eq_broad_dots_avxvnni(const eq_block_avxvnni *t,
                                                      eq_halves_avxvnni *g, int64_t next,
                                                      int n, int has_zw)
{
    eq_apart_avxvnni d = {g->step, 2 * g->step};
    const uint8_t *u = g->p;
    const int8_t *w = t->w;
    eq_broad_avxvnni s = {eq_broad_begin_avxvnni(t->bias[0], g->more, n, has_zw),
                          eq_broad_begin_avxvnni(t->bias[1], g->more, n, has_zw),
                          eq_broad_begin_avxvnni(t->bias[2], g->more, n, has_zw),
                          eq_broad_begin_avxvnni(t->bias[3], g->more, n, has_zw)};
    if (!has_zw && t->over > 0)
        eq_broad_ends_avxvnni(&s, t, g, n);
    int32_t r = t->kh;
    do {
        for (int32_t k = t->sixteens; k > 0; --k) {
            eq_broad_step_avxvnni(&s, u, &d, 0, w, n);
            eq_broad_step_avxvnni(&s, u, &d, 4, w + 128, n);
            eq_broad_step_avxvnni(&s, u, &d, 8, w + 256, n);
            eq_broad_step_avxvnni(&s, u, &d, 12, w + 384, n);
            u += 16;
            w += 512;
            __asm__("" : "+r"(u), "+r"(w));
        }
        if (t->rest & 8) {
            eq_broad_step_avxvnni(&s, u, &d, 0, w, n);
            eq_broad_step_avxvnni(&s, u, &d, 4, w + 128, n);
            u += 8;
            w += 256;
        }
        if (t->rest & 4) {
            eq_broad_step_avxvnni(&s, u, &d, 0, w, n);
            u += 4;
            w += 128;
        }
        u += t->skip;
        w += t->over;
    } while (--r > 0);
    g->p = u + next;
    return s;
}

/* Eight channels of n pixels, rescaled.  asm: else gcc 12 keeps sums of three in memory from loop to
 * loop. */
EQ_INLINE_AVX2 void eq_broad_scale_avxvnni(eq_three_pixels_avxvnni *s,
                                           const eq_factors_avxvnni *f, int n, int single)
{
    if (single == EQ_ODD && n == 3)
        __asm__("" : "+v"(s->p), "+v"(s->q), "+v"(s->r));
    s->p = eq_scaled_avxvnni(s->p, f, 0, single);
    s->q = n > 1 ? eq_scaled_avxvnni(s->q, f, 0, single) : s->p;
    s->r = n > 2 ? eq_scaled_avxvnni(s->r, f, 0, single) : s->p;
}

/* The first `count` < 32 channels of n pixels. */
static inline void eq_broad_store_avxvnni(int8_t *y, int64_t step,
                                          const eq_three_pixels_avxvnni *v, int n,
                                          int32_t count)
{
    int8_t some[96];
    eq_put_avxvnni(some, v->p);
    eq_put_avxvnni(some + 32, v->q);
    eq_put_avxvnni(some + 64, v->r);
    for (int i = 0; i < n; ++i)
        memcpy(y + i * step, some + 32 * i, (size_t)count);
}

/* n pixels rescaled, narrowed and stored. */
EQ_INLINE_AVX2 void eq_broad_finish_avxvnni(const eq_block_avxvnni *t, int8_t *y,
                                            int64_t step, eq_broad_avxvnni *s, int n,
                                            int single)
{
    const eq_range_avx2 *const r = &t->range;
    eq_broad_scale_avxvnni(&s->a, &t->f[0], n, single);
    eq_broad_scale_avxvnni(&s->b, &t->f[1], n, single);
    eq_broad_scale_avxvnni(&s->c, &t->f[2], n, single);
    eq_broad_scale_avxvnni(&s->d, &t->f[3], n, single);
    const eq_three_pixels_avxvnni v = {
        eq_narrow_avxvnni(s->a.p, s->b.p, s->c.p, s->d.p, r, single),
        eq_narrow_avxvnni(s->a.q, s->b.q, s->c.q, s->d.q, r, single),
        eq_narrow_avxvnni(s->a.r, s->b.r, s->c.r, s->d.r, r, single)};
    if (t->count < 32) {
        eq_broad_store_avxvnni(y, step, &v, n, t->count);
        return;
    }
    eq_put_avxvnni(y, v.p);
    if (n > 1)
        eq_put_avxvnni(y + step, v.q);
    if (n > 2)
        eq_put_avxvnni(y + 2 * step, v.r);
}

/* `tiles` tiles of n pixels. */
EQ_INLINE_AVX2 void eq_broad_tiles_avxvnni(const eq_block_avxvnni *t, eq_halves_avxvnni g,
                                           int32_t tiles, int n, int kind, int single)
{
    const int64_t taps = t->kh * (16 * t->sixteens + t->rest + t->skip);
    do {
        eq_broad_avxvnni s = eq_broad_dots_avxvnni(t, &g, n * g.step - taps, n,
                                                   kind == EQ_ZERO_POINT_AVXVNNI);
        eq_broad_finish_avxvnni(t, g.y, g.y_step, &s, n, single);
        g.y += n * g.y_step;
        g.more += 4 * n;
    } while (--tiles > 0);
}

/* By kinds of weights, and by forms, as constants. */
EQ_INLINE_AVX2 void eq_broad_kind_avxvnni(const eq_block_avxvnni *t,
                                          const eq_halves_avxvnni *g, int32_t tiles, int n,
                                          int kind, int single)
{
    if (kind == EQ_INT8_AVXVNNI)
        eq_broad_tiles_avxvnni(t, *g, tiles, n, EQ_INT8_AVXVNNI, single);
    else
        eq_broad_tiles_avxvnni(t, *g, tiles, n, EQ_ZERO_POINT_AVXVNNI, single);
}

EQ_INLINE_AVX2 void eq_broad_form_avxvnni(const eq_block_avxvnni *t,
                                          const eq_halves_avxvnni *g, int32_t tiles, int n,
                                          int kind, int single)
{
    if (single == EQ_ODD)
        eq_broad_kind_avxvnni(t, g, tiles, n, kind, EQ_ODD);
    else
        eq_broad_kind_avxvnni(t, g, tiles, n, kind, EQ_FUSED);
}

/* The same by number of pixels, functions of their own. */
EQ_APART_AVX2 void eq_broad_3_avxvnni(const eq_block_avxvnni *t, const eq_halves_avxvnni *g,
                                      int32_t tiles, int kind, int single)
{
    eq_broad_form_avxvnni(t, g, tiles, 3, kind, single);
}

EQ_APART_AVX2 void eq_broad_some_avxvnni(const eq_block_avxvnni *t,
                                         const eq_halves_avxvnni *g, int n, int kind,
                                         int single)
{
    if (n == 2)
        eq_broad_form_avxvnni(t, g, 1, 2, kind, single);
    else
        eq_broad_form_avxvnni(t, g, 1, 1, kind, single);
}

/* n pixels of a line. */
EQ_INLINE_AVX2 void eq_broad_line_avxvnni(const eq_block_avxvnni *t,
                                          const eq_halves_avxvnni *line, int32_t n,
                                          int kind, int single)
{
    eq_halves_avxvnni g = *line;
    if (n >= 3)
        eq_broad_3_avxvnni(t, &g, n / 3, kind, single);
    eq_go_on_avxvnni(&g, n / 3 * 3);
    if (n % 3 != 0)
        eq_broad_some_avxvnni(t, &g, n % 3, kind, single);
}

#endif
