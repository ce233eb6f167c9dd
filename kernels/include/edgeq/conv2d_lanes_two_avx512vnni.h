/* The tile of convolutions for AVX-512 VNNI with pixels in lanes, where there are enough of them:
 * two vectors of sixteen pixels by 8 channels, and by the 8 that follow.
 *
 * As conv2d_lanes_avx512vnni.h says, but for what is read: four taps of a channel are broadcast once
 * for both vectors. Sixteen products take ten loads, where a tile of one vector takes seventeen and
 * so waits for them: a core loads twice while it multiplies twice. The vectors are sixteen pixels
 * and the next, or those of two rows.
 */
#ifndef EDGEQ_CONV2D_LANES_TWO_AVX512VNNI_H
#define EDGEQ_CONV2D_LANES_TWO_AVX512VNNI_H

#include "edgeq/conv2d_lanes_avx512vnni.h"

/* Sums of 8 channels of both vectors, and of the windows themselves. */
typedef struct {
    eq_lanes_eight s, z;
    __m512i ones, others;
} eq_two_sums;

/* Bytes of both vectors: 8 channels of eight pixels, and of the next eight. */
typedef struct {
    __m512i a, b, c, d;
} eq_two_bytes;

/* Four taps of both vectors times those of one channel. */
EQ_INLINE_AVX512 void eq_two_dot(__m512i *s, __m512i *z, __m512i u, __m512i v,
                                 const int8_t *w)
{
    int32_t four;
    memcpy(&four, w, 4);
    const __m512i taps = _mm512_set1_epi32(four);
    *s = _mm512_dpbusd_epi32(*s, u, taps);
    *z = _mm512_dpbusd_epi32(*z, v, taps);
}

/* One group of both vectors; more is a constant. */
EQ_INLINE_AVX512 void eq_two_group(eq_two_sums *a, __m512i u, __m512i v, const int8_t *w,
                                   int more)
{
    eq_two_dot(&a->s.a, &a->z.a, u, v, w);
    eq_two_dot(&a->s.b, &a->z.b, u, v, w + 4);
    eq_two_dot(&a->s.c, &a->z.c, u, v, w + 8);
    eq_two_dot(&a->s.d, &a->z.d, u, v, w + 12);
    eq_two_dot(&a->s.e, &a->z.e, u, v, w + 16);
    eq_two_dot(&a->s.f, &a->z.f, u, v, w + 20);
    eq_two_dot(&a->s.g, &a->z.g, u, v, w + 24);
    eq_two_dot(&a->s.h, &a->z.h, u, v, w + 28);
    if (more == EQ_MAKE_MORE) {
        a->ones = _mm512_dpbusd_epi32(a->ones, u, _mm512_set1_epi8(1));
        a->others = _mm512_dpbusd_epi32(a->others, v, _mm512_set1_epi8(1));
    }
}

/* The sums of both vectors' windows, of the 8 channels at w. */
EQ_INLINE_AVX512 void eq_two_dots(const eq_lanes *t, const int8_t *w,
                                  const eq_lanes_spot *p, eq_two_sums *a, int more)
{
    const uint8_t *x = p->x;
    const int64_t plane = t->plane, apart = p->x_apart;
    int32_t left = t->segments, k = t->taps;
    do {
        const uint8_t *from = x;
        for (int32_t g = t->groups; g > 0; --g, w += 64, from += plane)
            eq_two_group(a, eq_lanes_load(from, 0, 0), eq_lanes_load(from + apart, 0, 0), w,
                         more);
        x += t->tap;
        if (--k == 0) {
            x += t->turn;
            k = t->taps;
        }
    } while (--left > 0);
}

/* Ends sums: gcc 12 else gives those that are read twice other registers, and copies them in the loop. */
EQ_INLINE_AVX512 void eq_two_end(eq_lanes_eight *s)
{
    __asm__("" : "+v"(s->a), "+v"(s->b), "+v"(s->c), "+v"(s->d));
    __asm__("" : "+v"(s->e), "+v"(s->f), "+v"(s->g), "+v"(s->h));
}

/* Bytes of the 8 channels from i on. What the zero point of weights adds is in more and others:
 * made where there is none yet, added last where it may be late; how is a constant. */
EQ_INLINE_AVX512 eq_two_bytes eq_two_channels(const eq_lanes *t, const eq_lanes_block *b,
                                              const eq_lanes_spot *p, int i, __m512i *more,
                                              __m512i *others, int how, int single)
{
    const int had = how == EQ_HAVE_MORE;
    eq_two_sums a = {.s = eq_lanes_begins(b->bias + i, *more, had),
                     .ones = _mm512_setzero_si512(),
                     .others = _mm512_setzero_si512()};
    a.z = had ? eq_lanes_begins(b->bias + i, *others, had) : a.s;
    eq_two_dots(t, b->w + 4 * i, p, &a, how);
    eq_two_end(&a.s);
    eq_two_end(&a.z);
    if (how == EQ_MAKE_MORE) {
        *more = eq_lanes_more(t, a.ones);
        *others = eq_lanes_more(t, a.others);
    }
    if (how == EQ_MAKE_MORE || how == EQ_LATE_MORE) {
        eq_lanes_add(&a.s, *more);
        eq_lanes_add(&a.z, *others);
    }
    eq_two_bytes v;
    eq_lanes_finish(t, b, &a.s, i, &v.a, &v.b, single);
    eq_lanes_finish(t, b, &a.z, i, &v.c, &v.d, single);
    return v;
}

