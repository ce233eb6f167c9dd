/* What the 3x3 depthwise convolutions for NEON share: sixteen lanes at once, whose weights and
 * factors stay in registers.
 *
 * One LD1 reads the three taps of a line of the window from the band (depthwise_band_neon.h).
 * SMULL and SMLAL put the products of two taps into int16 lanes, SADDW adds those to int32,
 * beginning with the bias.
 *
 * Exact: weights are within 127, so two products are within 2 * 128 * 127 < 2^15, and three whose
 * weights are within 254 together within 254 * 128; partial sums in any order fit int32 by the
 * contract's proof.  See rescale_neon.h and sums_neon.h for the
 * rest.
 *
 * Three instructions are assembly: as intrinsics SMULL and SMLAL of the lower halves make
 * gcc 12 keep the halves of the weights in registers of their own, which doubles what they
 * take and spills ten of them; and it adds to pointers what LD1 adds itself.  74 instead
 * of 61 instructions for sixteen outputs.
 */
#ifndef EDGEQ_DEPTHWISE_NEON_H
#define EDGEQ_DEPTHWISE_NEON_H

#include "edgeq/depthwise_layer_neon.h"
#include "edgeq/sums_neon.h"

/* Products, and sums of two, of sixteen lanes. */
typedef struct {
    int16x8_t low, high;
} eq_products_neon;

static inline __attribute__((always_inline)) eq_products_neon eq_multiply_neon(int8x16_t x,
                                                                               int8x16_t w)
{
    eq_products_neon p;
    __asm__("smull %0.8h, %1.8b, %2.8b" : "=w"(p.low) : "w"(x), "w"(w));
    p.high = vmull_high_s8(x, w);
    return p;
}

static inline __attribute__((always_inline)) eq_products_neon
eq_multiply_add_neon(eq_products_neon p, int8x16_t x, int8x16_t w)
{
    __asm__("smlal %0.8h, %1.8b, %2.8b" : "+w"(p.low) : "w"(x), "w"(w));
    p.high = vmlal_high_s8(p.high, x, w);
    return p;
}

static inline __attribute__((always_inline)) eq_sums16_neon
eq_add_products_neon(eq_sums16_neon s, eq_products_neon p)
{
    s.a = vaddw_s16(s.a, vget_low_s16(p.low));
    s.b = vaddw_high_s16(s.b, p.low);
    s.c = vaddw_s16(s.c, vget_low_s16(p.high));
    s.d = vaddw_high_s16(s.d, p.high);
    return s;
}

/* Three pixels. */
typedef struct {
    int8x16_t a, b, c;
} eq_three_neon;

/* Those at *x, which goes `step` bytes on. */
static inline __attribute__((always_inline)) eq_three_neon
eq_next_three_neon(const int8_t **x, int64_t step)
{
    register int8x16_t a __asm__("v0");
    register int8x16_t b __asm__("v1");
    register int8x16_t c __asm__("v2");
    __asm__ volatile("ld1 {v0.16b-v2.16b}, [%3], %4"
                     : "=w"(a), "=w"(b), "=w"(c), "+r"(*x)
                     : "r"(step)
                     : "memory");
    const eq_three_neon t = {a, b, c};
    return t;
}

/* The nine weights of a window. */
typedef struct {
    int8x16_t w0, w1, w2, w3, w4, w5, w6, w7, w8;
} eq_nine_neon;

/* Weights of nine taps, `step` apart; eight of each twice, unless they are `wide`. */
static inline int8x16_t eq_weights_neon(const int8_t *w, int wide)
{
    return wide ? vld1q_s8(w) : vcombine_s8(vld1_s8(w), vld1_s8(w));
}

static inline eq_nine_neon eq_load_nine_neon(const int8_t *w, int64_t step, int wide)
{
    const int8_t *v = w + 3 * step, *u = v + 3 * step;
    const eq_nine_neon nine = {eq_weights_neon(w, wide),
                               eq_weights_neon(w + step, wide),
                               eq_weights_neon(w + 2 * step, wide),
                               eq_weights_neon(v, wide),
                               eq_weights_neon(v + step, wide),
                               eq_weights_neon(v + 2 * step, wide),
                               eq_weights_neon(u, wide),
                               eq_weights_neon(u + step, wide),
                               eq_weights_neon(u + 2 * step, wide)};
    return nine;
}

