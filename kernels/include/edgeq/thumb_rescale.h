/* Rescaling where the DSP extension is missing: with long products, or with 32-bit ones only.
 *
 * For a factor below 1/2, that is r = shift - 31 >= 1, and a doubled accumulator:
 *
 *   single  y = (high(twice * mult) + round) >> r
 *   double  y = (h - (h < 0) + round) >> r, h = the high word rounded
 *
 * with round = 2^(r-1) + zy * 2^r.  Single: floor((floor(P / 2^31) + 2^(r-1)) / 2^r) =
 * floor((P + 2^(shift-1)) / 2^shift), as nested floors are one.  Double: h + 2^(r-1) - (h < 0)
 * >> r rounds ties away from zero.  A factor of zero gives zy, with r = 0, too.  For r <= 22 and
 * an accumulator of 31 bits nothing leaves int32: |h| <= 2^30, |2 * round| < 2^30 + 2^23.
 */
#ifndef EDGEQ_THUMB_RESCALE_H
#define EDGEQ_THUMB_RESCALE_H

#include <stdint.h>

#include "edgeq/fixed_point.h"

#define eq_thumb_form EQ_SYM(eq_thumb_form)

enum { eq_thumb_form_double, eq_thumb_form_single };
enum { eq_thumb_long, eq_thumb_split }; /* how products are made */

typedef struct {
    int32_t mult;
    int32_t round;
    int32_t right; /* in [0, 22] */
} eq_thumb_factor;

static inline eq_thumb_factor eq_thumb_factor_of(int32_t mult, int32_t shift, int32_t zy)
{
    const int32_t right = shift - 31;
    const eq_thumb_factor f = {mult, ((2 * zy + 1) * (1 << right)) >> 1, right};
    return f;
}

/* Whether the above holds of a channel, its dot product having at most 30 bits. */
static inline int32_t eq_thumb_is_plain(int32_t bias, int32_t mult, int32_t shift)
{
    const int32_t small = bias >= -(1 << 29) && bias < 1 << 29;
    return small && shift <= 53 && shift >= 31 + (mult != 0);
}

/* (a * b + half) >> 32 for b >= 0 and half 0 or 2^31, from four products of 16-bit halves:
 * a = 2^16 ah + al, b = 2^16 bh + bl, so a * b = 2^32 ah bh + 2^16 (ah bl + al bh) + al bl.
 * |ah bl| <= 2^15 (2^16 - 1) and al bh < 2^31; the middle sum holds four 16-bit parts. */
static inline int32_t eq_thumb_split_high(int32_t a, int32_t b, uint32_t half)
{
    const int32_t ah = a >> 16, bh = b >> 16;
    const uint32_t al = (uint32_t)a & 0xFFFF, bl = (uint32_t)b & 0xFFFF;
    const int32_t hl = ah * (int32_t)bl, lh = (int32_t)al * bh;
    const uint32_t middle = ((al * bl) >> 16) + ((uint32_t)hl & 0xFFFF) +
                            ((uint32_t)lh & 0xFFFF) + (half >> 16);
    return ah * bh + (hl >> 16) + (lh >> 16) + (int32_t)(middle >> 16);
}

static inline int32_t eq_thumb_long_high(int32_t a, int32_t b, uint32_t half)
{
    const int64_t product = (int64_t)a * b;
    const int32_t carry = half != 0 ? (int32_t)((uint32_t)product >> 31) : 0;
    return (int32_t)(product >> 32) + carry;
}

/* Clamped to [-128, 127].  Who has long products has SSAT, which the compiler does not form. */
static inline int8_t eq_thumb_int8(int32_t x, int32_t products)
{
    if (products == eq_thumb_split)
        return (int8_t)eq_clamp(x, INT8_MIN, INT8_MAX);
    int32_t y;
    __asm__("ssat %0, #8, %1" : "=r"(y) : "r"(x));
    return (int8_t)y;
}

/* The rescaled accumulator with the zero point, clamped to [-128, 127]. */
static inline int8_t eq_thumb_rescale(int32_t acc, eq_thumb_factor f, int32_t form,
                                      int32_t products)
{
    const uint32_t half = form == eq_thumb_form_double ? 1U << 31 : 0;
    const int32_t twice = acc * 2;
    int32_t high = products == eq_thumb_long ? eq_thumb_long_high(twice, f.mult, half)
                                             : eq_thumb_split_high(twice, f.mult, half);
    if (form == eq_thumb_form_double)
        high += high >> 31;
    return eq_thumb_int8((high + f.round) >> f.right, products);
}

#endif
