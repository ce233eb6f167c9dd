/* quantize_s16, portable: clamp as a float, cut off the fraction, then look at it.
 *
 * Exact: after the clamp the value fits an int32, so v - (float)whole is exact, and a tie is
 * seen as exactly 1/2.  The comparison with lo is false for NaN, which becomes lo.
 */
#include "edgeq/quantize_s16.h"

eq_quantize_s16_fn eq_quantize_s16__ref;

static inline int32_t quantize_s16_ref_round(float v)
{
    const int32_t whole = (int32_t)v;
    const float fraction = v - (float)whole;
    return whole + (fraction >= 0.5F) - (fraction <= -0.5F);
}

void eq_quantize_s16__ref(const float *restrict x, const float *restrict scale,
                          int16_t *restrict y, const eq_quantize_s16_params *restrict p)
{
    const int32_t zy = p->zy;
    const float lo = (float)(-32768 - zy), hi = (float)(32767 - zy);
    for (int32_t i = 0; i < p->count; ++i) {
        const float q = x[i] / *scale;
        const float above = q > lo ? q : lo;
        const float v = above < hi ? above : hi;
        y[i] = (int16_t)(quantize_s16_ref_round(v) + zy);
    }
}
