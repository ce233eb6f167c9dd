/* softmax_s8s16 -- softmax over rows of int8, exponentials from a table, int16 output of scale 2^-16.
 *
 *   e[i] = table[max_j x[j] - x[i]]                    exp(-beta * scale * difference), Q0
 *   sum  = sum_i round(e[i] / 2^12)                    Q12, saturated at 2^32 - 1
 *   1 / sum = r * 2^-bits                              as eq_reciprocal_of(sum, 12) gives it
 *   y[i] = min(32767, round(round(r * e[i] / 2^31) / 2^(bits + 15)) - 32768)
 *
 * Roundings go to nearest, ties upwards (all values are >= 0).
 */
#ifndef EDGEQ_SOFTMAX_S8S16_H
#define EDGEQ_SOFTMAX_S8S16_H

#include <stdint.h>

typedef struct {
    int32_t rows;  /* N >= 1 */
    int32_t depth; /* C >= 1 */
} eq_softmax_s8s16_params;

typedef void
eq_softmax_s8s16_fn(const int8_t *x,               /* (N, C) */
                    const int32_t *restrict table, /* (256) Q0, table[0] = 2^31 - 1 */
                    int16_t *y,                    /* (N, C) */
                    const eq_softmax_s8s16_params *restrict p);

#endif
