/* Depthwise convolution with 3 x 3 taps of small images: a plane of scratch holds all lines.
 *
 * The words are those of dsp_depthwise_lines.h, but every line has room for 15 positions, so
 * that the next line, which has the third row of a window, is at a constant distance: a channel
 * walks with one address, down three columns of outputs at a time, or two.  What lies beyond
 * the image is filled once for all channels.
 *
 * Where the clamp begins at the zero point or above it, ties need no care in the form double:
 * they differ below zero only, by one of what is clamped either way.
 */
#ifndef EDGEQ_DSP_DEPTHWISE_SMALL_H
#define EDGEQ_DSP_DEPTHWISE_SMALL_H

#include "edgeq/dsp_depthwise_3x3.h"

/* Bytes of a line; most rows of outputs. */
enum { eq_dw_small_line = 240, eq_dw_small_rows = 7 };

/* Where the pixels above and below of a line are, and how far from one to the next: 0 for a
 * word of zero points. */
typedef struct {
    const int8_t *above, *below;
    int32_t step_above, step_below;
} eq_dw_source;

/* A channel's factor, its bias doubled, and how all channels walk: elements from output to
 * output of a row and of a column, outputs of a row, bytes of a column of lines. */
typedef struct {
    int32_t bias, mult, round, right;
    int32_t along, across, count, bytes;
} eq_dw_small_walk;

/* Position N of both lines, at FROM = 16 * N - 240, u being moved already, and AT = 16 * N. */
#define EQ_DW_SMALL_AT(FROM, AT)                                                           \
    "ldr %[up], [%[u], #" FROM "]\n\t"                                                     \
    "ldr %[low], [%[u], #" AT "]\n\t"
#define EQ_DW_SMALL_AT0                                                                    \
    "ldr %[up], [%[u]], #240\n\t"                                                          \
    "ldr %[low], [%[u]]\n\t"
#define EQ_DW_SMALL_AT1 EQ_DW_SMALL_AT("-224", "16")
#define EQ_DW_SMALL_AT2 EQ_DW_SMALL_AT("-208", "32")
#define EQ_DW_SMALL_AT3 EQ_DW_SMALL_AT("-192", "48")
#define EQ_DW_SMALL_AT4 EQ_DW_SMALL_AT("-176", "64")
#define EQ_DW_SMALL_AT5 EQ_DW_SMALL_AT("-160", "80")
#define EQ_DW_SMALL_AT6 EQ_DW_SMALL_AT("-144", "96")

/* Adds the products of a position that is the left column of the window of S, its middle, its
 * right one: with stride 1, then with stride 2. */
#define EQ_DW_SMALL_LEFT1(S, START)                                                        \
    "smlad " S ", %[w01], %[up], " START "\n\t"                                            \
    "smlabt " S ", %[w23], %[low], " S "\n\t"
#define EQ_DW_SMALL_MID1(S)                                                                \
    "smlatb " S ", %[w23], %[up], " S "\n\t"                                               \
    "smlad " S ", %[w45], %[low], " S "\n\t"
#define EQ_DW_SMALL_RIGHT1(S)                                                              \
    "smlad " S ", %[w67], %[up], " S "\n\t"                                                \
    "smlabt " S ", %[w8], %[low], " S "\n\t"
#define EQ_DW_SMALL_LEFT2(S, START)                                                        \
    "smlad " S ", %[w01], %[up], " START "\n\t"                                            \
    "smlabb " S ", %[w23], %[low], " S "\n\t"
#define EQ_DW_SMALL_MID2(S)                                                                \
    "smladx " S ", %[w45], %[up], " S "\n\t"                                               \
    "smlatb " S ", %[w23], %[low], " S "\n\t"
#define EQ_DW_SMALL_RIGHT2(S)                                                              \
    "smlad " S ", %[w67], %[up], " S "\n\t"                                                \
    "smlabb " S ", %[w8], %[low], " S "\n\t"

