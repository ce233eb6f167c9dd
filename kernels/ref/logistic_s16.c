/* logistic_s16, portable: two loads from the table per element.
 *
 * Exact: it is the contract's formula; table[h] < 2^16 and f < 2^9, so r < 2^25.
 *
 * @inplace x
 */
#include "edgeq/logistic_s16.h"

eq_logistic_s16_fn eq_logistic_s16__ref;

static inline int16_t logistic_s16_ref_at(int32_t t, const uint16_t *restrict table)
{
    const uint32_t magnitude = t < 0 ? (uint32_t)-t : (uint32_t)t;
    const uint32_t h = magnitude >> 9, f = magnitude & 511;
    uint32_t r = 32767U << 10;
    if (h < 255)
        r = ((uint32_t)table[h] << 9) + f * (uint32_t)(table[h + 1] - table[h]);
    const uint32_t signed_r = t >= 0 ? r + (1U << 9) : (1U << 25) - r + (1U << 9) - 1;
    return (int16_t)(signed_r >> 10);
}

void eq_logistic_s16__ref(const int16_t *x, const uint16_t *restrict table, int16_t *y,
                          const eq_logistic_s16_params *restrict p)
{
    const int32_t mult = p->mult, shift = p->shift;
    const int32_t round = (int32_t)((1U << shift) >> 1);
    for (int32_t i = 0; i < p->count; ++i)
        y[i] = logistic_s16_ref_at((x[i] * mult + round) >> shift, table);
}
