/* Max pooling for NEON, of AArch64 and of 32-bit Arm: sixteen channels of a window at once, of
 * which the last go back to be whole.
 *
 * Exact: nothing is rounded.  The clamp's lower end stands in for the maximum of nothing.
 */
#ifndef EDGEQ_MAXPOOL_NEON_H
#define EDGEQ_MAXPOOL_NEON_H

#include "edgeq/channels_neon.h"
#include "edgeq/maxpool_s8.h"
#include "edgeq/pool_neon.h"

/* The greatest of n pixels and `best`. */
static inline __attribute__((always_inline)) int8x16_t eq_largest_neon(
    int8x16_t best, const int8_t *x, int32_t n, const eq_maxpool_s8_params *p, int few)
{
    const int32_t step = p->x_pixel;
    for (; n >= 2; n -= 2) {
        best = vmaxq_s8(best, eq_load_channels_neon(x, p->in_c, few));
        best = vmaxq_s8(best, eq_load_channels_neon(x + step, p->in_c, few));
        x += 2 * step;
    }
    return n ? vmaxq_s8(best, eq_load_channels_neon(x, p->in_c, few)) : best;
}

/* All channels of the window of `rows`, the first at place `at` of the ring, and `columns`. */
static inline __attribute__((always_inline)) void
eq_maxpool_window_neon(const int8_t *x, int8_t *y, eq_span_neon rows, int32_t at,
                       eq_span_neon columns, const eq_maxpool_s8_params *p, int few)
{
    const int32_t width = columns.end - columns.first;
    for (int32_t i = 0; i < p->in_c; i += 16) {
        const int32_t c = few || i + 16 <= p->in_c ? i : p->in_c - 16;
        const int8_t *from = x + columns.first * p->x_pixel + c;
        int8x16_t best = vdupq_n_s8((int8_t)p->act_min);
        int32_t place = at;
        for (int32_t r = rows.end - rows.first; r > 0; --r) {
            best = eq_largest_neon(best, from + place * p->x_row, width, p, few);
            place = eq_next_neon(place, p->x_ring);
        }
        best = vminq_s8(best, vdupq_n_s8((int8_t)p->act_max));
        eq_store_channels_neon(y + c, best, p->in_c, few);
    }
}

/* Rows [row0, row1). */
static inline __attribute__((always_inline)) void
eq_maxpool_rows_neon(const int8_t *x, int8_t *y, const eq_maxpool_s8_params *p, int few)
{
    for (int32_t h = p->row0; h < p->row1; ++h) {
        const eq_span_neon rows =
            eq_span_of_neon(h * p->stride_h - p->pad_top, p->kh, p->in_h);
        const int32_t at = rows.first % p->x_ring;
        for (int32_t w = 0; w < p->out_w; ++w) {
            const eq_span_neon columns =
                eq_span_of_neon(w * p->stride_w - p->pad_left, p->kw, p->in_w);
            eq_maxpool_window_neon(x, y + h * p->y_row + w * p->y_pixel, rows, at, columns,
                                   p, few);
        }
    }
}

static inline void eq_maxpool_neon(const int8_t *x, int8_t *y,
                                   const eq_maxpool_s8_params *p)
{
    const eq_maxpool_s8_params q = *p;
    if (p->in_c < 16)
        eq_maxpool_rows_neon(x, y, &q, 1);
    else
        eq_maxpool_rows_neon(x, y, &q, 0);
}

#endif
