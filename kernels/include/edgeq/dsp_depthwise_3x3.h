/* Depthwise convolution with 3 x 3 taps and stride 1 or 2, along the lines of a plane.
 *
 * Four channels at a time the input becomes words of two pixels (dsp_depthwise_lines.h), once:
 * the third of an output line's rows is part of the next output line's pair, above with stride
 * 1, below with stride 2.  Each channel then walks along the lines with its nine weights in
 * five registers, three outputs at a time: six multiplications for nine taps.  Positions beyond
 * the border are filled before, so no loop asks for them.
 */
#ifndef EDGEQ_DSP_DEPTHWISE_3X3_H
#define EDGEQ_DSP_DEPTHWISE_3X3_H

#include "edgeq/dsp_depthwise_lines.h"

/* Taps numbered with those across fastest: the pairs (0, 1), (2, 3), (4, 5), (6, 7), and 8.
 * With stride 2 the second is (2, 5) and the third (4, 3). */
typedef struct {
    int32_t w01, w23, w45, w67, w8;
} eq_dw_taps;

/* Bytes 0 and 2 of the word at w, less their zero point, doubled. */
static inline int32_t eq_dw_twice(const int8_t *restrict w, int32_t zw)
{
    int32_t pair = eq_dw_even(eq_dw_load(w));
    if (zw != 0)
        pair = (int32_t)__ssub16(pair, eq_dw_low(zw, zw));
    return (int32_t)__sadd16(pair, pair);
}

/* The doubled weights of the channel of a pair whose first weight is at w. */
static inline eq_dw_taps eq_dw_taps_of(const int8_t *restrict w, int32_t zw, int32_t stride)
{
    eq_dw_taps t = {
        eq_dw_twice(w, zw),      eq_dw_twice(w + 4, zw), eq_dw_twice(w + 8, zw),
        eq_dw_twice(w + 12, zw), (w[16] - zw) * 2,
    };
    if (stride == 2) {
        const int32_t w25 = eq_dw_ends(t.w23, t.w45);
        t.w45 = eq_dw_ends(t.w45, t.w23);
        t.w23 = w25;
    }
    return t;
}

/* The sums of three outputs with stride 1 from five columns, `upper` their lines (0, 1),
 * `lower` their lines (1, 2), which move on by three columns.  In assembly as the compiler
 * loads early and then has no registers for the weights: that was 77 instructions for three
 * outputs, whole, instead of 56. */
static inline void eq_dw_3x3_sums1(const int8_t **upper, const int8_t **lower, eq_dw_taps t,
                                   int32_t bias, int32_t sums[3])
{
    const int8_t *u = *upper, *l = *lower;
    int32_t a, b, c = bias, up, low;
    __asm__("ldr %[up], [%[u]], #48\n\t"
            "ldr %[low], [%[l]], #48\n\t"
            "smlad %[a], %[w01], %[up], %[c]\n\t"
            "smlabt %[a], %[w23], %[low], %[a]\n\t"
            "ldr %[up], [%[u], #-32]\n\t"
            "ldr %[low], [%[l], #-32]\n\t"
            "smlatb %[a], %[w23], %[up], %[a]\n\t"
            "smlad %[a], %[w45], %[low], %[a]\n\t"
            "smlad %[b], %[w01], %[up], %[c]\n\t"
            "smlabt %[b], %[w23], %[low], %[b]\n\t"
            "ldr %[up], [%[u], #-16]\n\t"
            "ldr %[low], [%[l], #-16]\n\t"
            "smlad %[a], %[w67], %[up], %[a]\n\t"
            "smlabt %[a], %[w8], %[low], %[a]\n\t"
            "smlatb %[b], %[w23], %[up], %[b]\n\t"
            "smlad %[b], %[w45], %[low], %[b]\n\t"
            "smlad %[c], %[w01], %[up], %[c]\n\t"
            "smlabt %[c], %[w23], %[low], %[c]\n\t"
            "ldr %[up], [%[u]]\n\t"
            "ldr %[low], [%[l]]\n\t"
            "smlad %[b], %[w67], %[up], %[b]\n\t"
            "smlabt %[b], %[w8], %[low], %[b]\n\t"
            "smlatb %[c], %[w23], %[up], %[c]\n\t"
            "smlad %[c], %[w45], %[low], %[c]\n\t"
            "ldr %[up], [%[u], #16]\n\t"
            "ldr %[low], [%[l], #16]\n\t"
            "smlad %[c], %[w67], %[up], %[c]\n\t"
            "smlabt %[c], %[w8], %[low], %[c]\n\t"
            : [a] "=&r"(a), [b] "=&r"(b), [c] "+&r"(c), [up] "=&r"(up), [low] "=&r"(low),
              [u] "+&r"(u), [l] "+&r"(l)
            : [w01] "r"(t.w01), [w23] "r"(t.w23), [w45] "r"(t.w45), [w67] "r"(t.w67),
              [w8] "r"(t.w8)
            : "memory");
    *upper = u;
    *lower = l;
    sums[0] = a;
    sums[1] = b;
    sums[2] = c;
}

