/* add_s16 -- element-wise sum or difference of int16 operands on different scales, broadcast.
 *
 *   t = ka * a + kb * requantize(2^15 * b, mult_b, shift_b)
 *   y = clamp(requantize(t, mult_y, shift_y) + zy)
 *
 * The operand with the larger scale is `a`: on the common grid of half its scale and 15
 * fraction bits its factor is exactly 1/2, so ka is 2^14, or -2^14 when it is subtracted.
 * Zero points of a and b are 0, so that t and 2^15 * b lie in [-2^30, 2^30).
 *
 * Source of the common grid: B. Jacob et al., CVPR 2018, appendix A.2.
 *
 * y is contiguous and walked through in order; a and b by element strides, 0 where they are
 * broadcast.
 *
 * @forms double single
 * @work d0 * d1 * d2
 * @work d0 * d1 * d2 * d3
 * @work d0 * d1 * d2 * ((d3 + 15) / 16)
 */
#ifndef EDGEQ_ADD_S16_H
#define EDGEQ_ADD_S16_H

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
    int32_t ka;      /* 2^14 or -2^14 */
    int32_t kb;      /* 1 or -1 */
    int32_t mult_b;  /* 0 or in [2^30, 2^31 - 1] */
    int32_t shift_b; /* in [31, 62], 31 for a factor of 1/2 or 0 only */
    int32_t mult_y;  /* 0 or in [2^30, 2^31 - 1] */
    int32_t shift_y; /* in [32, 62] */
    int32_t zy;      /* zero point of y, in [-32768, 32767] */
    int32_t act_min; /* clamp, in [-32768, act_max] */
    int32_t act_max; /* clamp, in [act_min, 32767] */
} eq_add_s16_params;

typedef void eq_add_s16_fn(const int16_t *a, /* (A) */
                           const int16_t *b, /* (B) */
                           int16_t *y,       /* (D0, D1, D2, D3) */
                           const eq_add_s16_params *restrict p);

#endif
