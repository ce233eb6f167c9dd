/* Pooling of windows of two by two pixels that lie inside the image: four channels at once, of
 * which the last go back to be whole.
 *
 * Exact: two sums share a word, and four bytes add up within 16 bits.  With u = sum + 1, a
 * fourth of the sum is floor((u + 1) / 4) where ties go up, and floor(u / 4) below zero where
 * they go away from it: a sum of -1, whose u is 0, comes to 0 either way.  Two SHADD16 are that
 * floor, as nested floors are one.
 */
#ifndef EDGEQ_DSP_QUADS_H
#define EDGEQ_DSP_QUADS_H

#include <arm_acle.h>

#include "edgeq/dsp_pool.h"

/* What becomes of a window: its largest value, or its mean by the form that rounds it. */
enum { eq_dsp_quad_largest, eq_dsp_quad_mean_up, eq_dsp_quad_mean_away };

/* Numbers of a call, as in the contracts. */
typedef struct {
    int32_t channels, out_w, stride_h, stride_w, row0, row1;
    int32_t x_row, x_pixel, x_ring, y_row, y_pixel;
} eq_dsp_quads;

#define EQ_DSP_QUADS(p)                                                                    \
    {(p)->in_c,  (p)->out_w,   (p)->stride_h, (p)->stride_w, (p)->row0,   (p)->row1,       \
     (p)->x_row, (p)->x_pixel, (p)->x_ring,   (p)->y_row,    (p)->y_pixel}

/* The larger of each two bytes. */
static inline int32_t eq_dsp_larger(int32_t a, int32_t b)
{
    (void)__ssub8(a, b);
    return (int32_t)__sel((uint8x4_t)a, (uint8x4_t)b);
}

/* sums + bytes 1 and 3: one instruction, which the compiler does not form. */
static inline int32_t eq_dsp_add_odd(int32_t sums, int32_t bytes)
{
    int32_t y;
    __asm__("sxtab16 %0, %1, %2, ror #8" : "=r"(y) : "r"(sums), "r"(bytes));
    return y;
}

/* Rounded fourths of two sums, given 1 more. */
static inline int32_t eq_dsp_fourths(int32_t sums, int kind)
{
    const int32_t ones = 0x00010001;
    if (kind == eq_dsp_quad_mean_away)
        sums = __ssub16(sums, (int32_t)((uint32_t)sums >> 15) & ones);
    return __shadd16(__shadd16(sums, ones), 0);
}

static inline __attribute__((always_inline)) int32_t eq_dsp_quad(int32_t a, int32_t b,
                                                                 int32_t c, int32_t d,
                                                                 int kind)
{
    if (kind == eq_dsp_quad_largest)
        return eq_dsp_larger(eq_dsp_larger(a, b), eq_dsp_larger(c, d));
    const int32_t ones = 0x00010001, bytes = 0x00ff00ff;
    const int32_t even = __sxtab16(__sxtab16(__sxtab16(__sxtab16(ones, a), b), c), d);
    const int32_t odd =
        eq_dsp_add_odd(eq_dsp_add_odd(eq_dsp_add_odd(eq_dsp_add_odd(ones, a), b), c), d);
    const uint32_t high = (uint32_t)(eq_dsp_fourths(odd, kind) & bytes) << 8;
    return (int32_t)((uint32_t)(eq_dsp_fourths(even, kind) & bytes) | high);
}

/* One row of windows, from the image rows `top` and `end`. */
static inline __attribute__((always_inline)) void
eq_dsp_quads_row(const int8_t *top, const int8_t *end, int8_t *y, const eq_dsp_quads *g,
                 int kind)
{
    const int32_t next = g->x_pixel, last = g->channels - 4;
    for (int32_t w = g->out_w; w > 0; --w) {
        for (int32_t i = 0; i < g->channels; i += 4) {
            const int32_t c = i < last ? i : last;
            const int32_t four = eq_dsp_quad(
                eq_dsp_pool_load(top + c), eq_dsp_pool_load(top + next + c),
                eq_dsp_pool_load(end + c), eq_dsp_pool_load(end + next + c), kind);
            memcpy(y + c, &four, 4);
        }
        top += g->stride_w * next;
        end += g->stride_w * next;
        y += g->y_pixel;
    }
}

static inline __attribute__((always_inline)) void
eq_dsp_pool_quads(const int8_t *x, int8_t *y, const eq_dsp_quads *g, int kind)
{
    for (int32_t h = g->row0; h < g->row1; ++h) {
        const int32_t at = h * g->stride_h % g->x_ring;
        const int32_t below = at + 1 == g->x_ring ? 0 : at + 1;
        eq_dsp_quads_row(x + at * g->x_row, x + below * g->x_row, y + h * g->y_row, g,
                         kind);
    }
}

#endif
