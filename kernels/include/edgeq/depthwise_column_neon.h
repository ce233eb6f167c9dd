/* Depthwise windows of one column for NEON: the outputs of sixteen channels of a column, four at
 * once, straight from x.
 *
 * Exact: see depthwise_neon.h and rescale_neon.h.
 */
#ifndef EDGEQ_DEPTHWISE_COLUMN_NEON_H
#define EDGEQ_DEPTHWISE_COLUMN_NEON_H

#include "edgeq/depthwise_neon.h"

enum { EQ_FULL = -1 }; /* double, where the clamp is all of int8 */

static inline int eq_column_mode_neon(int single, int32_t zy, int32_t lo, int32_t hi)
{
    const int mode = eq_mode_of(single, zy, lo, hi);
    return mode == EQ_DOUBLE && lo == -128 && hi == 127 ? EQ_FULL : mode;
}

/* Bytes from row to row of x, from tap to tap of w and from row to row of y; taps; rows. */
typedef struct {
    int64_t line, tap, y_row;
    int32_t kh, rows;
} eq_column_of_neon;

static inline __attribute__((always_inline)) eq_sums16_neon
eq_add_pair_neon(eq_sums16_neon s, int8x16_t x0, int8x16_t x1, int8x16_t w0, int8x16_t w1)
{
    return eq_add_products_neon(s, eq_multiply_add_neon(eq_multiply_neon(x0, w0), x1, w1));
}

static inline __attribute__((always_inline)) eq_sums16_neon
eq_add_tap_neon(eq_sums16_neon s, int8x16_t x, int8x16_t w)
{
    return eq_add_products_neon(s, eq_multiply_neon(x, w));
}

static inline __attribute__((always_inline)) int8x16_t eq_finish_column_neon(
    eq_sums16_neon s, const eq_factors_x16 *f, eq_range_s8 range, int mode)
{
    if (mode != EQ_FULL)
        return eq_finish_x16(s, f, range, mode);
    const int32x4_t a = eq_rescale_x4(s.a, f->a, EQ_DOUBLE);
    const int32x4_t b = eq_rescale_x4(s.b, f->b, EQ_DOUBLE);
    const int32x4_t c = eq_rescale_x4(s.c, f->c, EQ_DOUBLE);
    const int32x4_t d = eq_rescale_x4(s.d, f->d, EQ_DOUBLE);
    return eq_narrow_full_s8_x16(a, b, c, d, range);
}

/* Sums of four outputs. */
typedef struct {
    eq_sums16_neon a, b, c, d;
} eq_four_down_neon;

/* Two taps of four outputs, or, unless `four`, of the first. */
static inline __attribute__((always_inline)) eq_four_down_neon
eq_add_two_down_neon(eq_four_down_neon s, const int8_t *x, const int8_t *w,
                     const eq_column_of_neon *g, int four)
{
    const int64_t line = g->line;
    const int8x16_t w0 = vld1q_s8(w), w1 = vld1q_s8(w + g->tap);
    const int8x16_t x0 = vld1q_s8(x), x1 = vld1q_s8(x + line);
    s.a = eq_add_pair_neon(s.a, x0, x1, w0, w1);
    if (four) {
        const int8x16_t x2 = vld1q_s8(x + 2 * line);
        s.b = eq_add_pair_neon(s.b, x1, x2, w0, w1);
        const int8x16_t x3 = vld1q_s8(x + 3 * line);
        s.c = eq_add_pair_neon(s.c, x2, x3, w0, w1);
        s.d = eq_add_pair_neon(s.d, x3, vld1q_s8(x + 4 * line), w0, w1);
    }
    return s;
}

/* One tap of them. */
static inline __attribute__((always_inline)) eq_four_down_neon
eq_add_one_down_neon(eq_four_down_neon s, const int8_t *x, const int8_t *w,
                     const eq_column_of_neon *g, int four)
{
    const int64_t line = g->line;
    const int8x16_t w0 = vld1q_s8(w);
    s.a = eq_add_tap_neon(s.a, vld1q_s8(x), w0);
    if (four) {
        s.b = eq_add_tap_neon(s.b, vld1q_s8(x + line), w0);
        s.c = eq_add_tap_neon(s.c, vld1q_s8(x + 2 * line), w0);
        s.d = eq_add_tap_neon(s.d, vld1q_s8(x + 3 * line), w0);
    }
    return s;
}

