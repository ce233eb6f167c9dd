/* tanh_s16 -- hyperbolic tangent of int16, output scale 2^-15, interpolated in a table.
 *
 *   t = (x[i] * mult + round) >> shift                   round = 2^(shift - 1), 0 for shift 0
 *   h = |t| >> 8,  f = |t| mod 2^8
 *   r = table[h] * 2^8 + f * (table[h + 1] - table[h]), or 65535 * 2^8 where h >= 255
 *   y[i] = (t >= 0 ? r - 2^23 + 2^7 : 2^23 - r + 2^7 - 1) >> 8
 *
 * table[h] is about 2^16 / (1 + exp(-h / 24)), see edgeq/ops/sigmoid16.py.  The compiler
 * proved that t is within int32 before its shift.
 */
#ifndef EDGEQ_TANH_S16_H
#define EDGEQ_TANH_S16_H

#include <stdint.h>

typedef struct {
    int32_t count; /* N >= 1 */
    int32_t mult;  /* in [0, 65535] */
    int32_t shift; /* in [0, 31] */
} eq_tanh_s16_params;

typedef void eq_tanh_s16_fn(const int16_t *x,               /* (N) */
                            const uint16_t *restrict table, /* (256) rising */
                            int16_t *y,                     /* (N) */
                            const eq_tanh_s16_params *restrict p);

#endif
