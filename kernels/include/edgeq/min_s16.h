/* min_s16 -- the smaller of two int16 operands on one scale, broadcast.
 *
 *   y = min(a, b)
 *
 * y is contiguous and walked through in order; a and b by element strides, 0 where they are
 * broadcast.
 */
#ifndef EDGEQ_MIN_S16_H
#define EDGEQ_MIN_S16_H

#include <stdint.h>

typedef struct {
    int32_t d0; /* extents, >= 1, outermost first */
    int32_t d1; /* >= 1 */
    int32_t d2; /* >= 1 */
    int32_t d3; /* >= 1 */
    int32_t a0; /* element strides of a, >= 0 */
    int32_t a1; /* >= 0 */
    int32_t a2; /* >= 0 */
    int32_t a3; /* >= 0 */
    int32_t b0; /* element strides of b, >= 0 */
    int32_t b1; /* >= 0 */
    int32_t b2; /* >= 0 */
    int32_t b3; /* >= 0 */
} eq_min_s16_params;

typedef void eq_min_s16_fn(const int16_t *a, /* (A) */
                           const int16_t *b, /* (B) */
                           int16_t *y,       /* (D0, D1, D2, D3) */
                           const eq_min_s16_params *restrict p);

#endif
