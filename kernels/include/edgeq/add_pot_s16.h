/* add_pot_s16 -- sum or difference of int16 on scales that are powers of two, broadcast.
 *
 *   y = clamp(ka * a + kb * round(b / 2^right))
 *
 * a is on y's scale, b on one that is 2^right times finer; ties away from zero, zero points
 * are 0.  y is contiguous and walked through in order; a and b by element strides, 0 where
 * they are broadcast.
 */
#ifndef EDGEQ_ADD_POT_S16_H
#define EDGEQ_ADD_POT_S16_H

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
    int32_t ka;      /* 1 or -1 */
    int32_t kb;      /* 1 or -1 */
    int32_t right;   /* in [0, 31] */
    int32_t act_min; /* clamp, in [-32768, act_max] */
    int32_t act_max; /* clamp, in [act_min, 32767] */
} eq_add_pot_s16_params;

typedef void eq_add_pot_s16_fn(const int16_t *a, /* (A) */
                               const int16_t *b, /* (B) */
                               int16_t *y,       /* (D0, D1, D2, D3) */
                               const eq_add_pot_s16_params *restrict p);

#endif