/* The sums a, b and c, or a and b, of a row's outputs; u moves to the next line. */
#define EQ_DW_SMALL_THREE1                                                                 \
    "ldr %[c], [%[k]]\n\t" EQ_DW_SMALL_AT0 EQ_DW_SMALL_LEFT1("%[a]", "%[c]")               \
        EQ_DW_SMALL_AT1 EQ_DW_SMALL_MID1("%[a]") EQ_DW_SMALL_LEFT1("%[b]", "%[c]")         \
            EQ_DW_SMALL_AT2 EQ_DW_SMALL_RIGHT1("%[a]") EQ_DW_SMALL_MID1("%[b]")            \
                EQ_DW_SMALL_LEFT1("%[c]", "%[c]")                                          \
                    EQ_DW_SMALL_AT3 EQ_DW_SMALL_RIGHT1("%[b]") EQ_DW_SMALL_MID1("%[c]")    \
                        EQ_DW_SMALL_AT4 EQ_DW_SMALL_RIGHT1("%[c]")
#define EQ_DW_SMALL_TWO1                                                                   \
    "ldr %[b], [%[k]]\n\t" EQ_DW_SMALL_AT0 EQ_DW_SMALL_LEFT1("%[a]", "%[b]")               \
        EQ_DW_SMALL_AT1 EQ_DW_SMALL_MID1("%[a]") EQ_DW_SMALL_LEFT1("%[b]", "%[b]")         \
            EQ_DW_SMALL_AT2 EQ_DW_SMALL_RIGHT1("%[a]") EQ_DW_SMALL_MID1("%[b]")            \
                EQ_DW_SMALL_AT3 EQ_DW_SMALL_RIGHT1("%[b]")
#define EQ_DW_SMALL_THREE2                                                                 \
    "ldr %[c], [%[k]]\n\t" EQ_DW_SMALL_AT0 EQ_DW_SMALL_LEFT2("%[a]", "%[c]")               \
        EQ_DW_SMALL_AT1 EQ_DW_SMALL_MID2("%[a]")                                           \
            EQ_DW_SMALL_AT2 EQ_DW_SMALL_RIGHT2("%[a]") EQ_DW_SMALL_LEFT2("%[b]", "%[c]")   \
                EQ_DW_SMALL_AT3 EQ_DW_SMALL_MID2("%[b]")                                   \
                    EQ_DW_SMALL_AT4 EQ_DW_SMALL_RIGHT2("%[b]")                             \
                        EQ_DW_SMALL_LEFT2("%[c]", "%[c]")                                  \
                            EQ_DW_SMALL_AT5 EQ_DW_SMALL_MID2("%[c]")                       \
                                EQ_DW_SMALL_AT6 EQ_DW_SMALL_RIGHT2("%[c]")
#define EQ_DW_SMALL_TWO2                                                                   \
    "ldr %[b], [%[k]]\n\t" EQ_DW_SMALL_AT0 EQ_DW_SMALL_LEFT2("%[a]", "%[b]")               \
        EQ_DW_SMALL_AT1 EQ_DW_SMALL_MID2("%[a]")                                           \
            EQ_DW_SMALL_AT2 EQ_DW_SMALL_RIGHT2("%[a]") EQ_DW_SMALL_LEFT2("%[b]", "%[b]")   \
                EQ_DW_SMALL_AT3 EQ_DW_SMALL_MID2("%[b]")                                   \
                    EQ_DW_SMALL_AT4 EQ_DW_SMALL_RIGHT2("%[b]")

/* Scaled by `up` with `low` added: eq_dsp_scaled, and with ties that need no care. */
#define EQ_DW_SMALL_AWAY(S)                                                                \
    "smmulr " S ", " S ", %[up]\n\t"                                                       \
    "add " S ", " S ", " S ", asr #31\n\t"                                                 \
    "add " S ", " S ", %[low]\n\t"
#define EQ_DW_SMALL_LIVE(S) "smmlar " S ", " S ", %[up], %[low]\n\t"
#define EQ_DW_SMALL_DOWN(S) "smmla " S ", " S ", %[up], %[low]\n\t"

