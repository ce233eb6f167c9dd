/* fc_s8 with the DSP extension: eight channels at a time, or four that are left.
 *
 * x is widened as it is read, for eight channels at once; weights of two channels share an
 * int16 (dsp_dot.h): @packs w (o/8, i/4, i%2, o/2%4, i/2%2, o%2).
 */
#ifndef EDGEQ_DSP_FC_H
#define EDGEQ_DSP_FC_H

#include "edgeq/dsp_dot.h"
#include "edgeq/fc_s8.h"

/* The output of one channel of twice its accumulator; odd_zero is 2 * zy + 1. */
static inline int32_t eq_dsp_fc_output(int32_t twice, int32_t mult, int32_t shift,
                                       int32_t odd_zero, int32_t form)
{
    const int32_t down = shift & 31;
    const eq_dsp_scale scale = {mult, (int32_t)((uint32_t)odd_zero << down), down};
    return eq_dsp_output(twice, scale, form);
}

/* Outputs of four channels from their sums, in the bytes of a word. */
static inline int32_t eq_dsp_fc_outputs(eq_dsp_sums a, const int32_t *mult,
                                        const int32_t *shift, int32_t odd_zero,
                                        int32_t form)
{
    const int32_t low = eq_dsp_twice_low(a.low0);
    int32_t y = eq_dsp_fc_output(low, mult[0], shift[0], odd_zero, form);
    int32_t twice = eq_dsp_twice_high(a.pair0, a.low0);
    y = eq_dsp_insert_1(y, eq_dsp_fc_output(twice, mult[1], shift[1], odd_zero, form));
    eq_dsp_pause();
    twice = eq_dsp_twice_low(a.low1);
    y = eq_dsp_insert_2(y, eq_dsp_fc_output(twice, mult[2], shift[2], odd_zero, form));
    twice = eq_dsp_twice_high(a.pair1, a.low1);
    return eq_dsp_insert_3(y, eq_dsp_fc_output(twice, mult[3], shift[3], odd_zero, form));
}

/* What is left to compute of a row, [x, end). */
typedef struct {
    const int8_t *x, *end, *w;
    const int32_t *bias, *mult, *shift;
    int8_t *y;
    int32_t left, block, odd_zero;
} eq_dsp_fc;

/* Four taps of eight channels. */
static inline void eq_dsp_fc_taps(eq_dsp_sums *a, eq_dsp_sums *b, const int8_t *w,
                                  const int8_t *x)
{
    const int32_t bytes = eq_dsp_load(x);
    const int32_t odd = eq_dsp_odd(bytes);
    const int32_t even = eq_dsp_even(bytes);
    eq_dsp_taps_2x1(a, w, even);
    eq_dsp_pause();
    eq_dsp_taps_2x1(b, w + 8, even);
    eq_dsp_pause();
    eq_dsp_taps_2x1(a, w + 16, odd);
    eq_dsp_pause();
    eq_dsp_taps_2x1(b, w + 24, odd);
    eq_dsp_pause();
}

/* Eight channels, `by` taps at a time: 4 or 16. */
static inline eq_dsp_words eq_dsp_fc_eight(const eq_dsp_fc *l, int32_t by, int32_t form)
{
    const int8_t *x = l->x;
    const int8_t *w = l->w;
    eq_dsp_sums a = eq_dsp_biases_of(l->bias);
    eq_dsp_sums b = eq_dsp_biases_of(l->bias + 4);
    do {
        eq_dsp_fc_taps(&a, &b, w, x);
        if (by == 16) {
            eq_dsp_fc_taps(&a, &b, w + 32, x + 4);
            eq_dsp_fc_taps(&a, &b, w + 64, x + 8);
            eq_dsp_fc_taps(&a, &b, w + 96, x + 12);
        }
        x += by;
        w += 8 * by;
    } while (x != l->end);
    eq_dsp_words y;
    y.a = eq_dsp_fc_outputs(a, l->mult, l->shift, l->odd_zero, form);
    y.b = eq_dsp_fc_outputs(b, l->mult + 4, l->shift + 4, l->odd_zero, form);
    return y;
}

/* The first four of them, or the first two. */
static inline eq_dsp_words eq_dsp_fc_few(const eq_dsp_fc *l, int32_t channels, int32_t form)
{
    const int8_t *x = l->x;
    const int8_t *w = l->w;
    eq_dsp_sums a = eq_dsp_biases_of(l->bias);
    do {
        const int32_t bytes = eq_dsp_load(x);
        if (channels == 4) {
            eq_dsp_taps_2x1(&a, w, eq_dsp_even(bytes));
            eq_dsp_taps_2x1(&a, w + 16, eq_dsp_odd(bytes));
        } else {
            eq_dsp_taps_1x1(&a, w, eq_dsp_even(bytes));
            eq_dsp_taps_1x1(&a, w + 16, eq_dsp_odd(bytes));
        }
        x += 4;
        w += 32;
    } while (x != l->end);
    return (eq_dsp_words){eq_dsp_fc_outputs(a, l->mult, l->shift, l->odd_zero, form), 0};
}

/* One row.  What is not in use stays in memory, as the compiler knows that `l` is known
 * elsewhere; else it lacks registers where they count. */
static inline void eq_dsp_fc_row(eq_dsp_fc l, int32_t by, int32_t form)
{
    __asm__ volatile("" : : "r"(&l) : "memory");
    for (; l.left > 0; l.left -= 8) {
        eq_dsp_words y;
        if (l.left > 4)
            y = eq_dsp_fc_eight(&l, by, form);
        else
            y = eq_dsp_fc_few(&l, l.left > 2 ? 4 : 2, form);
        if (l.left < 8) {
            memcpy(l.y, &y, (size_t)l.left);
            return;
        }
        eq_dsp_store(l.y, y.a);
        eq_dsp_store(l.y + 4, y.b);
        l.w += l.block;
        l.bias += 8;
        l.mult += 8;
        l.shift += 8;
        l.y += 8;
    }
}

/* All rows, in_dim a multiple of `by`. */
static inline void eq_dsp_fc_rows(eq_dsp_fc l, const int8_t *x, int8_t *y,
                                  const eq_fc_s8_params *p, int32_t by, int32_t form)
{
    for (int32_t n = 0; n < p->batch; ++n) {
        l.x = x;
        l.end = x + p->in_dim;
        l.y = y;
        l.left = p->out_dim;
        l.block = 8 * p->in_dim;
        eq_dsp_fc_row(l, by, form);
        if (p->act_min > -128 || p->act_max < 127)
            eq_dsp_clamp(y, p->out_dim, p->act_min, p->act_max);
        x += p->in_dim;
        y += p->out_dim;
    }
}

#endif
