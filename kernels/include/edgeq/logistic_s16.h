/* logistic_s16 -- logistic function of int16, output scale 2^-15, interpolated in a table.
 *
 *   t = (x[i] * mult + round) >> shift                   round = 2^(shift - 1), 0 for shift 0
 *   h = |t| >> 9,  f = |t| mod 2^9
 *   r = table[h] * 2^9 + f * (table[h + 1] - table[h]), or 32767 * 2^10 where h >= 255
 *   y[i] = (t >= 0 ? r + 2^9 : 2^25 - r + 2^9 - 1) >> 10
 *
 * table[h] is about 2^16 / (1 + exp(-h / 24)), see edgeq/ops/sigmoid16.py.  The compiler
 * proved that t is within int32 before its shift.
 */
#ifndef EDGEQ_LOGISTIC_S16_H
#define EDGEQ_LOGISTIC_S16_H

#include <stdint.h>

typedef struct {
    int32_t count; /* N >= 1 */
    int32_t mult;  /* in [0, 65535] */
    int32_t shift; /* in [0, 31] */
} eq_logistic_s16_params;

typedef void eq_logistic_s16_fn(const int16_t *x,               /* (N) */
                                const uint16_t *restrict table, /* (256) rising */
                                int16_t *y,                     /* (N) */
                                const eq_logistic_s16_params *restrict p);

#endif
