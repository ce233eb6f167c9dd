/* 3x3 depthwise convolutions for NEON without dilation: bands of sixteen channels
 * (depthwise_band_neon.h), block by block.
 *
 * Weights with a zero point lose it when a block begins.  What int8 does not hold of them is
 * put off to further taps, of which blocks of real models have one at most.
 *
 * Exact: see depthwise_neon.h; the parts of a weight are within 127, too, and as many as it
 * takes.
 */
#ifndef EDGEQ_DEPTHWISE3_NEON_H
#define EDGEQ_DEPTHWISE3_NEON_H

#include "edgeq/depthwise_neon.h"

/* A layer; zw is looked at where weights have a zero point. */
typedef struct {
    eq_band_neon band;
    const int8_t *w;
    const int32_t *bias, *mult, *shift;
    int32_t out_w, stride_w, row0, row1, y_row, y_pixel;
    int32_t zw, zy, act_min, act_max;
} eq_layer3_neon;

/* w less zw as far as 127. */
static inline int8x16_t eq_less_neon(int8x16_t w, int8x16_t zw)
{
    return vmaxq_s8(vqsubq_s8(w, zw), vdupq_n_s8(-127));
}

/* The weights of a window less zw as far as 127; `lost` has bits where that is not all. */
static inline eq_nine_neon eq_less_nine_neon(const eq_nine_neon *n, int8x16_t zw,
                                             int8x16_t *lost)
{
    const eq_nine_neon v = {
        eq_less_neon(n->w0, zw), eq_less_neon(n->w1, zw), eq_less_neon(n->w2, zw),
        eq_less_neon(n->w3, zw), eq_less_neon(n->w4, zw), eq_less_neon(n->w5, zw),
        eq_less_neon(n->w6, zw), eq_less_neon(n->w7, zw), eq_less_neon(n->w8, zw)};
    int8x16_t bits = veorq_s8(vsubq_s8(n->w0, zw), v.w0);
    bits = vorrq_s8(bits, veorq_s8(vsubq_s8(n->w1, zw), v.w1));
    bits = vorrq_s8(bits, veorq_s8(vsubq_s8(n->w2, zw), v.w2));
    bits = vorrq_s8(bits, veorq_s8(vsubq_s8(n->w3, zw), v.w3));
    bits = vorrq_s8(bits, veorq_s8(vsubq_s8(n->w4, zw), v.w4));
    bits = vorrq_s8(bits, veorq_s8(vsubq_s8(n->w5, zw), v.w5));
    bits = vorrq_s8(bits, veorq_s8(vsubq_s8(n->w6, zw), v.w6));
    bits = vorrq_s8(bits, veorq_s8(vsubq_s8(n->w7, zw), v.w7));
    *lost = vorrq_s8(bits, veorq_s8(vsubq_s8(n->w8, zw), v.w8));
    return v;
}

/* Adds to `more` what tap w less zw, `at` bytes into the window, has beyond 127. */
static inline void eq_put_off_neon(eq_more_neon *more, int8x16_t w, int8x16_t zw,
                                   int64_t at)
{
    const int8x16_t first = eq_less_neon(w, zw);
    int16x8_t low = vsubl_s8(vget_low_s8(w), vget_low_s8(zw));
    int16x8_t high = vsubl_high_s8(w, zw);
    low = vsubw_s8(low, vget_low_s8(first));
    high = vsubw_high_s8(high, first);
    while (vmaxvq_u16(vreinterpretq_u16_s16(vorrq_s16(low, high))) != 0) {
        const int8x16_t v = vqmovn_high_s16(vqmovn_s16(low), high);
        const int8x16_t part = vmaxq_s8(v, vdupq_n_s8(-127));
        low = vsubw_s8(low, vget_low_s8(part));
        high = vsubw_high_s8(high, part);
        vst1q_s8(more->w + 16 * more->count, part);
        more->at[more->count++] = at;
    }
}

/* The same for all taps of a window. */
static inline void eq_put_nine_off_neon(eq_more_neon *more, const eq_nine_neon *n,
                                        int8x16_t zw, int64_t line)
{
    more->count = 0;
    eq_put_off_neon(more, n->w0, zw, 0);
    eq_put_off_neon(more, n->w1, zw, EQ_PIXEL);
    eq_put_off_neon(more, n->w2, zw, 2 * EQ_PIXEL);
    eq_put_off_neon(more, n->w3, zw, line);
    eq_put_off_neon(more, n->w4, zw, line + EQ_PIXEL);
    eq_put_off_neon(more, n->w5, zw, line + 2 * EQ_PIXEL);
    eq_put_off_neon(more, n->w6, zw, 2 * line);
    eq_put_off_neon(more, n->w7, zw, 2 * line + EQ_PIXEL);
    eq_put_off_neon(more, n->w8, zw, 2 * line + 2 * EQ_PIXEL);
    more->at[more->count] = 0;
    vst1q_s8(more->w + 16 * more->count, vdupq_n_s8(0));
}

/* The factors of sixteen lanes: of eight channels twice, unless they are `wide`. */
static inline eq_factors_x16 eq_lane_factors_neon(const int32_t *bias, const int32_t *mult,
                                                  const int32_t *shift, int wide)
{
    if (wide)
        return eq_load_factors_x16(bias, mult, shift);
    const eq_factors_x4 low = eq_load_factors(bias, mult, shift);
    const eq_factors_x4 high = eq_load_factors(bias + 4, mult + 4, shift + 4);
    const eq_factors_x16 f = {low, high, low, high};
    return f;
}

