/* 3x3 depthwise convolutions for NEON with dot products: sixteen lanes at once, from bands of
 * sixteen channels (depthwise_band_neon.h), down one column of outputs after the other.
 *
 * One LD1 reads the three pixels of a line that a window sees, and a TBL puts those of four
 * lanes side by side; the fourth byte meets a weight of zero.  SDOT adds them to the sums of
 * the three windows that see this line, which stay in registers until they are complete.
 *
 * Exact: SDOT adds to int32 what int32 holds by the contract's proof.  See rescale_neon.h for
 * the rest.
 *
 * Two instructions are assembly: the LD1 (see depthwise_neon.h), and LDP of factors, which
 * gcc 12 loads one by one, and before the loop, where there is no room for them.
 */
#ifndef EDGEQ_DEPTHWISE_NEON_DOTPROD_H
#define EDGEQ_DEPTHWISE_NEON_DOTPROD_H

#include "edgeq/depthwise3_neon.h"

#define EQ_DOT static inline __attribute__((always_inline))

/* The weights of the three lines of a window. */
typedef struct {
    eq_sums16_neon top, middle, bottom;
} eq_weights_dotprod;

/* What sixteen lanes need besides: biases, factors, shifts as SRSHL takes them, and the range,
 * which there is no room for in registers, either. */
typedef struct {
    int32_t bias[16], mult[16], down[16];
    int8_t lo[16], hi[16];
    int16_t zy[16];
} eq_numbers_dotprod;

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

/* Where lanes find their bytes: pixels 0, 1, 2, and the first again. */
EQ_DOT eq_places_dotprod eq_places_dotprod_of(void)
{
    const uint32x4_t first = {0x00201000, 0x01211101, 0x02221202, 0x03231303};
    const uint32x4_t four = vdupq_n_u32(0x04040404);
    const uint32x4_t b = vaddq_u32(first, four), c = vaddq_u32(b, four);
    const eq_places_dotprod t = {vreinterpretq_u8_u32(first), vreinterpretq_u8_u32(b),
                                 vreinterpretq_u8_u32(c),
                                 vreinterpretq_u8_u32(vaddq_u32(c, four))};
    return t;
}

