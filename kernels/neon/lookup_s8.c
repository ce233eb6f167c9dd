/* lookup_s8 for NEON of AArch64: the table in sixteen registers, sixteen elements at once.
 *
 * Bytes of x count as unsigned, so the table's upper half comes first.
 *
 * Exact: it is the contract's formula.
 *
 * @requires count >= 16
 * @inplace x
 */
#include "edgeq/lookup_s8.h"
#include "edgeq/table_neon.h"

eq_lookup_s8_fn eq_lookup_s8__neon;

static inline uint8x16x4_t lookup_s8_neon_quarter(const int8_t *table)
{
    return vld1q_u8_x4((const uint8_t *)table);
}

void eq_lookup_s8__neon(const int8_t *x, const int8_t *restrict table, int8_t *y,
                        const eq_lookup_s8_params *restrict p)
{
    const eq_table_neon t = {
        lookup_s8_neon_quarter(table + 128), lookup_s8_neon_quarter(table + 192),
        lookup_s8_neon_quarter(table), lookup_s8_neon_quarter(table + 64)};
    const int32_t rest = p->count % 16;
    for (int32_t n = p->count / 16; n > 0; --n) {
        const uint8x16_t v = eq_look_up_neon(&t, vreinterpretq_u8_s8(vld1q_s8(x)));
        vst1q_s8(y, vreinterpretq_s8_u8(v));
        x += 16;
        y += 16;
    }
    for (int32_t i = 0; i < rest; ++i)
        y[i] = table[x[i] + 128];
}
