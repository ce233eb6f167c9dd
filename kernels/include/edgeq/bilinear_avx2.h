/* The walk of bilinear resizing for AVX2: eight channels at once, of which the last go back to
 * be whole.
 */
#ifndef EDGEQ_BILINEAR_AVX2_H
#define EDGEQ_BILINEAR_AVX2_H

#include "edgeq/runs_avx2.h"

/* Indices of rows and columns, and numbers of a call, as in the contracts. */
typedef struct {
    const int32_t *row, *row_next, *column, *column_next;
    int32_t in_c, out_w, row0, row1, x_row, x_pixel, x_ring, y_row, y_pixel;
} eq_bilinear_avx2;

#define EQ_BILINEAR_AVX2(p)                                                                \
    {row,       row_next,   column,       column_next, (p)->in_c,  (p)->out_w,  (p)->row0, \
     (p)->row1, (p)->x_row, (p)->x_pixel, (p)->x_ring, (p)->y_row, (p)->y_pixel}

/* Eight channels of four neighbours: of a row and the next, left and right of the output. */
typedef struct {
    __m128i here, next, here_right, next_right;
} eq_corners_avx2;

/* What a kernel makes of them for output row h and column w: eight bytes, the low ones. */
typedef __m128i eq_blend_fn(eq_corners_avx2 x, int32_t h, int32_t w, const void *weights);

static inline __attribute__((always_inline)) void
eq_bilinear_pixels_avx2(const int8_t *x, int8_t *y, const eq_bilinear_avx2 *g,
                        const void *weights, eq_blend_fn *blend)
{
    for (int32_t h = g->row0; h < g->row1; ++h) {
        const int8_t *here = x + (g->row[h] % g->x_ring) * g->x_row;
        const int8_t *next = x + (g->row_next[h] % g->x_ring) * g->x_row;
        for (int32_t w = 0; w < g->out_w; ++w) {
            const int32_t left = g->column[w] * g->x_pixel;
            const int32_t right = g->column_next[w] * g->x_pixel;
            int8_t *to = y + (h * g->y_row + w * g->y_pixel);
            for (int32_t i = 0; i < g->in_c; i += 8) {
                const int32_t c = i + 8 <= g->in_c ? i : g->in_c - 8;
                const eq_corners_avx2 v = {
                    eq_load_low_x8(here + left + c), eq_load_low_x8(next + left + c),
                    eq_load_low_x8(here + right + c), eq_load_low_x8(next + right + c)};
                eq_store_low_x8(to + c, blend(v, h, w, weights));
            }
        }
    }
}

#endif