/* Rescales and stores the sums; y moves to the next row. */
#define EQ_DW_SMALL_PUT_THREE(SCALE)                                                       \
    "ldr %[up], [%[k], #4]\n\t"                                                            \
    "ldr %[low], [%[k], #8]\n\t" SCALE("%[a]") SCALE("%[b]")                               \
        SCALE("%[c]") "ldr %[up], [%[k], #12]\n\t"                                         \
                      "ldr %[low], [%[k], #16]\n\t"                                        \
                      "asr %[a], %[a], %[up]\n\t"                                          \
                      "asr %[b], %[b], %[up]\n\t"                                          \
                      "asr %[c], %[c], %[up]\n\t"                                          \
                      "ldr %[up], [%[k], #20]\n\t"                                         \
                      "ssat %[a], #8, %[a]\n\t"                                            \
                      "ssat %[b], #8, %[b]\n\t"                                            \
                      "ssat %[c], #8, %[c]\n\t"                                            \
                      "strb %[a], [%[y]]\n\t"                                              \
                      "strb %[b], [%[y], %[low]]\n\t"                                      \
                      "strb %[c], [%[y], %[low], lsl #1]\n\t"                              \
                      "add %[y], %[y], %[up]"
#define EQ_DW_SMALL_PUT_TWO(SCALE)                                                         \
    "ldr %[up], [%[k], #4]\n\t"                                                            \
    "ldr %[low], [%[k], #8]\n\t" SCALE("%[a]")                                             \
        SCALE("%[b]") "ldr %[up], [%[k], #12]\n\t"                                         \
                      "ldr %[low], [%[k], #16]\n\t"                                        \
                      "asr %[a], %[a], %[up]\n\t"                                          \
                      "asr %[b], %[b], %[up]\n\t"                                          \
                      "ldr %[up], [%[k], #20]\n\t"                                         \
                      "ssat %[a], #8, %[a]\n\t"                                            \
                      "ssat %[b], #8, %[b]\n\t"                                            \
                      "strb %[a], [%[y]]\n\t"                                              \
                      "strb %[b], [%[y], %[low]]\n\t"                                      \
                      "add %[y], %[y], %[up]"
#define EQ_DW_SMALL_OPERANDS                                                                  \
    : [a] "=&r"(a), [b] "=&r"(b), [c] "=&r"(c), [up] "=&r"(up), [low] "=&r"(low),            \
      [u] "+&r"(*u), [y] "+&r"(*y)                                                           \
    : [w01] "r"(t.w01), [w23] "r"(t.w23), [w45] "r"(t.w45), [w67] "r"(t.w67), [w8] "r"(t.w8), \
      [k] "r"(k)                                                                             \
    : "memory"

/* Outputs of a row, three or two by their PUT, summed by SUMS. */
#define EQ_DW_SMALL_OUTPUTS(SUMS, PUT)                                                     \
    if (form == eq_dsp_form_double)                                                        \
        __asm__ volatile(SUMS PUT(EQ_DW_SMALL_AWAY) EQ_DW_SMALL_OPERANDS);                 \
    else if (form == eq_dsp_form_single)                                                   \
        __asm__ volatile(SUMS PUT(EQ_DW_SMALL_DOWN) EQ_DW_SMALL_OPERANDS);                 \
    else                                                                                   \
        __asm__ volatile(SUMS PUT(EQ_DW_SMALL_LIVE) EQ_DW_SMALL_OPERANDS)

/* In assembly with the rescaling, as the compiler moves weights to memory and back: that was 62
 * instructions with stride 2 and a ReLU, instead of 53. */
static inline __attribute__((always_inline)) void
eq_dw_small_three(const int8_t **u, int8_t **y, eq_dw_taps t, const eq_dw_small_walk *k,
                  int32_t stride, int32_t form)
{
    int32_t a, b, c, up, low;
    if (stride == 1) {
        EQ_DW_SMALL_OUTPUTS(EQ_DW_SMALL_THREE1, EQ_DW_SMALL_PUT_THREE);
    } else {
        EQ_DW_SMALL_OUTPUTS(EQ_DW_SMALL_THREE2, EQ_DW_SMALL_PUT_THREE);
    }
}

static inline __attribute__((always_inline)) void
eq_dw_small_two(const int8_t **u, int8_t **y, eq_dw_taps t, const eq_dw_small_walk *k,
                int32_t stride, int32_t form)
{
    int32_t a, b, c, up, low;
    if (stride == 1) {
        EQ_DW_SMALL_OUTPUTS(EQ_DW_SMALL_TWO1, EQ_DW_SMALL_PUT_TWO);
    } else {
        EQ_DW_SMALL_OUTPUTS(EQ_DW_SMALL_TWO2, EQ_DW_SMALL_PUT_TWO);
    }
}

