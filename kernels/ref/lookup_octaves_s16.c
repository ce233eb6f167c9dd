/* lookup_octaves_s16, portable: the octave is found by shifting, then it is two loads and a
 * multiply per element.
 *
 * Exact: |slope| < 2^16 times a remainder below 2^10 stays below 2^26, and the result lies
 * between two points of the table.
 *
 * @inplace x
 */
#include "edgeq/lookup_octaves_s16.h"

eq_lookup_octaves_s16_fn eq_lookup_octaves_s16__ref;

static inline int16_t lookup_octaves_s16_ref_at(const int16_t *points, int32_t u)
{
    int32_t e = 0;
    while (u >> e >= 64)
        ++e;
    const int16_t *at = points + 32 * e + (u >> e);
    const int32_t rest = u & ((1 << e) - 1);
    if (rest == 0)
        return *at;
    const int32_t slope = at[1] - at[0];
    return (int16_t)(at[0] + ((slope * rest + (1 << (e - 1))) >> e));
}

void eq_lookup_octaves_s16__ref(const int16_t *x, const int16_t *restrict table, int16_t *y,
                                const eq_lookup_octaves_s16_params *restrict p)
{
    for (int32_t n = 0; n < p->count; ++n)
        y[n] = x[n] < 0 ? lookup_octaves_s16_ref_at(table + 353, -x[n])
                        : lookup_octaves_s16_ref_at(table, x[n]);
}
