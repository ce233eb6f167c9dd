/* quantize_s8, portable: clamp as a float, then round as a number of 16 binary places.
 *
 * Exact: after the clamp |v| <= 255, so 2^16 * v is a float and within int32; cutting off what
 * is below 2^-16 moves nothing over a tie or onto one.  Below zero ties go down, for one is
 * taken first.  The comparison with lo is false for NaN, which becomes lo.
 */
#include "edgeq/quantize_s8.h"

eq_quantize_s8_fn eq_quantize_s8__ref;

static inline int32_t quantize_s8_ref_round(float v)
{
    const int32_t places = (int32_t)(v * 65536.0F);
    return (places + (1 << 15) - (places < 0)) >> 16;
}

void eq_quantize_s8__ref(const float *restrict x, const float *restrict scale,
                         int8_t *restrict y, const eq_quantize_s8_params *restrict p)
{
    const int32_t zy = p->zy;
    const float lo = (float)(-128 - zy), hi = (float)(127 - zy);
    for (int32_t i = 0; i < p->count; ++i) {
        const float q = x[i] / *scale;
        const float above = q > lo ? q : lo;
        const float v = above < hi ? above : hi;
        y[i] = (int8_t)(quantize_s8_ref_round(v) + zy);
    }
}
