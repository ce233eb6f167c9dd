/* Rescaling with the DSP extension: two instructions and a shift.
 *
 * For a factor below 1/2, that is r = shift - 31 >= 1, and a doubled accumulator:
 *
 *   single  y = (high(twice * mult) + round) >> r
 *   double  y = (rounded high(twice * mult) + round - (twice < 0)) >> r
 *
 * with round = 2^(r-1), to which the zero point may be added, times 2^r.  Single: floor((floor(
 * P / 2^31) + 2^(r-1)) / 2^r) = floor((P + 2^(shift-1)) / 2^shift), as nested floors are one.
 * Double: the first rounding is SMMLAR's; x + 2^(r-1) - (x < 0) >> r rounds ties away from
 * zero, and where the sign of x is not that of twice, x is 0 and either gives 0.
 */
#ifndef EDGEQ_DSP_RESCALE_H
#define EDGEQ_DSP_RESCALE_H

#include <stdint.h>

#include "edgeq/fixed_point.h"

#define eq_dsp_form EQ_SYM(eq_dsp_form)

/* live: double where the clamp begins at the zero point or above it, so that ties below zero,
 * and with them the sign, do not matter. */
enum { eq_dsp_form_double, eq_dsp_form_single, eq_dsp_form_wide, eq_dsp_form_live };

/* The rescaled value before the shift by r.  The compiler forms neither instruction. */
static inline int32_t eq_dsp_scaled(int32_t twice, int32_t mult, int32_t round,
                                    int32_t form)
{
    int32_t y;
    if (form == eq_dsp_form_single) {
        __asm__("smmla %0, %1, %2, %3" : "=r"(y) : "r"(twice), "r"(mult), "r"(round));
        return y;
    }
    __asm__("smmlar %0, %1, %2, %3" : "=r"(y) : "r"(twice), "r"(mult), "r"(round));
    return form == eq_dsp_form_live ? y : y + (twice >> 31);
}

/* The same before `round` is added: an instruction more, a register less. */
static inline int32_t eq_dsp_high(int32_t twice, int32_t mult, int32_t form)
{
    if (form == eq_dsp_form_single)
        return (int32_t)(((int64_t)twice * mult) >> 32);
    int32_t y;
    __asm__("smmulr %0, %1, %2" : "=r"(y) : "r"(twice), "r"(mult));
    return y + (y >> 31);
}

/* Clamped to [-128, 127]. */
static inline int8_t eq_dsp_int8(int32_t x)
{
    int32_t y;
    __asm__("ssat %0, #8, %1" : "=r"(y) : "r"(x));
    return (int8_t)y;
}

#endif
