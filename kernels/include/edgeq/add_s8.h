/* add_s8 -- element-wise sum or difference of int8 operands on different scales, broadcast.
 *
 *   t = ka * a + ca + kb * requantize(2^20 * b + cb, mult_b, shift_b)
 *   y = clamp(requantize(t, mult_y, shift_y) + zy)
 *
 * The operand with the larger scale is `a`: on the common grid of half its scale and 20
 * fraction bits its factor is exactly 1/2, so ka is 2^19, or -2^19 when it is subtracted.
 * ca = -za * ka and cb = -zb * 2^20 hold the zero points: |t| <= 510 * 2^19.
 *
 * Source of the common grid: B. Jacob et al., CVPR 2018, appendix A.2.
 *
 * Where line is 1 the compiler found, by trying all pairs of bytes, that the same is
 *
 *   y = clamp(floor((la * a + lb * b + lc) / 2^21))
 *
 * with a sum that stays, as a whole, below 2^31 - 2^20 in magnitude.  la and lb are
 * 2^16 * h + 2^8 * m + l for an h in [-128, 127] and m, l in [-127, 127].
 *
 * y is contiguous and walked through in order; a and b by element strides, 0 where they are
 * broadcast.
 *
 * @forms double single
 * @work d0 * d1 * d2
 * @work d0 * d1 * d2 * d3
 * @work d0 * d1 * d2 * ((d3 + 15) / 16)
 */
#ifndef EDGEQ_ADD_S8_H
#define EDGEQ_ADD_S8_H

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
    int32_t ka;      /* 2^19 or -2^19 */
    int32_t ca;      /* -za * ka, za in [-128, 127] */
    int32_t kb;      /* 1 or -1 */
    int32_t cb;      /* -zb * 2^20, zb in [-128, 127] */
    int32_t mult_b;  /* 0 or in [2^30, 2^31 - 1] */
    int32_t shift_b; /* in [31, 62], 31 for a factor of 1/2 or 0 only */
    int32_t mult_y;  /* 0 or in [2^30, 2^31 - 1] */
    int32_t shift_y; /* in [32, 62] */
    int32_t zy;      /* zero point of y, in [-128, 127] */
    int32_t act_min; /* clamp, in [-128, act_max] */
    int32_t act_max; /* clamp, in [act_min, 127] */
    int32_t line;    /* 1 where there is a line, else 0 and so are la, lb, lc */
    int32_t la;      /* factor of a, in [-2^23, 2^23) */
    int32_t lb;      /* factor of b, in [-2^23, 2^23) */
    int32_t lc;      /* what is added, |lc| < 2^31 - 2^20 */
} eq_add_s8_params;

typedef void eq_add_s8_fn(const int8_t *a, /* (A) */
                          const int8_t *b, /* (B) */
                          int8_t *y,       /* (D0, D1, D2, D3) */
                          const eq_add_s8_params *restrict p);

#endif
