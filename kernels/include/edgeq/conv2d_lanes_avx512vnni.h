/* The tile of convolutions for AVX-512 VNNI with pixels in lanes: sixteen pixels by 16 channels,
 * or by 8.
 *
 * Four taps of sixteen pixels are one load from planes of x + 128 (planes_avx512.h), VPDPBUSD
 * multiplies them with four taps of a channel, broadcast as they are read, and so no lane idles
 * where there are few channels. Weights are packed (o/16, kh, kwi/4, o%16, kwi%4): read in order.
 *
 * Where weights have a zero point zw, sum (x * (w - zw)) is sum ((x + 128) * w) - 128 * sum (w)
 * - zw * (sum (x + 128) - 128 * taps): sixteen windows are summed up at once, for all channels.
 *
 * Exact: VPDPBUSD does not saturate, and its sums are modulo 2^32. Biases have 128 times the sum of
 * their weights taken away (@offset), so the last sum is the contract's, which is in range.
 * Where a window is no multiple of four taps, what is read behind it meets weights of zero.
 *
 * Of a row that does not fill a tile up to eight pixels share one with those of the next row.
 *
 * The asm broadcasts what it reads, which gcc 12 would load first, an instruction more for each; and
 * sums up windows from the register that it shares, which gcc would load once more.
 */
#ifndef EDGEQ_CONV2D_LANES_AVX512VNNI_H
#define EDGEQ_CONV2D_LANES_AVX512VNNI_H

#include "edgeq/lanes_store_avx512.h"
#include "edgeq/planes_avx512.h"

/* Sixty-four bytes: half of them `apart` from the others where they do not lie side by side. */
EQ_INLINE_AVX512 __m512i eq_lanes_load(const uint8_t *x, int64_t apart, int is_split)
{
    if (!is_split)
        return _mm512_loadu_si512((const void *)x);
    const __m256i first = _mm256_loadu_si256((const __m256i *)(const void *)x);
    const __m256i last = _mm256_loadu_si256((const __m256i *)(const void *)(x + apart));
    return _mm512_inserti64x4(_mm512_castsi256_si512(first), last, 1);
}

/* The same the other way round. */
EQ_INLINE_AVX512 void eq_lanes_keep(uint8_t *to, int64_t apart, __m512i v, int is_split)
{
    if (!is_split) {
        _mm512_storeu_si512((void *)to, v);
        return;
    }
    _mm256_storeu_si256((__m256i *)(void *)to, _mm512_castsi512_si256(v));
    _mm256_storeu_si256((__m256i *)(void *)(to + apart), _mm512_extracti64x4_epi64(v, 1));
}

/* Four taps of sixteen pixels times those of eight channels, `at` bytes from w on, a constant. */
EQ_INLINE_AVX512 void eq_lanes_dot(eq_lanes_eight *s, __m512i x, const int8_t *w, int at)
{
    __asm__("vpdpbusd %c10(%9)%{1to16%}, %8, %0\n\t"
            "vpdpbusd %c10+4(%9)%{1to16%}, %8, %1\n\t"
            "vpdpbusd %c10+8(%9)%{1to16%}, %8, %2\n\t"
            "vpdpbusd %c10+12(%9)%{1to16%}, %8, %3\n\t"
            "vpdpbusd %c10+16(%9)%{1to16%}, %8, %4\n\t"
            "vpdpbusd %c10+20(%9)%{1to16%}, %8, %5\n\t"
            "vpdpbusd %c10+24(%9)%{1to16%}, %8, %6\n\t"
            "vpdpbusd %c10+28(%9)%{1to16%}, %8, %7"
            : "+v"(s->a), "+v"(s->b), "+v"(s->c), "+v"(s->d), "+v"(s->e), "+v"(s->f),
              "+v"(s->g), "+v"(s->h)
            : "v"(x), "r"(w), "i"(at), "m"(*(const int8_t (*)[32])(const void *)(w + at)));
}

/* What eight channels begin with. */
EQ_INLINE_AVX512 __m512i eq_lanes_begin(const int32_t *bias, __m512i more, int has_zw)
{
    const __m512i b = _mm512_set1_epi32(*bias);
    return has_zw ? _mm512_add_epi32(more, b) : b;
}

EQ_INLINE_AVX512 eq_lanes_eight eq_lanes_begins(const int32_t *bias, __m512i more,
                                                int has_zw)
{
    const eq_lanes_eight s = {
        eq_lanes_begin(bias, more, has_zw),     eq_lanes_begin(bias + 1, more, has_zw),
        eq_lanes_begin(bias + 2, more, has_zw), eq_lanes_begin(bias + 3, more, has_zw),
        eq_lanes_begin(bias + 4, more, has_zw), eq_lanes_begin(bias + 5, more, has_zw),
        eq_lanes_begin(bias + 6, more, has_zw), eq_lanes_begin(bias + 7, more, has_zw)};
    return s;
}

