/* conv2d_band.h for NEON: the same bytes sixteen at a time, and up to 15 more behind the
 * band. */
#ifndef EDGEQ_CONV2D_BAND_NEON_H
#define EDGEQ_CONV2D_BAND_NEON_H

#include "edgeq/conv2d_band.h"

#include <arm_neon.h>

/* n bytes, in whole blocks. */
static inline void eq_fill_blocks_neon(int8_t *y, int8x16_t v, int32_t n)
{
    for (int32_t i = 0; i < n; i += 16)
        vst1q_s8(y + i, v);
}

/* n bytes, and not one more of x. */
static inline void eq_copy_blocks_neon(int8_t *y, const int8_t *x, int32_t n)
{
    const int8_t *const x_end = x + n;
    int8_t *const y_end = y + n;
    if (n < 16) {
        memcpy(y, x, (size_t)n);
        return;
    }
    for (; n >= 64; n -= 64) {
        const int8x16_t a = vld1q_s8(x), b = vld1q_s8(x + 16);
        const int8x16_t c = vld1q_s8(x + 32), d = vld1q_s8(x + 48);
        vst1q_s8(y, a);
        vst1q_s8(y + 16, b);
        vst1q_s8(y + 32, c);
        vst1q_s8(y + 48, d);
        x += 64;
        y += 64;
    }
    for (; n > 16; n -= 16) {
        vst1q_s8(y, vld1q_s8(x));
        x += 16;
        y += 16;
    }
    vst1q_s8(y_end - 16, vld1q_s8(x_end - 16));
}

static inline void eq_fill_band_neon(int8_t *band, const int8_t *x, int32_t h, int32_t rows,
                                     const eq_band *b)
{
    const eq_lines *g = &b->lines;
    const int32_t top = h * g->stride_h - g->pad_top;
    const int32_t lines = (rows - 1) * g->stride_h + (g->kh - 1) * g->dil_h + 1;
    const int32_t before = g->pad_left < g->columns ? g->pad_left : g->columns;
    const int32_t rest = g->columns - before, inside = rest < g->in_w ? rest : g->in_w;
    const int8x16_t zx = vdupq_n_s8((int8_t)g->zx);
    int32_t at = top > 0 ? top % g->x_ring : 0;
    if (b->dil_w > 1 || g->x_pixel != g->in_c) {
        eq_fill_band(band, x, h, rows, b);
        return;
    }
    for (int32_t r = top; r < top + lines; ++r) {
        int8_t *const first = band + before * g->in_c, *const end =
                                                           first + inside * g->in_c;
        if (r < 0 || r >= g->in_h) {
            eq_fill_blocks_neon(band, zx, b->line);
        } else {
            eq_fill_blocks_neon(band, zx, before * g->in_c);
            eq_copy_blocks_neon(first, x + at * g->x_row, inside * g->in_c);
            eq_fill_blocks_neon(end, zx, (rest - inside) * g->in_c);
            at = at + 1 == g->x_ring ? 0 : at + 1;
        }
        band += b->line;
    }
}

#endif
