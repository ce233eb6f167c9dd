/* Depthwise convolution with 3 x 3 taps of small images: a plane of scratch holds all lines.
 *
 * The words are those of dsp_depthwise_lines.h, but every line has room for eight positions, so
 * that the next line, which has the third row of a window, is at a constant distance: a channel
 * walks with one address, down three columns of outputs, then down the last three.  What lies
 * beyond the image is filled once for all channels.
 */
#ifndef EDGEQ_DSP_DEPTHWISE_SMALL_H
#define EDGEQ_DSP_DEPTHWISE_SMALL_H

#include "edgeq/dsp_depthwise_3x3.h"

/* Bytes of a line; most rows of outputs. */
enum { eq_dw_small_line = 128, eq_dw_small_rows = 6 };

/* Where the pixels above and below of a line are, and how far from one to the next: 0 for a word
 * of zero points. */
typedef struct {
    const int8_t *above, *below;
    int32_t step_above, step_below;
} eq_dw_source;

/* The sums of three outputs of a row with stride 1, from five positions of two lines; u moves to
 * the next line. */
static inline void eq_dw_small_sums1(const int8_t **at, eq_dw_taps t, int32_t bias,
                                     int32_t sums[3])
{
    const int8_t *u = *at;
    int32_t a, b, c = bias, up, low;
    __asm__("ldr %[up], [%[u]], #128\n\t"
            "ldr %[low], [%[u]]\n\t"
            "smlad %[a], %[w01], %[up], %[c]\n\t"
            "smlabt %[a], %[w23], %[low], %[a]\n\t"
            "ldr %[up], [%[u], #-112]\n\t"
            "ldr %[low], [%[u], #16]\n\t"
            "smlatb %[a], %[w23], %[up], %[a]\n\t"
            "smlad %[a], %[w45], %[low], %[a]\n\t"
            "smlad %[b], %[w01], %[up], %[c]\n\t"
            "smlabt %[b], %[w23], %[low], %[b]\n\t"
            "ldr %[up], [%[u], #-96]\n\t"
            "ldr %[low], [%[u], #32]\n\t"
            "smlad %[a], %[w67], %[up], %[a]\n\t"
            "smlabt %[a], %[w8], %[low], %[a]\n\t"
            "smlatb %[b], %[w23], %[up], %[b]\n\t"
            "smlad %[b], %[w45], %[low], %[b]\n\t"
            "smlad %[c], %[w01], %[up], %[c]\n\t"
            "smlabt %[c], %[w23], %[low], %[c]\n\t"
            "ldr %[up], [%[u], #-80]\n\t"
            "ldr %[low], [%[u], #48]\n\t"
            "smlad %[b], %[w67], %[up], %[b]\n\t"
            "smlabt %[b], %[w8], %[low], %[b]\n\t"
            "smlatb %[c], %[w23], %[up], %[c]\n\t"
            "smlad %[c], %[w45], %[low], %[c]\n\t"
            "ldr %[up], [%[u], #-64]\n\t"
            "ldr %[low], [%[u], #64]\n\t"
            "smlad %[c], %[w67], %[up], %[c]\n\t"
            "smlabt %[c], %[w8], %[low], %[c]\n\t"
            : [a] "=&r"(a), [b] "=&r"(b), [c] "+&r"(c), [up] "=&r"(up), [low] "=&r"(low),
              [u] "+&r"(u)
            : [w01] "r"(t.w01), [w23] "r"(t.w23), [w45] "r"(t.w45), [w67] "r"(t.w67),
              [w8] "r"(t.w8)
            : "memory");
    *at = u;
    sums[0] = a;
    sums[1] = b;
    sums[2] = c;
}

