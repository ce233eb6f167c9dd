/* softmax_s8 for MVE: exponentials gathered four at a time.
 *
 * Exact: it is the contract's formula.  A sum of at most 8191 terms of at most 2^19 does not
 * saturate; VQRDMULH rounds factors >= 0 as the contract does, VRSHL the quotient, and gives 0 for
 * a shift of 32 and more, as both are below 2^31.
 *
 * @requires depth <= 8191
 * @inplace x
 */
#include "edgeq/softmax_s8.h"
#include "edgeq/reciprocal.h"

#include <arm_mve.h>

eq_softmax_s8_fn eq_softmax_s8__mve;

static inline int32_t softmax_s8_mve_max(const int8_t *x, int32_t count)
{
    int8_t max = INT8_MIN;
    for (; count > 0; count -= 16) {
        const mve_pred16_t lanes = vctp8q((uint32_t)count);
        max = vmaxvq_p_s8(max, vldrbq_z_s8(x, lanes), lanes);
        x += 16;
    }
    return max;
}

/* The exponentials of four elements, or of fewer. */
static inline int32x4_t softmax_s8_mve_four(const int8_t *x, int32_t max,
                                            const int32_t *restrict table,
                                            mve_pred16_t lanes)
{
    const int32x4_t less = vsubq_s32(vdupq_n_s32(max), vldrbq_z_s32(x, lanes));
    return vldrwq_gather_shifted_offset_z_s32(table, vreinterpretq_u32_s32(less), lanes);
}

static inline uint32_t softmax_s8_mve_sum(const int8_t *x, int32_t count, int32_t max,
                                          const int32_t *restrict table)
{
    uint32_t sum = 0;
    for (; count > 0; count -= 4) {
        const int32x4_t e = softmax_s8_mve_four(x, max, table, vctp32q((uint32_t)count));
        sum = vaddvaq_u32(sum, vreinterpretq_u32_s32(vrshrq_n_s32(e, 12)));
        x += 4;
    }
    return sum;
}

static inline void softmax_s8_mve_row(const int8_t *x, const int32_t *restrict table,
                                      int8_t *y, int32_t count)
{
    const int32_t max = softmax_s8_mve_max(x, count);
    const eq_reciprocal r = eq_reciprocal_of(softmax_s8_mve_sum(x, count, max, table), 12);
    const int32x4_t down = vdupq_n_s32(-(r.bits + 23)), most = vdupq_n_s32(127);
    for (; count > 0; count -= 4) {
        const mve_pred16_t lanes = vctp32q((uint32_t)count);
        const int32x4_t e = softmax_s8_mve_four(x, max, table, lanes);
        const int32x4_t v = vrshlq_s32(vqrdmulhq_n_s32(e, r.value), down);
        vstrbq_p_s32(y, vminq_s32(vsubq_n_s32(v, 128), most), lanes);
        x += 4;
        y += 4;
    }
}

void eq_softmax_s8__mve(const int8_t *x, const int32_t *restrict table, int8_t *y,
                        const eq_softmax_s8_params *restrict p)
{
    for (int32_t n = 0; n < p->rows; ++n)
        softmax_s8_mve_row(x + n * p->depth, table, y + n * p->depth, p->depth);
}
