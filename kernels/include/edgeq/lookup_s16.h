/* lookup_s16 -- any function of one int16 value, by straight lines between 513 points.
 *
 *   i = (x >> 7) + 256, the segment of 128 codes that holds x
 *   y = table[i] + floor(((table[i + 1] - table[i]) * (x & 127) + 64) / 128)
 *
 * y lies between the two points of its segment, so nothing is clamped.
 */
#ifndef EDGEQ_LOOKUP_S16_H
#define EDGEQ_LOOKUP_S16_H

#include <stdint.h>

typedef struct {
    int32_t count; /* N >= 1 */
} eq_lookup_s16_params;

typedef void eq_lookup_s16_fn(const int16_t *x,              /* (N) */
                              const int16_t *restrict table, /* (513) */
                              int16_t *y,                    /* (N) */
                              const eq_lookup_s16_params *restrict p);

#endif
