/* lookup_s8 for NEON of AArch64: the table in sixteen registers, sixteen elements at once.
 *
 * TBL and TBX look among 64 bytes each; of an index beyond these the one gives 0 and the other
 * leaves what is there.  Bytes of x count as unsigned, so the table's upper half comes first.
 *
 * Exact: it is the contract's formula.
 *
 * @requires count >= 16
 * @inplace x
 */
#include "edgeq/lookup_s8.h"

#include <arm_neon.h>

eq_lookup_s8_fn eq_lookup_s8__neon;

static inline int8x16_t lookup_s8_neon_sixteen(int8x16_t x, int8x16x4_t t0, int8x16x4_t t1,
                                               int8x16x4_t t2, int8x16x4_t t3)
{
    const uint8x16_t step = vdupq_n_u8(64);
    uint8x16_t at = vreinterpretq_u8_s8(x);
    int8x16_t y = vqtbl4q_s8(t0, at);
    at = vsubq_u8(at, step);
    y = vqtbx4q_s8(y, t1, at);
    at = vsubq_u8(at, step);
    y = vqtbx4q_s8(y, t2, at);
    at = vsubq_u8(at, step);
    return vqtbx4q_s8(y, t3, at);
}

void eq_lookup_s8__neon(const int8_t *x, const int8_t *restrict table, int8_t *y,
                        const eq_lookup_s8_params *restrict p)
{
    const int8x16x4_t t0 = vld1q_s8_x4(table + 128);
    const int8x16x4_t t1 = vld1q_s8_x4(table + 192);
    const int8x16x4_t t2 = vld1q_s8_x4(table);
    const int8x16x4_t t3 = vld1q_s8_x4(table + 64);
    const int32_t rest = p->count % 16;
    for (int32_t n = p->count / 16; n > 0; --n) {
        vst1q_s8(y, lookup_s8_neon_sixteen(vld1q_s8(x), t0, t1, t2, t3));
        x += 16;
        y += 16;
    }
    for (int32_t i = 0; i < rest; ++i)
        y[i] = table[x[i] + 128];
}
