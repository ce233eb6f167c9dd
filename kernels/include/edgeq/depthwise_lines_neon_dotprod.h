/* What the depthwise convolutions for NEON with dot products do with a line of a window, and with
 * the sums of one (see depthwise_neon_dotprod.h).
 *
 * Two instructions are assembly: the TBL, for gcc 12 moves the three vectors of a table through
 * memory, and LDP of factors, which it loads one by one, and before the loop, where there is
 * no room for them.
 */
#ifndef EDGEQ_DEPTHWISE_LINES_NEON_DOTPROD_H
#define EDGEQ_DEPTHWISE_LINES_NEON_DOTPROD_H

#include "edgeq/depthwise3_neon.h"

#define EQ_DOT static inline __attribute__((always_inline))

/* The weights of the three lines of a window. */
typedef struct {
    eq_sums16_neon top, middle, bottom;
} eq_weights_dotprod;

/* What sixteen lanes need besides, of which no register holds anything: biases and factors as
 * the kernel got them, eight of each unless `wide`; shifts as SRSHL takes them; the range. */
typedef struct {
    const int32_t *bias, *mult, *down;
    const void *range; /* lo and hi of sixteen bytes, and zy of sixteen words */
} eq_numbers_dotprod;

/* Memory for what the kernel did not get. */
typedef struct {
    int32_t down[16];
    int8_t range[64];
} eq_room_dotprod;

/* The bytes of three pixels that belong to each of sixteen lanes. */
typedef struct {
    uint8x16_t a, b, c, d;
} eq_places_dotprod;

typedef struct {
    int32x4_t a, b;
} eq_two_dotprod;

/* Eight numbers from p + at on, a constant. */
#define eq_load_two_dotprod(t, p, at)                                                      \
    __asm__ volatile("ldp %q0, %q1, [%2, %3]"                                              \
                     : "=w"((t).a), "=w"((t).b)                                            \
                     : "r"(p), "i"((at) * 4)                                               \
                     : "memory")

EQ_DOT int32x4_t eq_dot_dotprod(int32x4_t s, int8x16_t x, int32x4_t w)
{
    return vdotq_s32(s, x, vreinterpretq_s8_s32(w));
}

/* Where lanes find their bytes: pixels 0, 1, 2, and nowhere, which gives zero. */
EQ_DOT eq_places_dotprod eq_places_dotprod_of(void)
{
    const uint32x4_t first = {0xc0201000, 0xc1211101, 0xc2221202, 0xc3231303};
    const uint32x4_t four = vdupq_n_u32(0x04040404);
    const uint32x4_t b = vaddq_u32(first, four), c = vaddq_u32(b, four);
    const eq_places_dotprod t = {vreinterpretq_u8_u32(first), vreinterpretq_u8_u32(b),
                                 vreinterpretq_u8_u32(c),
                                 vreinterpretq_u8_u32(vaddq_u32(c, four))};
    return t;
}

/* Those of three pixels that `places` says. */
EQ_DOT int8x16_t eq_look_up_dotprod(eq_three_neon t, uint8x16_t places)
{
    register int8x16_t a __asm__("v0") = t.a;
    register int8x16_t b __asm__("v1") = t.b;
    register int8x16_t c __asm__("v2") = t.c;
    int8x16_t v;
    __asm__("tbl %0.16b, {v0.16b-v2.16b}, %1.16b"
            : "=w"(v)
            : "w"(places), "w"(a), "w"(b), "w"(c));
    return v;
}

/* The weights of one line as lanes take them. */
EQ_DOT eq_sums16_neon eq_line_dotprod(int8x16_t w0, int8x16_t w1, int8x16_t w2,
                                      const eq_places_dotprod *p)
{
    const eq_three_neon w = {w0, w1, w2};
    const eq_sums16_neon s = {vreinterpretq_s32_s8(eq_look_up_dotprod(w, p->a)),
                              vreinterpretq_s32_s8(eq_look_up_dotprod(w, p->b)),
                              vreinterpretq_s32_s8(eq_look_up_dotprod(w, p->c)),
                              vreinterpretq_s32_s8(eq_look_up_dotprod(w, p->d))};
    return s;
}

EQ_DOT eq_weights_dotprod eq_weights_dotprod_of(const eq_nine_neon *n,
                                                const eq_places_dotprod *places)
{
    const eq_weights_dotprod w = {eq_line_dotprod(n->w0, n->w1, n->w2, places),
                                  eq_line_dotprod(n->w3, n->w4, n->w5, places),
                                  eq_line_dotprod(n->w6, n->w7, n->w8, places)};
    return w;
}

