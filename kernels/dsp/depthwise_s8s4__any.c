/* depthwise_s8s4 for the DSP extension: any taps, strides, dilations and rings; multiplier 1.
 *
 * Weights are widened into scratch once; the loops are in dsp_depthwise_any.h.
 *
 * Exact: the contract's sum in another order; the rescale is derived in dsp_rescale.h.
 *
 * @requires multiplier == 1 and in_c >= 4
 * @requires live_shift >= 32 and max_shift <= 54 and acc_bits <= 30
 * @packs w (kh, kw, o/2, o%2)
 * @scratch 8 * kh * kw + in_c + kh * kw * ((in_c + 1) / 2 * 2)
 * @overlap rows
 */
#include "edgeq/depthwise_params_s8.h"
#include "edgeq/depthwise_s8s4.h"
#include "edgeq/dsp_depthwise_any.h"
#include "edgeq/dsp_nibbles.h"

eq_depthwise_s8s4_fn EQ_SYM(eq_depthwise_s8s4__dsp_any);

void EQ_SYM(eq_depthwise_s8s4__dsp_any)(const int8_t *x, const int8_t *restrict w,
                                        const int32_t *restrict bias,
                                        const int32_t *restrict mult,
                                        const int32_t *restrict shift, int8_t *y,
                                        int8_t *restrict scratch,
                                        const eq_depthwise_s8s4_params *restrict p)
{
    const eq_depthwise_s8_params same = EQ_DEPTHWISE_PARAMS_S8(p);
    const int32_t taps = p->kh * p->kw, step = (p->in_c + 1) / 2 * 2;
    int8_t *wide = scratch + 8 * taps + p->in_c;
    eq_dw_widen(wide, w, taps * step / 2);
    eq_dw_any(x, wide, step, bias, mult, shift, y, scratch, &same, 0, eq_dsp_form);
}
