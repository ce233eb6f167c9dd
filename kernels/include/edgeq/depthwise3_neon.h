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
    for (int32_t i = more->count; i == more->count || i < EQ_FEW; ++i) {
        more->at[i] = 0;
        vst1q_s8(more->w + 16 * i, vdupq_n_s8(0));
    }
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

static inline uint8x16_t eq_size_neon(int8x16_t a, int8x16_t b, int8x16_t c)
{
    const uint8x16_t u = vreinterpretq_u8_s8(vabsq_s8(a)),
                     v = vreinterpretq_u8_s8(vabsq_s8(b));
    return vqaddq_u8(vqaddq_u8(u, v), vreinterpretq_u8_s8(vabsq_s8(c)));
}

/* 1 where weights of each line are within 254 together; all are within 127. */
static inline int eq_are_threes_neon(const eq_nine_neon *n)
{
    const uint8x16_t top = eq_size_neon(n->w0, n->w1, n->w2);
    const uint8x16_t middle = eq_size_neon(n->w3, n->w4, n->w5);
    const uint8x16_t bottom = eq_size_neon(n->w6, n->w7, n->w8);
    return vmaxvq_u8(vmaxq_u8(vmaxq_u8(top, middle), bottom)) < 255;
}

/* A layer's block; `single`, `wide` and `has_zw` are constants. */
static inline __attribute__((always_inline)) void
eq_depthwise3_block_neon(const eq_depthwise_layer_neon *l, const eq_rows_neon *g, int8_t *y,
                         eq_range_s8 range, int mode, int single, int wide, int has_zw)
{
    const eq_way3_neon plain = {0, 0}, threes = {1, 0}, both = {1, 1}, one = {0, 1};
    const eq_way3_neon few = {0, EQ_FEW}, any = {0, EQ_MORE};
    const int32_t o = l->blocks.o;
    const int8_t *x = l->blocks.at;
    const eq_factors_x16 f =
        eq_lane_factors_neon(l->bias + o, l->mult + o, l->shift + o, wide);
    const eq_nine_neon nine = eq_load_nine_neon(l->w + o, l->blocks.channels, wide);
    eq_more_neon more;
    if (!has_zw) {
        eq_depthwise3_modes_neon(x, y, &nine, &more, &f, range, g, mode, single, wide,
                                 plain);
        return;
    }
    const int8x16_t zw = vdupq_n_s8((int8_t)l->zw);
    int8x16_t lost;
    const eq_nine_neon less = eq_less_nine_neon(&nine, zw, &lost);
    const int by_threes = eq_are_threes_neon(&less);
    more.count = 0;
    if (vmaxvq_u8(vreinterpretq_u8_s8(lost)) != 0)
        eq_put_nine_off_neon(&more, &nine, zw, g->line);
    if (more.count == 0 && by_threes)
        eq_depthwise3_modes_neon(x, y, &less, &more, &f, range, g, mode, single, wide,
                                 threes);
    else if (more.count == 0)
        eq_depthwise3_modes_neon(x, y, &less, &more, &f, range, g, mode, single, wide,
                                 plain);
    else if (more.count == 1 && by_threes)
        eq_depthwise3_modes_neon(x, y, &less, &more, &f, range, g, mode, single, wide,
                                 both);
    else if (more.count == 1)
        eq_depthwise3_modes_neon(x, y, &less, &more, &f, range, g, mode, single, wide, one);
    else if (more.count <= EQ_FEW)
        eq_depthwise3_modes_neon(x, y, &less, &more, &f, range, g, mode, single, wide, few);
    else
        eq_depthwise3_modes_neon(x, y, &less, &more, &f, range, g, mode, single, wide, any);
}

/* A call of at least eight channels; `single` and `has_zw` are constants. */
static inline __attribute__((always_inline)) void
eq_depthwise3_neon(const eq_depthwise_call *p, const eq_depthwise_constants *k,
                   const int8_t *x, int8_t *y, int8_t *scratch, int single, int has_zw)
{
    eq_depthwise_layer_neon l =
        eq_depthwise_layer_neon_of(p, k, x, scratch, 1, p->in_c >= 16 ? EQ_WIDE : EQ_HALF);
    const eq_range_s8 range = eq_load_range(l.zy, l.act_min, l.act_max);
    const int mode = eq_mode_of(single, l.zy, l.act_min, l.act_max);
    while (eq_next_block_neon(&l.blocks)) {
        const eq_rows_neon g = eq_rows3_neon_of(&l);
        int8_t *to = y + l.blocks.h * l.y_row + l.blocks.o;
        if (l.blocks.way == EQ_WIDE)
            eq_depthwise3_block_neon(&l, &g, to, range, mode, single, 1, has_zw);
        else
            eq_depthwise3_block_neon(&l, &g, to, range, mode, single, 0, has_zw);
    }
}

#endif
