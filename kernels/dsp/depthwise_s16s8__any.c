/* depthwise_s16s8 for the DSP extension: any taps, strides, dilations and rings; multiplier 1.
 *
 * The loops are in dsp_depthwise16.h.
 *
 * Exact: the contract's sum in 32 bits; the rescale is derived there.
 *
 * @requires multiplier == 1 and in_c >= 4
 * @requires acc_bits <= 31 and live_shift >= 16
 * @align 2
 * @scratch 8 * kh * kw + 2 * in_c
 * @overlap rows
 */
#include "edgeq/dsp_depthwise16.h"

eq_depthwise_s16s8_fn EQ_SYM(eq_depthwise_s16s8__dsp_any);

void EQ_SYM(eq_depthwise_s16s8__dsp_any)(const int16_t *x, const int8_t *restrict w,
                                         const int64_t *restrict bias,
                                         const int32_t *restrict mult,
                                         const int32_t *restrict shift, int16_t *y,
                                         int8_t *restrict scratch,
                                         const eq_depthwise_s16s8_params *restrict p)
{
    int16_t *zero = (int16_t *)(void *)(scratch + 8 * p->kh * p->kw);
    eq_dw16_any(x, w, p->in_c, bias, mult, shift, y, zero, scratch, p, eq_dsp_form, 0);
}