/* The same with stride 2 from seven positions. */
static inline void eq_dw_small_sums2(const int8_t **at, eq_dw_taps t, int32_t bias,
                                     int32_t sums[3])
{
    const int8_t *u = *at;
    int32_t a, b, c = bias, up, low;
    __asm__("ldr %[up], [%[u]], #128\n\t"
            "ldr %[low], [%[u]]\n\t"
            "smlad %[a], %[w01], %[up], %[c]\n\t"
            "smlabb %[a], %[w23], %[low], %[a]\n\t"
            "ldr %[up], [%[u], #-112]\n\t"
            "ldr %[low], [%[u], #16]\n\t"
            "smladx %[a], %[w45], %[up], %[a]\n\t"
            "smlatb %[a], %[w23], %[low], %[a]\n\t"
            "ldr %[up], [%[u], #-96]\n\t"
            "ldr %[low], [%[u], #32]\n\t"
            "smlad %[a], %[w67], %[up], %[a]\n\t"
            "smlabb %[a], %[w8], %[low], %[a]\n\t"
            "smlad %[b], %[w01], %[up], %[c]\n\t"
            "smlabb %[b], %[w23], %[low], %[b]\n\t"
            "ldr %[up], [%[u], #-80]\n\t"
            "ldr %[low], [%[u], #48]\n\t"
            "smladx %[b], %[w45], %[up], %[b]\n\t"
            "smlatb %[b], %[w23], %[low], %[b]\n\t"
            "ldr %[up], [%[u], #-64]\n\t"
            "ldr %[low], [%[u], #64]\n\t"
            "smlad %[b], %[w67], %[up], %[b]\n\t"
            "smlabb %[b], %[w8], %[low], %[b]\n\t"
            "smlad %[c], %[w01], %[up], %[c]\n\t"
            "smlabb %[c], %[w23], %[low], %[c]\n\t"
            "ldr %[up], [%[u], #-48]\n\t"
            "ldr %[low], [%[u], #80]\n\t"
            "smladx %[c], %[w45], %[up], %[c]\n\t"
            "smlatb %[c], %[w23], %[low], %[c]\n\t"
            "ldr %[up], [%[u], #-32]\n\t"
            "ldr %[low], [%[u], #96]\n\t"
            "smlad %[c], %[w67], %[up], %[c]\n\t"
            "smlabb %[c], %[w8], %[low], %[c]\n\t"
            : [a] "=&r"(a), [b] "=&r"(b), [c] "+&r"(c), [up] "=&r"(up), [low] "=&r"(low),
              [u] "+&r"(u)
            : [w01] "r"(t.w01), [w23] "r"(t.w23), [w45] "r"(t.w45), [w67] "r"(t.w67),
              [w8] "r"(t.w8)
            : "memory");
    *at = u;
    sums[0] = a;
    sums[1] = b;
    sums[2] = c;
}

/* A channel's factor, its bias doubled, and how all channels walk: elements from output to output
 * of a row and of a column, the first of the last three columns, bytes of a column of lines. */
typedef struct {
    int32_t bias, mult, round, right;
    int32_t along, across, last, bytes;
} eq_dw_small_walk;

/* Three outputs of a row.  What the last instructions need is read behind those before. */
static inline void eq_dw_small_three(const int8_t **u, int8_t *y, eq_dw_taps t,
                                     const volatile eq_dw_small_walk *k, int32_t stride,
                                     int32_t form)
{
    int32_t sums[3];
    if (stride == 1)
        eq_dw_small_sums1(u, t, k->bias, sums);
    else
        eq_dw_small_sums2(u, t, k->bias, sums);
    const int32_t mult = k->mult, round = k->round;
    int32_t a = eq_dsp_scaled(sums[0], mult, round, form);
    int32_t b = eq_dsp_scaled(sums[1], mult, round, form);
    int32_t c = eq_dsp_scaled(sums[2], mult, round, form);
    __asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c));
    const int32_t right = k->right, along = k->along;
    *y = eq_dsp_int8(a >> right);
    y[along] = eq_dsp_int8(b >> right);
    y[2 * along] = eq_dsp_int8(c >> right);
}

/* All outputs of a channel, whose first word is at `lines`: those of the first three columns, then
 * those of the last three.  Not inlined, so that registers stay with the weights. */
