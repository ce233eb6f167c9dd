/* depthwise_s16s4 for the DSP extension: any taps, strides, dilations and rings; multiplier 1.
 *
 * Weights are widened into scratch once; the loops are in dsp_depthwise16.h.
 *
 * Exact: the contract's sum in 32 bits; the rescale is derived there.
 *
 * @requires multiplier == 1 and in_c >= 4
 * @requires acc_bits <= 31 and live_shift >= 16
 * @packs w (kh, kw, o/2, o%2)
 * @align 2
 * @scratch 8 * kh * kw + 2 * in_c + kh * kw * ((in_c + 1) / 2 * 2)
 * @overlap rows
 */
#include "edgeq/depthwise_s16s4.h"
#include "edgeq/dsp_depthwise16.h"
#include "edgeq/dsp_nibbles.h"

eq_depthwise_s16s4_fn EQ_SYM(eq_depthwise_s16s4__dsp_any);

void EQ_SYM(eq_depthwise_s16s4__dsp_any)(const int16_t *x, const int8_t *restrict w,
                                         const int64_t *restrict bias,
                                         const int32_t *restrict mult,
                                         const int32_t *restrict shift, int16_t *y,
                                         int8_t *restrict scratch,
                                         const eq_depthwise_s16s4_params *restrict p)
{
    eq_depthwise_s16s8_params q;
    _Static_assert(sizeof q == sizeof *p, "the contracts have the same fields");
    memcpy(&q, p, sizeof q);
    const int32_t taps = p->kh * p->kw, step = (p->in_c + 1) / 2 * 2;
    int16_t *zero = (int16_t *)(void *)(scratch + 8 * taps);
    int8_t *wide = scratch + 8 * taps + 2 * p->in_c;
    eq_dw_widen(wide, w, taps * step / 2);
    eq_dw16_any(x, wide, step, bias, mult, shift, y, zero, scratch, &q, eq_dsp_form, 0);
}
