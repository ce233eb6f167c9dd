/* lookup_s8 -- any function of one int8 value, as a table.
 *
 *   y[i] = table[x[i] + 128]
 */
#ifndef EDGEQ_LOOKUP_S8_H
#define EDGEQ_LOOKUP_S8_H

#include <stdint.h>

typedef struct {
    int32_t count; /* N >= 1 */
} eq_lookup_s8_params;

typedef void eq_lookup_s8_fn(const int8_t *x,              /* (N) */
                             const int8_t *restrict table, /* (256) */
                             int8_t *y,                    /* (N) */
                             const eq_lookup_s8_params *restrict p);

#endif
