/* max_s8 -- the larger of two int8 operands on one scale, broadcast.
 *
 *   y = max(a, b)
 *
 * y is contiguous and walked through in order; a and b by element strides, 0 where they are
 * broadcast.
 */
#ifndef EDGEQ_MAX_S8_H
#define EDGEQ_MAX_S8_H

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
} eq_max_s8_params;

typedef void eq_max_s8_fn(const int8_t *a, /* (A) */
                          const int8_t *b, /* (B) */
                          int8_t *y,       /* (D0, D1, D2, D3) */
                          const eq_max_s8_params *restrict p);

#endif