static __attribute__((noinline)) void
eq_dw_small_channel(const volatile eq_dw_small_walk *k, const int8_t *lines, int8_t *y,
                    const int8_t *restrict w, int32_t odd, int32_t stride, int32_t form)
{
    const eq_dw_taps taps = eq_dw_taps_of(w, odd, 0, stride);
    const int8_t *u = lines, *stop = lines + k->bytes;
    int8_t *at = y;
    for (;;) {
        do {
            eq_dw_small_three(&u, at, taps, k, stride, form);
            at += k->across;
        } while (u != stop);
        const int32_t last = k->last;
        u = lines + 16 * stride * last;
        if (stop == u + k->bytes)
            return;
        stop = u + k->bytes;
        at = y + last * k->along;
    }
}

/* Where lines [0, rows] come from. */
static inline void eq_dw_small_sources(eq_dw_source *from, const eq_dw_plane *restrict t,
                                       const eq_dw_lines *restrict lines, const int8_t *zx)
{
    for (int32_t i = 0; i <= t->rows; ++i) {
        const int32_t r = t->start + i * t->stride;
        const int8_t *a = eq_dw_line(lines, t->x, r, zx, t);
        const int8_t *b = eq_dw_line(lines, t->x, r + 1, zx, t);
        const eq_dw_source source = {a, b, a == zx ? 0 : t->x_along,
                                     b == zx ? 0 : t->x_along};
        from[i] = source;
    }
}

/* The lines of four channels, `group` and on; those that are all zero points stay. */
static inline void eq_dw_small_fill(const eq_dw_source *from, int8_t *line, int32_t group,
                                    const eq_dw_plane *restrict t,
                                    const eq_dw_lines *restrict lines)
{
    for (const eq_dw_source *const end = from + t->rows + 1; from != end; ++from) {
        const int32_t a = from->step_above, b = from->step_below;
        if ((a | b) != 0)
            eq_dw_pairs(line, line + lines->inside, from->above + (a != 0 ? group : 0), a,
                        from->below + (b != 0 ? group : 0), b);
        line += eq_dw_small_line;
    }
}

/* All channels, of a multiple of four, of at most eq_dw_small_rows rows of outputs; weights packed
 * in pairs of channels, 18 bytes each. */
static inline void eq_dw_small(const eq_dw_plane *restrict t, const int8_t *restrict w,
                               const int32_t *restrict bias, const int32_t *restrict mult,
                               const int32_t *restrict shift, int8_t *restrict scratch,
                               int32_t stride, const eq_depthwise_s8_params *restrict p,
                               int32_t form)
{
    const eq_dw_lines lines =
        eq_dw_lines_of(scratch, (t->count - 1) * stride + 3, t->rows + 1, t);
    eq_dw_source from[eq_dw_small_rows + 1];
    int8_t zx[4];
    memset(zx, p->zx, 4);
    eq_dw_small_sources(from, t, &lines, zx);
    eq_dw_fill_zx(scratch, scratch + eq_dw_small_line * (t->rows + 1),
                  eq_dw_low(p->zx, p->zx));
    eq_dw_small_walk k = {.along = t->y_along,
                          .across = t->y_across,
                          .last = t->count - 3,
                          .bytes = eq_dw_small_line * t->rows};
    for (int32_t c = 0; c < p->in_c; ++c) {
        if (c % 4 == 0)
            eq_dw_small_fill(from, scratch + lines.left, c, t, &lines);
        const eq_dw_factor f = eq_dw_factor_of(bias[c] * 2, mult[c], shift[c], p->zy);
        k.bias = f.bias;
        k.mult = f.mult;
        k.round = f.round;
        k.right = f.right;
        eq_dw_small_channel(&k, scratch + 4 * (c & 3), t->y + c, w + 9 * (c & ~1),
                            8 * (c & 1), stride, form);
    }
    eq_dw_clamp(t->y, t->rows, t->y_across, t->count, t->y_along, p->in_c, p->act_min,
                p->act_max);
}

#endif
