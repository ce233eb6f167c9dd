/* lookup_s16, portable: two loads from the table and one multiply per element.
 *
 * Exact: |slope| < 2^16 times an offset below 2^7 stays below 2^23, and the result lies
 * between two points of the table.
 *
 * @inplace x
 */
#include "edgeq/lookup_s16.h"

eq_lookup_s16_fn eq_lookup_s16__ref;

void eq_lookup_s16__ref(const int16_t *x, const int16_t *restrict table, int16_t *y,
                        const eq_lookup_s16_params *restrict p)
{
    for (int32_t n = 0; n < p->count; ++n) {
        const int16_t *at = table + (x[n] >> 7) + 256;
        const int32_t slope = at[1] - at[0];
        y[n] = (int16_t)(at[0] + ((slope * (x[n] & 127) + 64) >> 7));
    }
}
