/* Two products on top of a constant for NEON of 32-bit Arm. */
#ifndef EDGEQ_TWO_PRODUCTS_ARMV7_H
#define EDGEQ_TWO_PRODUCTS_ARMV7_H

#include "edgeq/neon_armv7.h"

/* c + a * d + b * e of the first eight elements. */
static inline int16x8_t eq_two_products_low(int8x16_t a, int8x16_t b, int8x16_t d,
                                            int8x16_t e, int16x8_t c)
{
    return vmlal_s8(vmlal_s8(c, vget_low_s8(a), vget_low_s8(d)), vget_low_s8(b),
                    vget_low_s8(e));
}

/* The same of the last eight. */
static inline int16x8_t eq_two_products_high(int8x16_t a, int8x16_t b, int8x16_t d,
                                             int8x16_t e, int16x8_t c)
{
    return vmlal_high_s8(vmlal_high_s8(c, a, d), b, e);
}

#endif
