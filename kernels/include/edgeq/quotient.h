/* Quotients of integers times a factor, limited to what every int16 output saturates at. */
#ifndef EDGEQ_QUOTIENT_H
#define EDGEQ_QUOTIENT_H

#include <stdint.h>

#include "edgeq/fixed_point.h"

/* round(a / b * mult * 2^-shift), ties away from zero, limited to [-2^17, 2^17]; at b = 0
 * the limit of a's sign, or 0.  |a| <= 2^16 and mult < 2^31 make a numerator below 2^47,
 * |b| <= 2^15 and shift <= 46 a denominator of at most 2^61. */
static inline int32_t eq_quotient(int32_t a, int32_t b, int32_t mult, int32_t shift)
{
    const int32_t limit = 1 << 17;
    if (b == 0)
        return a > 0 ? limit : (a < 0 ? -limit : 0);
    const int64_t n = (int64_t)(b < 0 ? -a : a) * mult;
    const int64_t d = (int64_t)(b < 0 ? -b : b) << shift;
    const int64_t q = eq_divide_away_s64(n, d);
    return (int32_t)(q < -limit ? -limit : (q > limit ? limit : q));
}

#endif