/* Taps besides the nine: parts of weights that no int8 holds.  `at` says how far into the
 * window each lies, `w` holds sixteen bytes each; from `count` on up to an odd number, and to
 * EQ_FEW, weights are zero. */
enum { EQ_MORE = 20, EQ_FEW = 4 };

typedef struct {
    int64_t at[EQ_MORE];
    int8_t w[EQ_MORE * 16];
    int32_t count;
} eq_more_neon;

/* How windows are added up, all of it constant: products by threes where weights of a line are
 * within 254 together, or else by twos; and taps besides the nine: none, one, EQ_FEW, or any
 * number (EQ_MORE). */
typedef struct {
    int threes, extra;
} eq_way3_neon;

static inline __attribute__((always_inline)) eq_products_neon
eq_tap_neon(const int8_t *x, const eq_more_neon *more, int32_t i)
{
    return eq_multiply_neon(vld1q_s8(x + more->at[i]), vld1q_s8(more->w + 16 * i));
}

static inline __attribute__((always_inline)) eq_products_neon
eq_two_taps_of_neon(const int8_t *x, const eq_more_neon *more, int32_t i)
{
    return eq_multiply_add_neon(eq_tap_neon(x, more, i), vld1q_s8(x + more->at[i + 1]),
                                vld1q_s8(more->w + 16 * i + 16));
}

/* Sums and the products of all taps of `more` but its first, by twos. */
static inline __attribute__((always_inline)) eq_sums16_neon
eq_add_more_neon(eq_sums16_neon s, const int8_t *x, const eq_more_neon *more, int extra)
{
    if (extra == EQ_FEW) {
        s = eq_add_products_neon(s, eq_two_taps_of_neon(x, more, 1));
        return eq_add_products_neon(s, eq_tap_neon(x, more, 3));
    }
    for (int32_t i = 1; i < more->count; i += 2)
        s = eq_add_products_neon(s, eq_two_taps_of_neon(x, more, i));
    return s;
}

/* A window's lines, which go on by `step`. */
typedef struct {
    const int8_t *x0, *x1, *x2;
    int64_t step;
} eq_window3_neon;

/* Its sums, by threes. */
static inline __attribute__((always_inline)) eq_sums16_neon
eq_add_threes_neon(eq_sums16_neon s, eq_window3_neon *v, const eq_nine_neon *k)
{
    eq_three_neon t = eq_next_three_neon(&v->x0, v->step);
    eq_products_neon p = eq_multiply_add_neon(eq_multiply_neon(t.a, k->w0), t.b, k->w1);
    s = eq_add_products_neon(s, eq_multiply_add_neon(p, t.c, k->w2));
    t = eq_next_three_neon(&v->x1, v->step);
    p = eq_multiply_add_neon(eq_multiply_neon(t.a, k->w3), t.b, k->w4);
    s = eq_add_products_neon(s, eq_multiply_add_neon(p, t.c, k->w5));
    t = eq_next_three_neon(&v->x2, v->step);
    p = eq_multiply_add_neon(eq_multiply_neon(t.a, k->w6), t.b, k->w7);
    return eq_add_products_neon(s, eq_multiply_add_neon(p, t.c, k->w8));
}

/* Its sums, by twos, but for the last tap, whose products go to `last`. */
static inline __attribute__((always_inline)) eq_sums16_neon eq_add_twos_neon(
    eq_sums16_neon s, eq_window3_neon *v, const eq_nine_neon *k, eq_products_neon *last)
{
    eq_three_neon t = eq_next_three_neon(&v->x0, v->step);
    eq_products_neon p = eq_multiply_neon(t.a, k->w0);
    s = eq_add_products_neon(s, eq_multiply_add_neon(p, t.b, k->w1));
    p = eq_multiply_neon(t.c, k->w2);
    t = eq_next_three_neon(&v->x1, v->step);
    s = eq_add_products_neon(s, eq_multiply_add_neon(p, t.a, k->w3));
    p = eq_multiply_neon(t.b, k->w4);
    s = eq_add_products_neon(s, eq_multiply_add_neon(p, t.c, k->w5));
    t = eq_next_three_neon(&v->x2, v->step);
    p = eq_multiply_neon(t.a, k->w6);
    s = eq_add_products_neon(s, eq_multiply_add_neon(p, t.b, k->w7));
    *last = eq_multiply_neon(t.c, k->w8);
    return s;
}