/* The weights of one line as lanes take them. */
EQ_DOT eq_sums16_neon eq_line_dotprod(int8x16_t w0, int8x16_t w1, int8x16_t w2,
                                      const eq_places_dotprod *places)
{
    const int8x16x3_t w = {{w0, w1, w2}};
    const uint8x16_t three =
        vreinterpretq_u8_u32(vdupq_n_u32(0x00ffffff)); /* nothing for the fourth byte */
    const eq_sums16_neon s = {vreinterpretq_s32_s8(vandq_s8(vqtbl3q_s8(w, places->a),
                                                            vreinterpretq_s8_u8(three))),
                              vreinterpretq_s32_s8(vandq_s8(vqtbl3q_s8(w, places->b),
                                                            vreinterpretq_s8_u8(three))),
                              vreinterpretq_s32_s8(vandq_s8(vqtbl3q_s8(w, places->c),
                                                            vreinterpretq_s8_u8(three))),
                              vreinterpretq_s32_s8(vandq_s8(vqtbl3q_s8(w, places->d),
                                                            vreinterpretq_s8_u8(three)))};
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

static inline eq_numbers_dotprod eq_numbers_dotprod_of(const eq_factors_x16 *f,
                                                       eq_range_s8 range)
{
    eq_numbers_dotprod n;
    vst1q_s32(n.bias, f->a.bias);
    vst1q_s32(n.bias + 4, f->b.bias);
    vst1q_s32(n.bias + 8, f->c.bias);
    vst1q_s32(n.bias + 12, f->d.bias);
    vst1q_s32(n.mult, f->a.mult);
    vst1q_s32(n.mult + 4, f->b.mult);
    vst1q_s32(n.mult + 8, f->c.mult);
    vst1q_s32(n.mult + 12, f->d.mult);
    vst1q_s32(n.down, f->a.down);
    vst1q_s32(n.down + 4, f->b.down);
    vst1q_s32(n.down + 8, f->c.down);
    vst1q_s32(n.down + 12, f->d.down);
    vst1q_s8(n.lo, range.lo);
    vst1q_s8(n.hi, range.hi);
    vst1q_s16(n.zy, range.zy);
    vst1q_s16(n.zy + 8, range.zy);
    return n;
}

EQ_DOT eq_sums16_neon eq_biases_dotprod(const eq_numbers_dotprod *n)
{
    eq_two_dotprod low, high;
    eq_load_two_dotprod(low, n, 0);
    eq_load_two_dotprod(high, n, 8);
    const eq_sums16_neon s = {low.a, low.b, high.a, high.b};
    return s;
}

/* The outputs of a window, its factors being loaded by twos. */
EQ_DOT int8x16_t eq_finish_dotprod(eq_sums16_neon s, const eq_numbers_dotprod *n, int mode)
{
    const int32x4_t none = vdupq_n_s32(0);
    eq_two_dotprod m0, d0, m1, d1, ends, zy = {none, none};
    eq_load_two_dotprod(m0, n, 16);
    eq_load_two_dotprod(d0, n, 32);
    const eq_factors_x4 fa = {none, m0.a, d0.a}, fb = {none, m0.b, d0.b};
    const int32x4_t a = eq_rescale_x4(s.a, fa, mode), b = eq_rescale_x4(s.b, fb, mode);
    eq_load_two_dotprod(m1, n, 24);
    eq_load_two_dotprod(d1, n, 40);
    const eq_factors_x4 fc = {none, m1.a, d1.a}, fd = {none, m1.b, d1.b};
    const int32x4_t c = eq_rescale_x4(s.c, fc, mode), d = eq_rescale_x4(s.d, fd, mode);
    if (mode == EQ_LIVE)
        return eq_narrow_live_s8_x16(a, b, c, d);
    eq_load_two_dotprod(ends, n, 48);
    if (mode != EQ_RELU)
        eq_load_two_dotprod(zy, n, 56);
    const eq_range_s8 range = {vreinterpretq_s16_s32(zy.a), vreinterpretq_s8_s32(ends.a),
                               vreinterpretq_s8_s32(ends.b)};
    return eq_narrow_x16(a, b, c, d, range, mode);
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

/* The output of the window whose last line comes next, with stride 1: `next` begins with that
 * line. */
EQ_DOT void eq_step_dotprod(eq_down_dotprod *d, eq_sums16_neon *done, eq_sums16_neon *going,
                            eq_sums16_neon *next, const eq_weights_dotprod *w,
                            const eq_places_dotprod *places, const eq_numbers_dotprod *n,
                            int mode, int wide)
{
    *next = eq_biases_dotprod(n);
    eq_add_line_dotprod(d, next, going, done, w, places);
    eq_store_dotprod(d, eq_finish_dotprod(*done, n, mode), wide);
}

/* n outputs with stride 1: three windows by turns. */
EQ_DOT void eq_down1_dotprod(eq_down_dotprod d, int32_t n, const eq_weights_dotprod *w,
                             const eq_places_dotprod *p, const eq_numbers_dotprod *f,
                             int mode, int wide)
{
    eq_sums16_neon a = eq_biases_dotprod(f), b = a, c;
    eq_add_line_dotprod(&d, &a, 0, 0, w, p);
    eq_add_line_dotprod(&d, &b, &a, 0, w, p);
    for (; n >= 3; n -= 3) {
        eq_step_dotprod(&d, &a, &b, &c, w, p, f, mode, wide);
        eq_step_dotprod(&d, &b, &c, &a, w, p, f, mode, wide);
        eq_step_dotprod(&d, &c, &a, &b, w, p, f, mode, wide);
    }
    if (n > 0)
        eq_step_dotprod(&d, &a, &b, &c, w, p, f, mode, wide);
    if (n > 1)
        eq_step_dotprod(&d, &b, &c, &a, w, p, f, mode, wide);
}

/* The output of a window of which the first line has been added, with stride 2: `next` begins
 * with the last one. */
EQ_DOT void eq_step2_dotprod(eq_down_dotprod *d, eq_sums16_neon *done, eq_sums16_neon *next,
                             const eq_weights_dotprod *w, const eq_places_dotprod *p,
                             const eq_numbers_dotprod *f, int mode, int wide)
{
    eq_add_line_dotprod(d, 0, done, 0, w, p);
    *next = eq_biases_dotprod(f);
    eq_add_line_dotprod(d, next, 0, done, w, p);
    eq_store_dotprod(d, eq_finish_dotprod(*done, f, mode), wide);
}

/* n outputs with stride 2: two windows by turns. */
EQ_DOT void eq_down2_dotprod(eq_down_dotprod d, int32_t n, const eq_weights_dotprod *w,
                             const eq_places_dotprod *p, const eq_numbers_dotprod *f,
                             int mode, int wide)
{
    eq_sums16_neon a = eq_biases_dotprod(f), b;
    eq_add_line_dotprod(&d, &a, 0, 0, w, p);
    for (; n >= 2; n -= 2) {
        eq_step2_dotprod(&d, &a, &b, w, p, f, mode, wide);
        eq_step2_dotprod(&d, &b, &a, w, p, f, mode, wide);
    }
    if (n > 0)
        eq_step2_dotprod(&d, &a, &b, w, p, f, mode, wide);
}

/* n outputs with another stride, each for itself. */
EQ_DOT void eq_down3_dotprod(eq_down_dotprod d, int32_t n, int32_t stride,
                             const eq_weights_dotprod *w, const eq_places_dotprod *p,
                             const eq_numbers_dotprod *f, int mode, int wide)
{
    for (; n > 0; --n) {
        eq_sums16_neon a = eq_biases_dotprod(f);
        eq_add_line_dotprod(&d, &a, 0, 0, w, p);
        eq_add_line_dotprod(&d, 0, &a, 0, w, p);
        eq_add_line_dotprod(&d, 0, 0, &a, w, p);
        d.x += (stride - 3) * d.line;
        eq_store_dotprod(&d, eq_finish_dotprod(a, f, mode), wide);
    }
}

/* A block; `single`, `wide` and `mode` are constants. */
EQ_DOT void eq_depthwise3_mode_dotprod(const eq_layer3_neon *l, int8_t *y,
                                       const eq_numbers_dotprod *f, int mode, int wide)
{
    const eq_blocks_neon *k = &l->blocks;
    const eq_nine_neon nine = eq_load_nine_neon(l->w + k->o, k->channels, wide);
    const eq_places_dotprod places = eq_places_dotprod_of();
    const eq_weights_dotprod w = eq_weights_dotprod_of(&nine, &places);
    const int32_t stride = k->band.lines.stride_h;
    eq_down_dotprod d = {k->at, y, k->band.line, l->y_row, (int64_t)k->other * l->y_row};
    for (int32_t c = 0; c < l->out_w; ++c) {
        if (stride == 1)
            eq_down1_dotprod(d, k->rows, &w, &places, f, mode, wide);
        else if (stride == 2)
            eq_down2_dotprod(d, k->rows, &w, &places, f, mode, wide);
        else
            eq_down3_dotprod(d, k->rows, stride, &w, &places, f, mode, wide);
        d.x += l->stride_w * EQ_PIXEL;
        d.y += l->y_pixel;
    }
}

EQ_DOT void eq_depthwise3_block_dotprod(const eq_layer3_neon *l, int8_t *y, int single,
                                        int wide)
{
    const int32_t o = l->blocks.o;
    const int mode = eq_mode_of(single, l->zy, l->act_min, l->act_max);
    const eq_factors_x16 factors =
        eq_lane_factors_neon(l->bias + o, l->mult + o, l->shift + o, wide);
    const eq_numbers_dotprod f =
        eq_numbers_dotprod_of(&factors, eq_load_range(l->zy, l->act_min, l->act_max));
    if (single)
        eq_depthwise3_mode_dotprod(l, y, &f, EQ_SINGLE, wide);
    else if (mode == EQ_LIVE)
        eq_depthwise3_mode_dotprod(l, y, &f, EQ_LIVE, wide);
    else if (mode == EQ_RELU)
        eq_depthwise3_mode_dotprod(l, y, &f, EQ_RELU, wide);
    else
        eq_depthwise3_mode_dotprod(l, y, &f, EQ_DOUBLE, wide);
}

/* A layer of at least eight channels; `single` is a constant. */
EQ_DOT void eq_depthwise3_dotprod(eq_layer3_neon *l, int8_t *y, int single)
{
    while (eq_next_block_neon(&l->blocks)) {
        int8_t *to = y + l->blocks.h * l->y_row + l->blocks.o;
        if (l->blocks.way == EQ_WIDE)
            eq_depthwise3_block_dotprod(l, to, single, 1);
        else
            eq_depthwise3_block_dotprod(l, to, single, 0);
    }
}

#endif
