/* depthwise_s8 for the DSP extension: any multiplier, taps, strides, dilations and rings.
 *
 * Exact: depthwise_expand.h copies, the rest as in dsp_depthwise_any.h.
 *
 * @requires multiplier > 1 and in_c * multiplier >= 4
 * @requires live_shift >= 32 and max_shift <= 54 and acc_bits <= 30
 * @scratch 8 * kh * kw + in_c * multiplier + in_w * in_c * multiplier * min((kh - 1) * dil_h + 1, in_h)
 * @overlap rows
 */
#include "edgeq/depthwise_expand.h"
#include "edgeq/dsp_depthwise_any.h"

eq_depthwise_s8_fn EQ_SYM(eq_depthwise_s8__dsp_multiplier);

void EQ_SYM(eq_depthwise_s8__dsp_multiplier)(const int8_t *x, const int8_t *restrict w,
                                             const int32_t *restrict bias,
                                             const int32_t *restrict mult,
                                             const int32_t *restrict shift, int8_t *y,
                                             int8_t *restrict scratch,
                                             const eq_depthwise_s8_params *restrict p)
{
    int8_t *ring = scratch + 8 * p->kh * p->kw + p->in_c * p->multiplier;
    int32_t done = 0;
    for (int32_t h = p->row0; h < p->row1; ++h) {
        const eq_depthwise_s8_params q = eq_expand_params(p, h);
        done = eq_expand_rows(x, ring, done, p, &q);
        eq_dw_any(ring, w, q.in_c, bias, mult, shift, y, scratch, &q, 0, eq_dsp_form);
    }
}