/* Whether weights have a zero point, and what it adds to sums is made, or was made before, or is
 * added last. */
enum { EQ_NO_MORE = 0, EQ_MAKE_MORE = 1, EQ_HAVE_MORE = 2, EQ_LATE_MORE = 3 };

/* Sums of a tile: those of 8 channels or of 16, and of the windows themselves. */
typedef struct {
    eq_lanes_eight s, z;
    __m512i ones;
} eq_lanes_sums;

/* One group, whose weights are `at` bytes from w on. */
EQ_INLINE_AVX512 void eq_lanes_group(eq_lanes_sums *a, __m512i v, const int8_t *w, int at,
                                     int more, int channels)
{
    eq_lanes_dot(&a->s, v, w, at);
    if (channels == 16)
        eq_lanes_dot(&a->z, v, w, at + 32);
    if (more == EQ_MAKE_MORE)
        __asm__("vpdpbusd %2, %1, %0" : "+v"(a->ones) : "v"(v), "v"(_mm512_set1_epi8(1)));
}

/* The sums of sixteen windows; more and what follows are constants. */
EQ_INLINE_AVX512 void eq_lanes_dots(const eq_lanes *t, const int8_t *w,
                                    const eq_lanes_spot *p, eq_lanes_sums *a, int more,
                                    int channels, int is_split)
{
    const uint8_t *x = p->x;
    const int64_t plane = t->plane, apart = p->x_apart;
    int32_t left = t->segments, k = t->taps;
    do {
        const uint8_t *from = x;
        if (t->is_odd) {
            eq_lanes_group(a, eq_lanes_load(from, apart, is_split), w, 0, more, channels);
            from += plane;
            w += 64;
        }
        for (int32_t g = t->pairs; g > 0; --g, w += 128) {
            eq_lanes_group(a, eq_lanes_load(from, apart, is_split), w, 0, more, channels);
            from += plane;
            eq_lanes_group(a, eq_lanes_load(from, apart, is_split), w, 64, more, channels);
            from += plane;
        }
        x += t->tap;
        if (--k == 0) {
            x += t->turn;
            k = t->taps;
        }
    } while (--left > 0);
}

/* What the zero point of weights adds to the sums of each window. */
EQ_INLINE_AVX512 __m512i eq_lanes_more(const eq_lanes *t, __m512i ones)
{
    const __m512i centred = _mm512_sub_epi32(ones, _mm512_set1_epi32(128 * t->window));
    return _mm512_mullo_epi32(centred, _mm512_set1_epi32(-t->zw));
}

EQ_INLINE_AVX512 void eq_lanes_add(eq_lanes_eight *s, __m512i more)
{
    s->a = _mm512_add_epi32(s->a, more);
    s->b = _mm512_add_epi32(s->b, more);
    s->c = _mm512_add_epi32(s->c, more);
    s->d = _mm512_add_epi32(s->d, more);
    s->e = _mm512_add_epi32(s->e, more);
    s->f = _mm512_add_epi32(s->f, more);
    s->g = _mm512_add_epi32(s->g, more);
    s->h = _mm512_add_epi32(s->h, more);
}

/* What is made for one block of channels is kept for the others. */
EQ_INLINE_AVX512 void eq_lanes_add_more(const eq_lanes *t, const eq_lanes_spot *p,
                                        eq_lanes_sums *a, int channels, int is_split)
{
    const __m512i more = eq_lanes_more(t, a->ones);
    eq_lanes_add(&a->s, more);
    if (channels == 16) {
        eq_lanes_add(&a->z, more);
        eq_lanes_keep(p->more, p->more_apart, more, is_split);
    }
}

/* A tile of n pixels by the channels of b; more and what follows are constants. */
EQ_INLINE_AVX512 void eq_lanes_tile(const eq_lanes *t, const eq_lanes_block *b,
                                    const eq_lanes_spot *p, int32_t n, int more,
                                    int channels, int is_split, int single)
{
    const int had = more == EQ_HAVE_MORE;
    const __m512i zero = _mm512_setzero_si512();
    const __m512i first = had ? eq_lanes_load(p->more, p->more_apart, is_split) : zero;
    eq_lanes_sums a = {.s = eq_lanes_begins(b->bias, first, had), .ones = zero};
    a.z = channels == 16 ? eq_lanes_begins(b->bias + 8, first, had) : a.s;
    eq_lanes_dots(t, b->w, p, &a, more, channels, is_split);
    if (more == EQ_MAKE_MORE)
        eq_lanes_add_more(t, p, &a, channels, is_split);
    eq_lanes_out out;
    eq_lanes_finish(t, b, &a.s, 0, &out.a, &out.b, single);
    out.c = out.a;
    out.d = out.b;
    if (channels == 16) {
        __m512i e, f;
        eq_lanes_finish(t, b, &a.z, 8, &e, &f, single);
        out.d = eq_lanes_wide_turns(out.b, f, 1);
        out.c = eq_lanes_wide_turns(out.b, f, 0);
        out.b = eq_lanes_wide_turns(out.a, e, 1);
        out.a = eq_lanes_wide_turns(out.a, e, 0);
    }
    eq_lanes_store(t, b, &out, p, n, channels, is_split);
}

