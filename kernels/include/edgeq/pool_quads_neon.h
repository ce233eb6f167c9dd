/* Pooling of windows of two by two pixels that lie inside the image, for NEON, of AArch64 and
 * of 32-bit Arm: sixteen channels at once, of which the last go back to be whole.
 *
 * Exact: four bytes add up within int16; VRSHRN rounds their quarter, ties up, and taking 1
 * from what is below zero first makes that ties away from zero.
 */
#ifndef EDGEQ_POOL_QUADS_NEON_H
#define EDGEQ_POOL_QUADS_NEON_H

#include "edgeq/channels_neon.h"
#include "edgeq/pool_neon.h"

/* What becomes of a window: its largest value, or its mean by the form that rounds it. */
enum { EQ_POOL_LARGEST, EQ_POOL_MEAN_UP, EQ_POOL_MEAN_AWAY };

/* Numbers of a call, as in the contracts. */
typedef struct {
    int32_t channels, out_w, stride_h, stride_w, row0, row1;
    int32_t x_row, x_pixel, x_ring, y_row, y_pixel;
    int8x16_t lo, hi;
} eq_quads_neon;

#define EQ_QUADS_NEON(p)                                                                   \
    {(p)->in_c,                                                                            \
     (p)->out_w,                                                                           \
     (p)->stride_h,                                                                        \
     (p)->stride_w,                                                                        \
     (p)->row0,                                                                            \
     (p)->row1,                                                                            \
     (p)->x_row,                                                                           \
     (p)->x_pixel,                                                                         \
     (p)->x_ring,                                                                          \
     (p)->y_row,                                                                           \
     (p)->y_pixel,                                                                         \
     vdupq_n_s8((int8_t)(p)->act_min),                                                     \
     vdupq_n_s8((int8_t)(p)->act_max)}

static inline __attribute__((always_inline))
int8x16_t eq_quad_neon(int8x16_t a, int8x16_t b, int8x16_t c, int8x16_t d, int kind)
{
    if (kind == EQ_POOL_LARGEST)
        return vmaxq_s8(vmaxq_s8(a, b), vmaxq_s8(c, d));
    int16x8_t low = vaddq_s16(vaddl_s8(vget_low_s8(a), vget_low_s8(b)),
                              vaddl_s8(vget_low_s8(c), vget_low_s8(d)));
    int16x8_t high = vaddq_s16(vaddl_s8(vget_high_s8(a), vget_high_s8(b)),
                               vaddl_s8(vget_high_s8(c), vget_high_s8(d)));
    if (kind == EQ_POOL_MEAN_AWAY) {
        low = vsraq_n_s16(low, low, 15);
        high = vsraq_n_s16(high, high, 15);
    }
    return vcombine_s8(vrshrn_n_s16(low, 2), vrshrn_n_s16(high, 2));
}

/* One row of windows, from the image rows `top` and `end`. */
static inline __attribute__((always_inline)) void
eq_quads_row_neon(const int8_t *top, const int8_t *end, int8_t *y, const eq_quads_neon *g,
                  int few, int kind)
{
    const int32_t next = g->x_pixel, n = g->channels;
    for (int32_t w = g->out_w; w > 0; --w) {
        for (int32_t i = 0; i < n; i += 16) {
            const int32_t c = few || i + 16 <= n ? i : n - 16;
            const int8x16_t v =
                eq_quad_neon(eq_load_channels_neon(top + c, n, few),
                             eq_load_channels_neon(top + next + c, n, few),
                             eq_load_channels_neon(end + c, n, few),
                             eq_load_channels_neon(end + next + c, n, few), kind);
            eq_store_channels_neon(y + c, vminq_s8(vmaxq_s8(v, g->lo), g->hi), n, few);
        }
        top += g->stride_w * next;
        end += g->stride_w * next;
        y += g->y_pixel;
    }
}

static inline __attribute__((always_inline)) void
eq_quads_rows_neon(const int8_t *x, int8_t *y, const eq_quads_neon *g, int few, int kind)
{
    for (int32_t h = g->row0; h < g->row1; ++h) {
        const int32_t at = h * g->stride_h % g->x_ring;
        eq_quads_row_neon(x + at * g->x_row, x + eq_next_neon(at, g->x_ring) * g->x_row,
                          y + h * g->y_row, g, few, kind);
    }
}

static inline __attribute__((always_inline)) void
eq_pool_quads_neon(const int8_t *x, int8_t *y, const eq_quads_neon *g, int kind)
{
    if (g->channels < 16)
        eq_quads_rows_neon(x, y, g, 1, kind);
    else
        eq_quads_rows_neon(x, y, g, 0, kind);
}

#endif
