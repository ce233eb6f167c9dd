/* Depthwise 3x3 for NEON with dot products: sixteen channels at once.
 *
 * The three bytes of a column of the window and a zero make a lane for each channel, which
 * three windows share: SDOT adds a column at a time.
 *
 * Exact: SDOT adds to int32 what int32 holds by the contract's proof.
 */
#ifndef EDGEQ_DEPTHWISE_NEON_DOTPROD_H
#define EDGEQ_DEPTHWISE_NEON_DOTPROD_H

#include "edgeq/dot_neon_dotprod.h"

/* The columns of weights of a window. */
typedef struct {
    eq_group_neon left, middle, right;
} eq_columns_neon;

/* Rows of x and y, in bytes: pixels are `pixel` apart in lines that are `line` apart, rows of
 * outputs `x_row` and `y_row`, outputs y_pixel. */
typedef struct {
    int64_t pixel, line, x_row, y_pixel, y_row;
    int32_t stride, n, rows;
    int single;
} eq_image3_neon;

static inline int8x16_t eq_zip1_s16_neon(int8x16_t a, int8x16_t b)
{
    return vreinterpretq_s8_s16(
        vzip1q_s16(vreinterpretq_s16_s8(a), vreinterpretq_s16_s8(b)));
}

static inline int8x16_t eq_zip2_s16_neon(int8x16_t a, int8x16_t b)
{
    return vreinterpretq_s8_s16(
        vzip2q_s16(vreinterpretq_s16_s8(a), vreinterpretq_s16_s8(b)));
}

/* A column of x, channel by channel. */
static inline eq_group_neon eq_column_neon(const int8_t *x, int64_t line)
{
    const int8x16_t top = vld1q_s8(x), middle = vld1q_s8(x + line);
    const int8x16_t bottom = vld1q_s8(x + 2 * line), zero = vdupq_n_s8(0);
    const int8x16_t a = vzip1q_s8(top, middle), b = vzip2q_s8(top, middle);
    const int8x16_t c = vzip1q_s8(bottom, zero), d = vzip2q_s8(bottom, zero);
    const eq_group_neon g = {eq_zip1_s16_neon(a, c), eq_zip2_s16_neon(a, c),
                             eq_zip1_s16_neon(b, d), eq_zip2_s16_neon(b, d)};
    return g;
}

static inline eq_sums16_neon eq_add_column_neon(eq_sums16_neon s, eq_group_neon x,
                                                eq_group_neon w)
{
    s.a = vdotq_s32(s.a, x.a, w.a);
    s.b = vdotq_s32(s.b, x.b, w.b);
    s.c = vdotq_s32(s.c, x.c, w.c);
    s.d = vdotq_s32(s.d, x.d, w.d);
    return s;
}

static inline eq_sums16_neon eq_add_window_neon(const eq_factors_x16 *f, eq_group_neon left,
                                                eq_group_neon middle, eq_group_neon right,
                                                const eq_columns_neon *w)
{
    const eq_sums16_neon s = eq_add_column_neon(eq_begin_x16(f), left, w->left);
    return eq_add_column_neon(eq_add_column_neon(s, middle, w->middle), right, w->right);
}

/* One row with stride 1: three windows by turns, so that columns stay where they are. */
static inline void eq_depthwise3_row_dotprod(const int8_t *x, int8_t *y,
                                             const eq_columns_neon *w,
                                             const eq_factors_x16 *f, eq_range_s8 range,
                                             const eq_image3_neon *g)
{
    eq_group_neon a = eq_column_neon(x, g->line), b = eq_column_neon(x + g->pixel, g->line);
    int32_t n = g->n;
    x += 2 * g->pixel;
    for (; n >= 3; n -= 3) {
        const eq_group_neon c = eq_column_neon(x, g->line);
        const eq_sums16_neon s = eq_add_window_neon(f, a, b, c, w);
        vst1q_s8(y, eq_finish_x16(s, f, range, g->single));
        a = eq_column_neon(x + g->pixel, g->line);
        const eq_sums16_neon t = eq_add_window_neon(f, b, c, a, w);
        vst1q_s8(y + g->y_pixel, eq_finish_x16(t, f, range, g->single));
        b = eq_column_neon(x + 2 * g->pixel, g->line);
        const eq_sums16_neon u = eq_add_window_neon(f, c, a, b, w);
        vst1q_s8(y + 2 * g->y_pixel, eq_finish_x16(u, f, range, g->single));
        x += 3 * g->pixel;
        y += 3 * g->y_pixel;
    }
    for (; n > 0; --n) {
        const eq_group_neon c = eq_column_neon(x, g->line);
        const eq_sums16_neon s = eq_add_window_neon(f, a, b, c, w);
        vst1q_s8(y, eq_finish_x16(s, f, range, g->single));
        a = b;
        b = c;
        x += g->pixel;
        y += g->y_pixel;
    }
}

/* One row with stride 2: two windows share a column. */
static inline void eq_depthwise3_even_dotprod(const int8_t *x, int8_t *y,
                                              const eq_columns_neon *w,
                                              const eq_factors_x16 *f, eq_range_s8 range,
                                              const eq_image3_neon *g)
{
    eq_group_neon a = eq_column_neon(x, g->line);
    for (int32_t n = g->n; n > 0; --n) {
        const eq_group_neon b = eq_column_neon(x + g->pixel, g->line);
        const eq_group_neon c = eq_column_neon(x + 2 * g->pixel, g->line);
        const eq_sums16_neon s = eq_add_window_neon(f, a, b, c, w);
        vst1q_s8(y, eq_finish_x16(s, f, range, g->single));
        a = c;
        x += 2 * g->pixel;
        y += g->y_pixel;
    }
}

static inline void eq_depthwise3_dotprod(const int8_t *x, int8_t *y, const int8_t *w,
                                         const eq_factors_x16 *f, eq_range_s8 range,
                                         const eq_image3_neon *g)
{
    const eq_columns_neon columns = {eq_load_group_neon(w), eq_load_group_neon(w + 64),
                                     eq_load_group_neon(w + 128)};
    for (int32_t r = 0; r < g->rows; ++r) {
        if (g->stride == 1)
            eq_depthwise3_row_dotprod(x, y, &columns, f, range, g);
        else
            eq_depthwise3_even_dotprod(x, y, &columns, f, range, g);
        x += g->x_row;
        y += g->y_row;
    }
}

#endif