/* Sixteen pixels: 8 channels of each half of them in a and b, those that follow in c and d. */
EQ_INLINE_AVX512 void eq_two_store(const eq_lanes *t, const eq_lanes_block *b, int8_t *y,
                                   __m512i a, __m512i c, __m512i d, __m512i e, int32_t n,
                                   int channels)
{
    const eq_lanes_spot p = {.y = y, .y_apart = 8 * t->y_pixel};
    eq_lanes_out out = {a, c, a, c};
    if (channels == 16) {
        out.a = eq_lanes_wide_turns(a, d, 0);
        out.b = eq_lanes_wide_turns(a, d, 1);
        out.c = eq_lanes_wide_turns(c, e, 0);
        out.d = eq_lanes_wide_turns(c, e, 1);
    }
    eq_lanes_store(t, b, &out, &p, n, channels, 0);
}

/* n pixels and m others, which lie where p says, by the channels of b; more and what follows are
 * constants. */
EQ_INLINE_AVX512 void eq_two_tile(const eq_lanes *t, const eq_lanes_block *b,
                                  const eq_lanes_spot *p, int32_t n, int32_t m, int more,
                                  int channels, int single)
{
    const int had = more == EQ_HAVE_MORE, late = more == EQ_MAKE_MORE ? EQ_LATE_MORE : more;
    uint8_t *const kept = p->more + p->more_apart;
    const __m512i zero = _mm512_setzero_si512();
    __m512i first = had ? eq_lanes_load(p->more, 0, 0) : zero;
    __m512i others = had ? eq_lanes_load(kept, 0, 0) : zero;
    const eq_two_bytes v = eq_two_channels(t, b, p, 0, &first, &others, more, single);
    eq_two_bytes w = v;
    if (channels == 16)
        w = eq_two_channels(t, b, p, 8, &first, &others, late, single);
    if (channels == 16 && more == EQ_MAKE_MORE) {
        eq_lanes_keep(p->more, 0, first, 0);
        eq_lanes_keep(kept, 0, others, 0);
    }
    eq_two_store(t, b, p->y, v.a, v.b, w.a, w.b, n, channels);
    eq_two_store(t, b, p->y + p->y_apart, v.c, v.d, w.c, w.d, m, channels);
}

/* n pixels, 32 at once while there are more than `behind`, which lie so far behind the first: 16,
 * or 0 where they are as many of another row. The asm: see eq_lanes_row. */
EQ_INLINE_AVX512 void eq_two_row(const eq_lanes *t, const eq_lanes_block *b,
                                 const eq_lanes_spot *first, int32_t n, int32_t behind,
                                 int more, int channels, int single)
{
    eq_lanes_spot p = *first;
    for (; n > behind; n -= 32) {
        __asm__("" : "+r"(b));
        eq_two_tile(t, b, &p, n, n - behind, more, channels, single);
        p.x += 128;
        p.more += 128;
        p.y += 32 * t->y_pixel;
    }
}

/* Functions of their own, so that nothing else takes registers. */
#define EQ_TWO_ROW(name, single, more, channels)                                           \
    EQ_APART_AVX512 void name(const eq_lanes *t, const eq_lanes_block *b,                  \
                              const eq_lanes_spot *p, int32_t n, int32_t behind)           \
    {                                                                                      \
        eq_two_row(t, b, p, n, behind, more, channels, single);                            \
    }
#define EQ_TWO_ROWS(name, more, channels)                                                  \
    EQ_OF_EACH_MODE(EQ_TWO_ROW, name, more, channels)                                      \
    EQ_INLINE_AVX512 void name(const eq_lanes *t, const eq_lanes_block *b,                 \
                               const eq_lanes_spot *p, int32_t n, int32_t behind,          \
                               int single)                                                 \
    {                                                                                      \
        EQ_OF_MODE(single, name, t, b, p, n, behind);                                      \
    }

EQ_TWO_ROWS(eq_two_8, EQ_NO_MORE, 8)
EQ_TWO_ROWS(eq_two_16, EQ_NO_MORE, 16)
EQ_TWO_ROWS(eq_two_8_make, EQ_MAKE_MORE, 8)
EQ_TWO_ROWS(eq_two_16_make, EQ_MAKE_MORE, 16)
EQ_TWO_ROWS(eq_two_16_have, EQ_HAVE_MORE, 16)

#undef EQ_TWO_ROW
#undef EQ_TWO_ROWS

/* The one of these; more, channels and single are constants. */
EQ_INLINE_AVX512 void eq_two_do(const eq_lanes *t, const eq_lanes_block *b,
                                const eq_lanes_spot *p, int32_t n, int32_t behind, int more,
                                int channels, int single)
{
    EQ_OF_MORE(more, channels, eq_two, t, b, p, n, behind, single);
}

#endif