/* The same with stride 2 from seven columns; `lower` has the lines (2, 3). */
static inline void eq_dw_3x3_sums2(const int8_t **upper, const int8_t **lower, eq_dw_taps t,
                                   int32_t bias, int32_t sums[3])
{
    const int8_t *u = *upper, *l = *lower;
    int32_t a, b, c = bias, up, low;
    __asm__("ldr %[up], [%[u]], #96\n\t"
            "ldr %[low], [%[l]], #96\n\t"
            "smlad %[a], %[w01], %[up], %[c]\n\t"
            "smlabb %[a], %[w23], %[low], %[a]\n\t"
            "ldr %[up], [%[u], #-80]\n\t"
            "ldr %[low], [%[l], #-80]\n\t"
            "smladx %[a], %[w45], %[up], %[a]\n\t"
            "smlatb %[a], %[w23], %[low], %[a]\n\t"
            "ldr %[up], [%[u], #-64]\n\t"
            "ldr %[low], [%[l], #-64]\n\t"
            "smlad %[a], %[w67], %[up], %[a]\n\t"
            "smlabb %[a], %[w8], %[low], %[a]\n\t"
            "smlad %[b], %[w01], %[up], %[c]\n\t"
            "smlabb %[b], %[w23], %[low], %[b]\n\t"
            "ldr %[up], [%[u], #-48]\n\t"
            "ldr %[low], [%[l], #-48]\n\t"
            "smladx %[b], %[w45], %[up], %[b]\n\t"
            "smlatb %[b], %[w23], %[low], %[b]\n\t"
            "ldr %[up], [%[u], #-32]\n\t"
            "ldr %[low], [%[l], #-32]\n\t"
            "smlad %[b], %[w67], %[up], %[b]\n\t"
            "smlabb %[b], %[w8], %[low], %[b]\n\t"
            "smlad %[c], %[w01], %[up], %[c]\n\t"
            "smlabb %[c], %[w23], %[low], %[c]\n\t"
            "ldr %[up], [%[u], #-16]\n\t"
            "ldr %[low], [%[l], #-16]\n\t"
            "smladx %[c], %[w45], %[up], %[c]\n\t"
            "smlatb %[c], %[w23], %[low], %[c]\n\t"
            "ldr %[up], [%[u]]\n\t"
            "ldr %[low], [%[l]]\n\t"
            "smlad %[c], %[w67], %[up], %[c]\n\t"
            "smlabb %[c], %[w8], %[low], %[c]\n\t"
            : [a] "=&r"(a), [b] "=&r"(b), [c] "+&r"(c), [up] "=&r"(up), [low] "=&r"(low),
              [u] "+&r"(u), [l] "+&r"(l)
            : [w01] "r"(t.w01), [w23] "r"(t.w23), [w45] "r"(t.w45), [w67] "r"(t.w67),
              [w8] "r"(t.w8)
            : "memory");
    *upper = u;
    *lower = l;
    sums[0] = a;
    sums[1] = b;
    sums[2] = c;
}

/* A channel, its weights and bias doubled, as a rescale wants its accumulator. */
typedef struct {
    eq_dw_taps taps;
    eq_dw_factor f;
    int32_t y_along; /* elements from output to output */
} eq_dw_channel;

/* How channels walk along the lines. */
typedef struct {
    const int8_t *end; /* of the ring of lines */
    int32_t around;    /* bytes of the ring */
    int32_t bytes;     /* from line to line */
    int32_t moved;     /* bytes to the end of a line's outputs */
    int32_t whole;     /* of which those whose outputs make whole threes */
    int32_t back;      /* outputs that the last three have in common with those before */
    int32_t y_rest;    /* elements from behind a line's outputs to the next line's */
} eq_dw_walk;

/* Three outputs; returns where the next goes. */
static inline int8_t *eq_dw_3x3_three(const int8_t **u, const int8_t **l, int8_t *y,
                                      eq_dw_taps t, const volatile eq_dw_channel *k,
                                      int32_t stride, int32_t form)
{
    int32_t sums[3];
    if (stride == 1)
        eq_dw_3x3_sums1(u, l, t, k->f.bias, sums);
    else
        eq_dw_3x3_sums2(u, l, t, k->f.bias, sums);
    const int32_t mult = k->f.mult;
    if (form == eq_dsp_form_live) {
        const int32_t round = k->f.round;
        sums[0] = eq_dsp_scaled(sums[0], mult, round, form);
        sums[1] = eq_dsp_scaled(sums[1], mult, round, form);
        sums[2] = eq_dsp_scaled(sums[2], mult, round, form);
    } else {
        sums[0] = eq_dsp_high(sums[0], mult, form);
        sums[1] = eq_dsp_high(sums[1], mult, form);
        sums[2] = eq_dsp_high(sums[2], mult, form);
        for (int32_t i = 0, round = k->f.round; i < 3; ++i)
            sums[i] += round;
    }
    const int32_t right = k->f.right, step = k->y_along;
    *y = eq_dsp_int8(sums[0] >> right);
    y += step;
    *y = eq_dsp_int8(sums[1] >> right);
    y += step;
    *y = eq_dsp_int8(sums[2] >> right);
    return y + step;
}

