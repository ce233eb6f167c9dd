/* prelu_s16 -- int16 from zero up on one factor, below it times a slope (broadcast).
 *
 *   y = clamp(requantize(a, mult, shift))              where a >= 0
 *   y = clamp(requantize(a * b, mult_neg, shift_neg))  elsewhere
 *
 * clamp is to [-32768, 32767].  Zero points are 0.  The compiler proved that the product,
 * shifted left for a factor of 1 and more, fits int32.
 * y is contiguous and walked through in order; a and b by element strides, 0 where they are
 * broadcast.
 *
 * @forms double single
 */
#ifndef EDGEQ_PRELU_S16_H
#define EDGEQ_PRELU_S16_H

#include <stdint.h>

typedef struct {
    int32_t d0;        /* extents, >= 1, outermost first */
    int32_t d1;        /* >= 1 */
    int32_t d2;        /* >= 1 */
    int32_t d3;        /* >= 1 */
    int32_t a0;        /* element strides of a, >= 0 */
    int32_t a1;        /* >= 0 */
    int32_t a2;        /* >= 0 */
    int32_t a3;        /* >= 0 */
    int32_t b0;        /* element strides of b, >= 0 */
    int32_t b1;        /* >= 0 */
    int32_t b2;        /* >= 0 */
    int32_t b3;        /* >= 0 */
    int32_t mult;      /* from zero up: 0 or in [2^30, 2^31 - 1] */
    int32_t shift;     /* in [16, 62] */
    int32_t mult_neg;  /* below zero: 0 or in [2^30, 2^31 - 1] */
    int32_t shift_neg; /* in [1, 62] */
} eq_prelu_s16_params;

typedef void eq_prelu_s16_fn(const int16_t *a, /* (A) */
                             const int16_t *b, /* (B) slopes */
                             int16_t *y,       /* (D0, D1, D2, D3) */
                             const eq_prelu_s16_params *restrict p);

#endif