/* n pixels of a row from p on; or where is_split n of it and n of another, n <= 8. The first asm
 * hides where b is: else constants of all channels would be loaded ahead of the loop, and take
 * the registers of sums. */
EQ_INLINE_AVX512 void eq_lanes_row(const eq_lanes *t, const eq_lanes_block *b,
                                   const eq_lanes_spot *first, int32_t n, int more,
                                   int channels, int is_split, int single)
{
    eq_lanes_spot p = *first;
    for (; n > 0; n -= 16) {
        __asm__("" : "+r"(b));
        eq_lanes_tile(t, b, &p, n, more, channels, is_split, single);
        p.x += 64;
        p.more += 64;
        p.y += 2 * p.y_apart;
    }
}

/* Functions of their own, so that nothing else takes registers: one of each mode by `row`, and the
 * one of a mode, which is a constant. */
#define EQ_OF_EACH_MODE(row, name, ...)                                                    \
    row(name##_double, EQ_DOUBLE, __VA_ARGS__) row(name##_single, EQ_SINGLE, __VA_ARGS__)  \
        row(name##_odd, EQ_ODD_X512, __VA_ARGS__)                                          \
            row(name##_fused, EQ_FUSED_X512, __VA_ARGS__)
#define EQ_OF_MODE(mode, name, ...)                                                        \
    ((mode) == EQ_FUSED_X512 ? name##_fused(__VA_ARGS__)                                   \
     : (mode) == EQ_ODD_X512 ? name##_odd(__VA_ARGS__)                                     \
     : (mode) == EQ_SINGLE   ? name##_single(__VA_ARGS__)                                  \
                             : name##_double(__VA_ARGS__))

/* The one of five of these by what becomes of sums of windows, and by channels: constants, too. */
#define EQ_OF_MORE(what, count, name, ...)                                                 \
    ((what) == EQ_HAVE_MORE                   ? name##_16_have(__VA_ARGS__)                \
     : (what) == EQ_MAKE_MORE && (count) == 8 ? name##_8_make(__VA_ARGS__)                 \
     : (what) == EQ_MAKE_MORE                 ? name##_16_make(__VA_ARGS__)                \
     : (count) == 8                           ? name##_8(__VA_ARGS__)                      \
                                              : name##_16(__VA_ARGS__))

#define EQ_LANES_ROW(name, single, more, channels, is_split)                               \
    EQ_APART_AVX512 void name(const eq_lanes *t, const eq_lanes_block *b,                  \
                              const eq_lanes_spot *p, int32_t n)                           \
    {                                                                                      \
        eq_lanes_row(t, b, p, n, more, channels, is_split, single);                        \
    }
#define EQ_LANES_ROWS(name, more, channels)                                                \
    EQ_OF_EACH_MODE(EQ_LANES_ROW, name, more, channels, 0)                                 \
    EQ_OF_EACH_MODE(EQ_LANES_ROW, name##_two, more, channels, 1)                           \
    EQ_INLINE_AVX512 void name(const eq_lanes *t, const eq_lanes_block *b,                 \
                               const eq_lanes_spot *p, int32_t n, int is_split,            \
                               int single)                                                 \
    {                                                                                      \
        if (is_split)                                                                      \
            EQ_OF_MODE(single, name##_two, t, b, p, n);                                    \
        else                                                                               \
            EQ_OF_MODE(single, name, t, b, p, n);                                          \
    }

EQ_LANES_ROWS(eq_lanes_8, EQ_NO_MORE, 8)
EQ_LANES_ROWS(eq_lanes_16, EQ_NO_MORE, 16)
EQ_LANES_ROWS(eq_lanes_8_make, EQ_MAKE_MORE, 8)
EQ_LANES_ROWS(eq_lanes_16_make, EQ_MAKE_MORE, 16)
EQ_LANES_ROWS(eq_lanes_16_have, EQ_HAVE_MORE, 16)

#undef EQ_LANES_ROW
#undef EQ_LANES_ROWS

/* The one of four constants. */
EQ_INLINE_AVX512 void eq_lanes_do(const eq_lanes *t, const eq_lanes_block *b,
                                  const eq_lanes_spot *p, int32_t n, int more, int channels,
                                  int is_split, int single)
{
    EQ_OF_MORE(more, channels, eq_lanes, t, b, p, n, is_split, single);
}

#endif
