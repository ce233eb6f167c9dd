/* argmax_s8 -- index of the largest element along an axis, int8.
 *
 *   y[(i * inner + j) * words] = the first k of the largest x[(i * axis + k) * inner + j]
 *
 * for 0 <= i < outer and 0 <= j < inner.  With words = 2 an output is a little-endian
 * int64: its high word, y[(i * inner + j) * 2 + 1], becomes 0.
 */
#ifndef EDGEQ_ARGMAX_S8_H
#define EDGEQ_ARGMAX_S8_H

#include <stdint.h>

typedef struct {
    int32_t outer; /* >= 1 */
    int32_t axis;  /* >= 1, elements that are compared */
    int32_t inner; /* >= 1 */
    int32_t words; /* 1: int32 outputs, 2: int64 */
} eq_argmax_s8_params;

typedef void eq_argmax_s8_fn(const int8_t *x, /* (OUTER, AXIS, INNER) */
                             int32_t *y,      /* (OUTER, INNER, WORDS) */
                             const eq_argmax_s8_params *restrict p);

#endif
