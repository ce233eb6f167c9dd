/* mul_s16 -- element-wise product of int16 operands, broadcast.
 *
 *   y = clamp(requantize(a * b, mult, shift) + zy)
 *
 * Zero points of a and b are 0.  The compiler proved that the product, shifted left for a
 * factor of 1 and more, fits int32.
 * y is contiguous and walked through in order; a and b by element strides, 0 where they are
 * broadcast.
 *
 * @forms double single
 * @work d0 * d1 * d2
 * @work d0 * d1 * d2 * d3
 * @work d0 * d1 * d2 * ((d3 + 15) / 16)
 */
#ifndef EDGEQ_MUL_S16_H
#define EDGEQ_MUL_S16_H

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
    int32_t shift;   /* in [1, 62] */
    int32_t zy;      /* zero point of y, in [-32768, 32767] */
    int32_t act_min; /* clamp, in [-32768, act_max] */
    int32_t act_max; /* clamp, in [act_min, 32767] */
} eq_mul_s16_params;

typedef void eq_mul_s16_fn(const int16_t *a, /* (A) */
                           const int16_t *b, /* (B) */
                           int16_t *y,       /* (D0, D1, D2, D3) */
                           const eq_mul_s16_params *restrict p);

#endif
