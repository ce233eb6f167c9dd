/* What the depthwise convolutions for NEON share: sixteen channels at once.
 *
 * SMULL and SMLAL put the products of two taps into int16 lanes, SADDW adds those to int32.
 *
 * Exact: weights are at least -127, so two products are within 2 * 128 * 127 < 2^15; partial
 * sums in any order fit int32 by the contract's proof.
 */
#ifndef EDGEQ_DEPTHWISE_NEON_H
#define EDGEQ_DEPTHWISE_NEON_H

#include "edgeq/rescale_neon.h"

/* Sixteen channels. */
typedef struct {
    int32x4_t a, b, c, d;
} eq_sums16_neon;

/* Their biases and factors. */
typedef struct {
    eq_factors_x4 a, b, c, d;
} eq_factors_x16;

static inline eq_factors_x16 eq_load_factors_x16(const int32_t *bias, const int32_t *mult,
                                                 const int32_t *shift)
{
    const eq_factors_x16 f = {eq_load_factors(bias, mult, shift),
                              eq_load_factors(bias + 4, mult + 4, shift + 4),
                              eq_load_factors(bias + 8, mult + 8, shift + 8),
                              eq_load_factors(bias + 12, mult + 12, shift + 12)};
    return f;
}

static inline eq_sums16_neon eq_begin_x16(const eq_factors_x16 *f)
{
    const eq_sums16_neon s = {f->a.bias, f->b.bias, f->c.bias, f->d.bias};
    return s;
}

static inline eq_sums16_neon eq_add_x16(eq_sums16_neon s, int16x8_t low, int16x8_t high)
{
    s.a = vaddw_s16(s.a, vget_low_s16(low));
    s.b = vaddw_high_s16(s.b, low);
    s.c = vaddw_s16(s.c, vget_low_s16(high));
    s.d = vaddw_high_s16(s.d, high);
    return s;
}

/* One tap. */
static inline eq_sums16_neon eq_tap1_x16(eq_sums16_neon s, int8x16_t x, int8x16_t w)
{
    return eq_add_x16(s, vmull_s8(vget_low_s8(x), vget_low_s8(w)), vmull_high_s8(x, w));
}

/* Two taps. */
static inline eq_sums16_neon eq_tap2_x16(eq_sums16_neon s, int8x16_t x, int8x16_t w,
                                         int8x16_t x1, int8x16_t w1)
{
    int16x8_t low = vmull_s8(vget_low_s8(x), vget_low_s8(w));
    int16x8_t high = vmull_high_s8(x, w);
    low = vmlal_s8(low, vget_low_s8(x1), vget_low_s8(w1));
    high = vmlal_high_s8(high, x1, w1);
    return eq_add_x16(s, low, high);
}

static inline int8x16_t eq_finish_x16(eq_sums16_neon s, const eq_factors_x16 *f,
                                      eq_range_s8 range, int single)
{
    return eq_narrow_s8_x16(
        eq_rescale_x4(s.a, f->a, single), eq_rescale_x4(s.b, f->b, single),
        eq_rescale_x4(s.c, f->c, single), eq_rescale_x4(s.d, f->d, single), range);
}

#endif