/* Rows of the channels from o on; `single`, `wide` and `has_zw` are constants. */
static inline __attribute__((always_inline)) void
eq_depthwise3_block_neon(const int8_t *band, int8_t *y, int32_t o, const eq_layer3_neon *l,
                         const eq_rows_neon *g, int single, int wide, int has_zw)
{
    const int mode = eq_mode_of(single, l->zy, l->act_min, l->act_max);
    const eq_range_s8 range = eq_load_range(l->zy, l->act_min, l->act_max);
    const eq_factors_x16 f =
        eq_lane_factors_neon(l->bias + o, l->mult + o, l->shift + o, wide);
    const eq_nine_neon nine = eq_load_nine_neon(l->w + o, l->band.lines.in_c, wide);
    eq_more_neon more;
    if (!has_zw) {
        eq_depthwise3_modes_neon(band, y, &nine, &more, &f, range, g, mode, single, wide,
                                 0);
        return;
    }
    const int8x16_t zw = vdupq_n_s8((int8_t)l->zw);
    int8x16_t lost;
    const eq_nine_neon less = eq_less_nine_neon(&nine, zw, &lost);
    if (vmaxvq_u8(vreinterpretq_u8_s8(lost)) == 0) {
        eq_depthwise3_modes_neon(band, y, &less, &more, &f, range, g, mode, single, wide,
                                 0);
        return;
    }
    eq_put_nine_off_neon(&more, &nine, zw, g->line);
    if (more.count == 1)
        eq_depthwise3_modes_neon(band, y, &less, &more, &f, range, g, mode, single, wide,
                                 1);
    else
        eq_depthwise3_modes_neon(band, y, &less, &more, &f, range, g, mode, single, wide,
                                 2);
}

/* The layer, sixteen channels at a time. */
static inline __attribute__((always_inline)) void
eq_depthwise3_wide_neon(const int8_t *x, int8_t *y, int8_t *scratch,
                        const eq_layer3_neon *l, int single, int has_zw)
{
    const eq_band_neon *b = &l->band;
    for (int32_t h = l->row0; h < l->row1; h += b->fit) {
        const int32_t left = l->row1 - h, rows = left < b->fit ? left : b->fit;
        const int32_t lines = eq_band_lines_neon(b, rows);
        const int32_t top = h * b->lines.stride_h - b->lines.pad_top;
        const eq_rows_neon g = {b->line,
                                l->stride_w * EQ_PIXEL,
                                b->lines.stride_h * b->line,
                                l->y_pixel,
                                l->y_row,
                                0,
                                l->out_w,
                                rows};
        eq_border_neon(scratch, top, lines, 1, b);
        for (int32_t i = 0; i < b->lines.in_c; i += 16) {
            const int32_t o = i + 16 <= b->lines.in_c ? i : b->lines.in_c - 16;
            eq_inside_neon(scratch, x + o, top, lines, EQ_WIDE, 0, b);
            eq_depthwise3_block_neon(scratch, y + h * l->y_row + o, o, l, &g, single, 1,
                                     has_zw);
        }
    }
}

/* The layer, eight channels of two rows at a time.  The second rows begin where they end with
 * the band: where their number is odd, one is computed twice. */
static inline __attribute__((always_inline)) void
eq_depthwise3_half_neon(const int8_t *x, int8_t *y, int8_t *scratch,
                        const eq_layer3_neon *l, int single, int has_zw)
{
    const eq_band_neon *b = &l->band;
    for (int32_t h = l->row0; h < l->row1; h += 2 * b->fit) {
        const int32_t left = l->row1 - h, both = left < 2 * b->fit ? left : 2 * b->fit;
        const int32_t rows = (both + 1) / 2, lines = eq_band_lines_neon(b, rows);
        const int32_t top = h * b->lines.stride_h - b->lines.pad_top;
        const int32_t second = top + (both - rows) * b->lines.stride_h;
        const eq_rows_neon g = {b->line,
                                l->stride_w * EQ_PIXEL,
                                b->lines.stride_h * b->line,
                                l->y_pixel,
                                l->y_row,
                                (int64_t)(both - rows) * l->y_row,
                                l->out_w,
                                rows};
        eq_border_neon(scratch, top, lines, 0, b);
        eq_border_neon(scratch + 8, second, lines, 0, b);
        for (int32_t i = 0; i < b->lines.in_c; i += 8) {
            const int32_t o = i + 8 <= b->lines.in_c ? i : b->lines.in_c - 8;
            eq_inside_neon(scratch, x + o, top, lines, EQ_HALF, 0, b);
            eq_inside_neon(scratch + 8, x + o, second, lines, EQ_HALF, 0, b);
            eq_depthwise3_block_neon(scratch, y + h * l->y_row + o, o, l, &g, single, 0,
                                     has_zw);
        }
    }
}

/* A layer of at least eight channels. */
static inline __attribute__((always_inline)) void
eq_depthwise3_neon(const int8_t *x, int8_t *y, int8_t *scratch, const eq_layer3_neon *l,
                   int single, int has_zw)
{
    if (l->band.lines.in_c >= 16)
        eq_depthwise3_wide_neon(x, y, scratch, l, single, has_zw);
    else
        eq_depthwise3_half_neon(x, y, scratch, l, single, has_zw);
}

#endif