/* `rows` lines of outputs; `u` is the channel's first word in the line of the first.  The last
 * three outputs of a line may overlap those before.  Factors are read again for every three
 * outputs, so that registers stay with the weights. */
static inline __attribute__((always_inline)) void
eq_dw_3x3_outputs(const volatile eq_dw_channel *k, const volatile eq_dw_walk *t,
                  const int8_t *u, int8_t *y, int32_t rows, int32_t stride, int32_t form)
{
    const eq_dw_taps taps = {k->taps.w01, k->taps.w23, k->taps.w45, k->taps.w67,
                             k->taps.w8};
    const int8_t *l = u + t->bytes;
    do {
        if (l >= t->end)
            l -= t->around;
        const int8_t *stop = u + t->whole;
        for (int32_t back = t->back;; back = 0) {
            do {
                y = eq_dw_3x3_three(&u, &l, y, taps, k, stride, form);
            } while (u != stop);
            if (back == 0)
                break;
            u -= 16 * stride * back;
            l -= 16 * stride * back;
            y -= back * k->y_along;
            stop = u + 48 * stride;
        }
        u = l - t->moved;
        l = u + t->bytes;
        y += t->y_rest;
    } while (--rows > 0);
}

/* Not inlined for the registers' sake. */
static __attribute__((noinline)) void
eq_dw_3x3_channel(const volatile eq_dw_channel *k, const volatile eq_dw_walk *t,
                  const int8_t *u, int8_t *y, int32_t rows, int32_t stride, int32_t form)
{
    eq_dw_3x3_outputs(k, t, u, y, rows, stride, form);
}

/* For double where ties below zero do not matter. */
static __attribute__((noinline)) void eq_dw_3x3_live(const volatile eq_dw_channel *k,
                                                     const volatile eq_dw_walk *t,
                                                     const int8_t *u, int8_t *y,
                                                     int32_t rows, int32_t stride)
{
    eq_dw_3x3_outputs(k, t, u, y, rows, stride, eq_dsp_form_live);
}

static inline eq_dw_walk eq_dw_walk_of(const eq_dw_lines *restrict lines,
                                       const eq_dw_plane *restrict t, int32_t stride)
{
    const int32_t over = t->count % 3;
    const eq_dw_walk walk = {
        .end = lines->end,
        .around = (int32_t)(lines->end - lines->first),
        .bytes = lines->bytes,
        .moved = 16 * stride * t->count,
        .whole = 16 * stride * (t->count - over),
        .back = over > 0 ? 3 - over : 0,
        .y_rest = t->y_across - t->count * t->y_along,
    };
    return walk;
}

/* All channels, of a multiple of four; weights packed in pairs of channels, 18 bytes each. */
static inline void eq_dw_3x3(const eq_dw_plane *restrict t, const int8_t *restrict w,
                             const int32_t *restrict bias, const int32_t *restrict mult,
                             const int32_t *restrict shift, int8_t *restrict scratch,
                             int32_t stride, int32_t zw,
                             const eq_depthwise_s8_params *restrict p, int32_t form)
{
    const int32_t columns = (t->count - 1) * stride + 3;
    const int32_t room = columns > 56 ? 2 : 112 / columns;
    const int32_t count = room < t->rows + 1 ? room : t->rows + 1;
    const eq_dw_lines lines = eq_dw_lines_of(scratch, columns, count, t);
    const eq_dw_walk walk = eq_dw_walk_of(&lines, t, stride);
    const int live = form == eq_dsp_form_double && p->act_min >= p->zy;
    eq_dw_borders(&lines, p->zx);
    for (int32_t group = 0; group < p->in_c; group += 4) {
        eq_dw_channel k[4];
        for (int32_t i = 0; i < 4; ++i) {
            const int32_t c = group + i;
            k[i].taps = eq_dw_taps_of(w + 8 * (c & ~1) + c, zw, stride);
            k[i].f = eq_dw_factor_of(bias[c] * 2, mult[c], shift[c], p->zy);
            k[i].y_along = t->y_along;
        }
        int8_t *line = scratch;
        int8_t *free = eq_dw_fill(&lines, line, t->x + group, t->start, 1, stride, t);
        for (int32_t h = 0; h < t->rows; h += count - 1) {
            const int32_t rows = t->rows - h < count ? t->rows - h : count - 1;
            free = eq_dw_fill(&lines, free, t->x + group, t->start + (h + 1) * stride, rows,
                              stride, t);
            for (int32_t i = 0; i < 4; ++i) {
                int8_t *y = t->y + h * t->y_across + group + i;
                if (live)
                    eq_dw_3x3_live(&k[i], &walk, line + 4 * i, y, rows, stride);
                else
                    eq_dw_3x3_channel(&k[i], &walk, line + 4 * i, y, rows, stride, form);
            }
            line = free == lines.first ? lines.end - lines.bytes : free - lines.bytes;
        }
    }
    eq_dw_clamp(t->y, t->rows, t->y_across, t->count, t->y_along, p->in_c, p->act_min,
                p->act_max);
}

#endif
