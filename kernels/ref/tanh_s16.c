/* tanh_s16, portable: two loads from the table per element.
 *
 * Exact: it is the contract's formula; table[h] < 2^16 and f < 2^8, so r < 2^24.
 *
 * @inplace x
 */
#include "edgeq/tanh_s16.h"

eq_tanh_s16_fn eq_tanh_s16__ref;

static inline int16_t tanh_s16_ref_at(int32_t t, const uint16_t *restrict table)
{
    const uint32_t magnitude = t < 0 ? (uint32_t)-t : (uint32_t)t;
    const uint32_t h = magnitude >> 8, f = magnitude & 255;
    int32_t r = 65535 << 8;
    if (h < 255)
        r = (int32_t)(((uint32_t)table[h] << 8) + f * (uint32_t)(table[h + 1] - table[h]));
    const int32_t signed_r = t >= 0 ? r - (1 << 23) + 128 : (1 << 23) - r + 127;
    return (int16_t)(signed_r >> 8);
}

void eq_tanh_s16__ref(const int16_t *x, const uint16_t *restrict table, int16_t *y,
                      const eq_tanh_s16_params *restrict p)
{
    const int32_t mult = p->mult, shift = p->shift;
    const int32_t round = (int32_t)((1U << shift) >> 1);
    for (int32_t i = 0; i < p->count; ++i)
        y[i] = tanh_s16_ref_at((x[i] * mult + round) >> shift, table);
}
