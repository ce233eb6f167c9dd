/* div_s16 -- element-wise quotient of int16 operands, broadcast.
 *
 *   y = clamp(round(a / b * mult * 2^-shift))
 *
 * The quotient is exact, and rounded once, to nearest, ties away from zero.  A divisor of
 * zero gives the end of the clamp on the dividend's side, and 0 where that is zero, too.
 * y is contiguous and walked through in order; a and b by element strides, 0 where they are
 * broadcast.  Zero points are 0.
 */
#ifndef EDGEQ_DIV_S16_H
#define EDGEQ_DIV_S16_H

#include <stdint.h>

typedef struct {
    int32_t d0;      /* extents, >= 1, outermost first */
    int32_t d1;      /* >= 1 */
    int32_t d2;      /* >= 1 */
    int32_t d3;      /* >= 1 */
    int32_t a0;      /* element strides of a, >= 0 */
    int32_t a1;      /* >= 0 */
    int32_t a2;      /* >= 0 */
    int32_t a3;      /* >= 0 */
    int32_t b0;      /* element strides of b, >= 0 */
    int32_t b1;      /* >= 0 */
    int32_t b2;      /* >= 0 */
    int32_t b3;      /* >= 0 */
    int32_t mult;    /* 0 or in [2^30, 2^31 - 1] */
    int32_t shift;   /* in [1, 46] */
    int32_t act_min; /* clamp, in [-32768, act_max] */
    int32_t act_max; /* clamp, in [act_min, 32767] */
} eq_div_s16_params;

typedef void eq_div_s16_fn(const int16_t *a, /* (A) */
                           const int16_t *b, /* (B) divisors */
                           int16_t *y,       /* (D0, D1, D2, D3) */
                           const eq_div_s16_params *restrict p);

#endif