/* The numbers of a block. */
EQ_DOT eq_numbers_dotprod eq_numbers_dotprod_of(const eq_depthwise_layer_neon *l,
                                                eq_room_dotprod *room, int wide)
{
    const int32x4_t most = vdupq_n_s32(31);
    const int32_t o = l->blocks.o;
    vst1q_s32(room->down, vsubq_s32(most, vld1q_s32(l->shift + o)));
    vst1q_s32(room->down + 4, vsubq_s32(most, vld1q_s32(l->shift + o + 4)));
    if (wide) {
        vst1q_s32(room->down + 8, vsubq_s32(most, vld1q_s32(l->shift + o + 8)));
        vst1q_s32(room->down + 12, vsubq_s32(most, vld1q_s32(l->shift + o + 12)));
    }
    const eq_numbers_dotprod n = {l->bias + o, l->mult + o, room->down, room->range};
    return n;
}

EQ_DOT eq_sums16_neon eq_biases_dotprod(eq_numbers_dotprod n, int wide)
{
    eq_two_dotprod low, high;
    eq_load_two_dotprod(low, n.bias, 0);
    if (wide)
        eq_load_two_dotprod(high, n.bias, 8);
    else
        high = low;
    const eq_sums16_neon s = {low.a, low.b, high.a, high.b};
    return s;
}

/* The outputs of a window, its factors being loaded by twos. */
EQ_DOT int8x16_t eq_finish_dotprod(eq_sums16_neon s, eq_numbers_dotprod n, int mode,
                                   int wide)
{
    const int32x4_t none = vdupq_n_s32(0);
    eq_two_dotprod m, d, ends, zy = {none, none};
    eq_load_two_dotprod(m, n.mult, 0);
    eq_load_two_dotprod(d, n.down, 0);
    const eq_factors_x4 fa = {none, m.a, d.a}, fb = {none, m.b, d.b};
    const int32x4_t a = eq_rescale_x4(s.a, fa, mode), b = eq_rescale_x4(s.b, fb, mode);
    if (wide) {
        eq_load_two_dotprod(m, n.mult, 8);
        eq_load_two_dotprod(d, n.down, 8);
    }
    const eq_factors_x4 fc = {none, m.a, d.a}, fd = {none, m.b, d.b};
    const int32x4_t c = eq_rescale_x4(s.c, fc, mode), e = eq_rescale_x4(s.d, fd, mode);
    if (mode == EQ_LIVE)
        return eq_narrow_live_s8_x16(a, b, c, e);
    eq_load_two_dotprod(ends, n.range, 0);
    if (mode != EQ_RELU)
        eq_load_two_dotprod(zy, n.range, 8);
    const eq_range_s8 range = {vreinterpretq_s16_s32(zy.a), vreinterpretq_s8_s32(ends.a),
                               vreinterpretq_s8_s32(ends.b)};
    return eq_narrow_x16(a, b, c, e, range, mode);
}

/* A column of outputs: the walk down the lines that it sees. */
typedef struct {
    const int8_t *x;
    int8_t *y;
    int64_t line, y_step, y_other;
} eq_down_dotprod;

EQ_DOT void eq_store_dotprod(eq_down_dotprod *d, int8x16_t v, int wide)
{
    if (wide) {
        vst1q_s8(d->y, v);
    } else {
        vst1_s8(d->y, vget_low_s8(v));
        vst1_s8(d->y + d->y_other, vget_high_s8(v));
    }
    d->y += d->y_step;
}

/* Adds four lanes of a line to the windows of which it is the first, the second and the last
 * line, where there are such: NULL says that there are not. */
EQ_DOT void eq_add_four_dotprod(int8x16_t x, int32x4_t *first, int32x4_t *second,
                                int32x4_t *last, int32x4_t w0, int32x4_t w1, int32x4_t w2)
{
    if (last)
        *last = eq_dot_dotprod(*last, x, w2);
    if (second)
        *second = eq_dot_dotprod(*second, x, w1);
    if (first)
        *first = eq_dot_dotprod(*first, x, w0);
}

/* The same for all lanes of the next line. */
EQ_DOT void eq_add_line_dotprod(eq_down_dotprod *d, eq_sums16_neon *first,
                                eq_sums16_neon *second, eq_sums16_neon *last,
                                const eq_weights_dotprod *w, const eq_places_dotprod *p)
{
    const eq_three_neon t = eq_next_three_neon(&d->x, d->line);
    eq_add_four_dotprod(eq_look_up_dotprod(t, p->a), first ? &first->a : 0,
                        second ? &second->a : 0, last ? &last->a : 0, w->top.a, w->middle.a,
                        w->bottom.a);
    eq_add_four_dotprod(eq_look_up_dotprod(t, p->b), first ? &first->b : 0,
                        second ? &second->b : 0, last ? &last->b : 0, w->top.b, w->middle.b,
                        w->bottom.b);
    eq_add_four_dotprod(eq_look_up_dotprod(t, p->c), first ? &first->c : 0,
                        second ? &second->c : 0, last ? &last->c : 0, w->top.c, w->middle.c,
                        w->bottom.c);
    eq_add_four_dotprod(eq_look_up_dotprod(t, p->d), first ? &first->d : 0,
                        second ? &second->d : 0, last ? &last->d : 0, w->top.d, w->middle.d,
                        w->bottom.d);
}

#endif