/* Where the outputs of a block of channels come from and go to.  In bytes: `line` from line to
 * line of the band, `step` from window to window, `x_row` from row to row of windows; y_pixel
 * and y_row likewise of outputs.  Unless they are `wide`, eight bytes belong `y_other` further
 * on. */
typedef struct {
    int64_t line, step, x_row, y_pixel, y_row, y_other;
    int32_t n, rows;
} eq_rows_neon;

/* The rows of a 3x3 layer's block, or the columns where these are longer. */
static inline eq_rows_neon eq_rows3_neon_of(const eq_depthwise_layer_neon *l)
{
    const eq_blocks_neon *k = &l->blocks;
    const int64_t line = k->band.line, step = (int64_t)l->stride_w * EQ_PIXEL;
    const int64_t row = k->band.lines.stride_h * line, other = (int64_t)k->other * l->y_row;
    if (k->rows > l->out_w) {
        const eq_rows_neon g = {line,       row,   step,    l->y_row,
                                l->y_pixel, other, k->rows, l->out_w};
        return g;
    }
    const eq_rows_neon g = {line,     step,  row,      l->y_pixel,
                            l->y_row, other, l->out_w, k->rows};
    return g;
}

/* All outputs of sixteen lanes; `mode`, `wide` and `way` are constants. */
static inline __attribute__((always_inline)) void
eq_depthwise3_rows_neon(const int8_t *x, int8_t *y, const eq_nine_neon *w,
                        const eq_more_neon *more, const eq_factors_x16 *f,
                        eq_range_s8 range, const eq_rows_neon *g, int mode, int wide,
                        eq_way3_neon way)
{
    const eq_nine_neon k = *w;
    const eq_factors_x16 factors = *f;
    const int64_t step = g->step, y_pixel = g->y_pixel, y_other = g->y_other;
    const int64_t at = way.extra ? more->at[0] : 0;
    const int8x16_t w9 = way.extra ? vld1q_s8(more->w) : k.w8;
    for (int32_t r = 0; r < g->rows; ++r) {
        const int8_t *from = x;
        int8_t *to = y;
        eq_window3_neon v = {x, x + g->line, x + 2 * g->line, step};
        for (int32_t n = g->n; n > 0; --n) {
            eq_sums16_neon s = eq_begin_x16(&factors);
            if (way.threes) {
                s = eq_add_threes_neon(s, &v, &k);
                if (way.extra)
                    s = eq_add_products_neon(s, eq_multiply_neon(vld1q_s8(from + at), w9));
            } else {
                eq_products_neon p;
                s = eq_add_twos_neon(s, &v, &k, &p);
                if (way.extra)
                    p = eq_multiply_add_neon(p, vld1q_s8(from + at), w9);
                s = eq_add_products_neon(s, p);
            }
            if (way.extra > 1)
                s = eq_add_more_neon(s, from, more, way.extra);
            from += step;
            const int8x16_t b = eq_finish_x16(s, &factors, range, mode);
            if (wide) {
                vst1q_s8(to, b);
            } else {
                vst1_s8(to, vget_low_s8(b));
                vst1_s8(to + y_other, vget_high_s8(b));
            }
            to += y_pixel;
        }
        x += g->x_row;
        y += g->y_row;
    }
}

/* The same, `mode` being known when the kernel runs and `single` when it is compiled. */
static inline __attribute__((always_inline)) void
eq_depthwise3_modes_neon(const int8_t *x, int8_t *y, const eq_nine_neon *w,
                         const eq_more_neon *more, const eq_factors_x16 *f,
                         eq_range_s8 range, const eq_rows_neon *g, int mode, int single,
                         int wide, eq_way3_neon way)
{
    if (single)
        eq_depthwise3_rows_neon(x, y, w, more, f, range, g, EQ_SINGLE, wide, way);
    else if (mode == EQ_LIVE)
        eq_depthwise3_rows_neon(x, y, w, more, f, range, g, EQ_LIVE, wide, way);
    else if (mode == EQ_RELU && !way.extra && !way.threes)
        eq_depthwise3_rows_neon(x, y, w, more, f, range, g, EQ_RELU, wide, way);
    else
        eq_depthwise3_rows_neon(x, y, w, more, f, range, g, EQ_DOUBLE, wide, way);
}

#endif
