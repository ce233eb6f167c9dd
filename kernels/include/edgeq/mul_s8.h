/* mul_s8 -- element-wise product of int8 operands, broadcast.
 *
 *   y = clamp(requantize((a - za) * (b - zb), mult, shift) + zy)
 *
 * |(a - za) * (b - zb)| <= 255^2 has room for the left shift of a factor below 2^14.
 * y is contiguous and walked through in order; a and b by element strides, 0 where they are
 * broadcast.
 *
 * @forms double single
 * @work d0 * d1 * d2
 * @work d0 * d1 * d2 * d3
 * @work d0 * d1 * d2 * ((d3 + 15) / 16)
 */
#ifndef EDGEQ_MUL_S8_H
#define EDGEQ_MUL_S8_H

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
    int32_t za;      /* zero point of a, in [-128, 127] */
    int32_t zb;      /* zero point of b, in [-128, 127] */
    int32_t mult;    /* 0 or in [2^30, 2^31 - 1] */
    int32_t shift;   /* in [17, 62] */
    int32_t zy;      /* zero point of y, in [-128, 127] */
    int32_t act_min; /* clamp, in [-128, act_max] */
    int32_t act_max; /* clamp, in [act_min, 127] */
} eq_mul_s8_params;

typedef void eq_mul_s8_fn(const int8_t *a, /* (A) */
                          const int8_t *b, /* (B) */
                          int8_t *y,       /* (D0, D1, D2, D3) */
                          const eq_mul_s8_params *restrict p);

#endif
