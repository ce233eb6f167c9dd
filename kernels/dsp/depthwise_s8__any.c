/* depthwise_s8 for the DSP extension: any taps, strides, dilations and rings; multiplier 1.
 *
 * The loops are in dsp_depthwise_any.h.
 *
 * Exact: the contract's sum in another order; the rescale is derived in dsp_rescale.h.
 *
 * @requires multiplier == 1 and in_c >= 4
 * @requires live_shift >= 32 and max_shift <= 54 and acc_bits <= 30
 * @scratch 8 * kh * kw + in_c
 * @overlap rows
 */
#include "edgeq/dsp_depthwise_any.h"

eq_depthwise_s8_fn EQ_SYM(eq_depthwise_s8__dsp_any);

void EQ_SYM(eq_depthwise_s8__dsp_any)(const int8_t *x, const int8_t *restrict w,
                                      const int32_t *restrict bias,
                                      const int32_t *restrict mult,
                                      const int32_t *restrict shift, int8_t *y,
                                      int8_t *restrict scratch,
                                      const eq_depthwise_s8_params *restrict p)
{
    eq_dw_any(x, w, p->in_c, bias, mult, shift, y, scratch, p, 0, eq_dsp_form);
}