/* All outputs of a channel, whose first word is at `lines`: columns by threes, and what those
 * leave by twos. */
static inline __attribute__((always_inline)) void
eq_dw_small_outputs(const eq_dw_small_walk *k, const int8_t *lines, int8_t *y,
                    const int8_t *restrict w, int32_t zw, int32_t stride, int32_t form)
{
    const eq_dw_taps taps = eq_dw_taps_of(w, zw, stride);
    for (int32_t left = k->count;;) {
        const int8_t *u = lines, *const stop = u + k->bytes;
        const int32_t columns = left == 2 || left == 4 ? 2 : 3;
        int8_t *at = y;
        if (columns == 2) {
            do {
                eq_dw_small_two(&u, &at, taps, k, stride, form);
            } while (u != stop);
        } else {
            do {
                eq_dw_small_three(&u, &at, taps, k, stride, form);
            } while (u != stop);
        }
        left -= columns;
        if (left == 0)
            return;
        lines += 16 * stride * columns;
        y += columns * k->along;
    }
}

/* The same, not inlined, so that registers stay with the weights. */
static __attribute__((noinline)) void eq_dw_small_any(const eq_dw_small_walk *k,
                                                      const int8_t *lines, int8_t *y,
                                                      const int8_t *restrict w, int32_t zw,
                                                      int32_t stride, int32_t form)
{
    eq_dw_small_outputs(k, lines, y, w, zw, stride, form);
}

static __attribute__((noinline)) void eq_dw_small_live(const eq_dw_small_walk *k,
                                                       const int8_t *lines, int8_t *y,
                                                       const int8_t *restrict w, int32_t zw,
                                                       int32_t stride)
{
    eq_dw_small_outputs(k, lines, y, w, zw, stride, eq_dsp_form_live);
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

/* The positions of all lines, beyond the image and inside. */
static inline void eq_dw_small_borders(const eq_dw_lines *restrict lines,
                                       const eq_dw_plane *restrict t)
{
    const int32_t pair = eq_dw_low(t->zx, t->zx);
    int8_t *line = lines->first;
    for (int32_t i = t->rows; i >= 0; --i) {
        eq_dw_fill_zx(line, line + lines->bytes, pair);
        line += eq_dw_small_line;
    }
}

/* All channels, of a multiple of four, of at most eq_dw_small_rows rows of outputs; weights
 * packed in pairs of channels, 18 bytes each. */
static inline void eq_dw_small(const eq_dw_plane *restrict t, const int8_t *restrict w,
                               const int32_t *restrict bias, const int32_t *restrict mult,
                               const int32_t *restrict shift, int8_t *restrict scratch,
                               int32_t stride, int32_t zw,
                               const eq_depthwise_s8_params *restrict p, int32_t form)
{
    const eq_dw_lines lines =
        eq_dw_lines_of(scratch, (t->count - 1) * stride + 3, t->rows + 1, t);
    eq_dw_source from[eq_dw_small_rows + 1];
    int8_t zx[4];
    memset(zx, p->zx, 4);
    eq_dw_small_sources(from, t, &lines, zx);
    eq_dw_small_borders(&lines, t);
    const int live = form == eq_dsp_form_double && p->act_min >= p->zy;
    eq_dw_small_walk k = {.along = t->y_along,
                          .across = t->y_across,
                          .count = t->count,
                          .bytes = eq_dw_small_line * t->rows};
    for (int32_t c = 0; c < p->in_c; ++c) {
        if (c % 4 == 0)
            eq_dw_small_fill(from, scratch + lines.left, c, t, &lines);
        const eq_dw_factor f = eq_dw_factor_of(bias[c] * 2, mult[c], shift[c], p->zy);
        k.bias = f.bias;
        k.mult = f.mult;
        k.round = f.round;
        k.right = f.right;
        const int8_t *first = scratch + 4 * (c & 3), *taps = w + 8 * (c & ~1) + c;
        if (live)
            eq_dw_small_live(&k, first, t->y + c, taps, zw, stride);
        else
            eq_dw_small_any(&k, first, t->y + c, taps, zw, stride, form);
    }
    eq_dw_clamp(t->y, t->rows, t->y_across, t->count, t->y_along, p->in_c, p->act_min,
                p->act_max);
}

#endif