/* The sums of four outputs, or of one.  Loops begin after one tap or two, which the biases
 * are added to without a copy of them. */
static inline __attribute__((always_inline)) eq_four_down_neon
eq_sums_down_neon(const int8_t *x, const int8_t *w, const eq_factors_x16 *f,
                  const eq_column_of_neon *g, int four)
{
    const eq_sums16_neon none = eq_begin_x16(f);
    eq_four_down_neon s = {none, none, none, none};
    const int64_t line = 2 * g->line, tap = 2 * g->tap;
    int32_t k = (g->kh - 1) >> 1;
    if (g->kh & 1) {
        s = eq_add_one_down_neon(s, x, w, g, four);
        x += g->line;
        w += g->tap;
    } else {
        s = eq_add_two_down_neon(s, x, w, g, four);
        x += line;
        w += tap;
    }
    for (; k > 0; --k) {
        s = eq_add_two_down_neon(s, x, w, g, four);
        x += line;
        w += tap;
    }
    return s;
}

/* Four outputs; `mode` is a constant. */
static inline __attribute__((always_inline)) void
eq_down_four_neon(const int8_t *x, const int8_t *w, int8_t *y, const eq_factors_x16 *f,
                  eq_range_s8 range, const eq_column_of_neon *g, int mode)
{
    const eq_four_down_neon s = eq_sums_down_neon(x, w, f, g, 1);
    vst1q_s8(y, eq_finish_column_neon(s.a, f, range, mode));
    vst1q_s8(y + g->y_row, eq_finish_column_neon(s.b, f, range, mode));
    vst1q_s8(y + 2 * g->y_row, eq_finish_column_neon(s.c, f, range, mode));
    vst1q_s8(y + 3 * g->y_row, eq_finish_column_neon(s.d, f, range, mode));
}

/* One output. */
static inline __attribute__((always_inline)) void
eq_down_one_neon(const int8_t *x, const int8_t *w, int8_t *y, const eq_factors_x16 *f,
                 eq_range_s8 range, const eq_column_of_neon *g, int mode)
{
    const eq_four_down_neon s = eq_sums_down_neon(x, w, f, g, 0);
    vst1q_s8(y, eq_finish_column_neon(s.a, f, range, mode));
}

/* A column.  Where rows are left over, the last four begin before them. */
static inline __attribute__((always_inline)) void
eq_down_neon(const int8_t *x, const int8_t *w, int8_t *y, const eq_factors_x16 *f,
             eq_range_s8 range, const eq_column_of_neon *g, int mode)
{
    int32_t left = g->rows;
    for (int32_t on = 4; left >= 4; left -= on) {
        eq_down_four_neon(x, w, y, f, range, g, mode);
        on = left >= 8 || left == 4 ? 4 : left - 4;
        x += on * g->line;
        y += on * g->y_row;
    }
    for (int32_t r = 0; r < left && g->rows < 4; ++r)
        eq_down_one_neon(x + r * g->line, w, y + r * g->y_row, f, range, g, mode);
}

/* The same, `mode` being known when the kernel runs and `single` when it is compiled. */
static inline __attribute__((always_inline)) void
eq_down_modes_neon(const int8_t *x, const int8_t *w, int8_t *y, const eq_factors_x16 *f,
                   eq_range_s8 range, const eq_column_of_neon *g, int mode, int single)
{
    if (single)
        eq_down_neon(x, w, y, f, range, g, EQ_SINGLE);
    else if (mode == EQ_LIVE || mode == EQ_RELU)
        eq_down_neon(x, w, y, f, range, g, EQ_RELU);
    else if (mode == EQ_FULL)
        eq_down_neon(x, w, y, f, range, g, EQ_FULL);
    else
        eq_down_neon(x, w, y, f, range, g, EQ_DOUBLE);
}

#endif
