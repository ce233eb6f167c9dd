/* depthwise_s8zw for the DSP extension: 3 x 3 taps, stride 2, images of at most 7 x 7 outputs.
 *
 * The loops are in dsp_depthwise_small.h, which subtract the zero point of the weights
 * when they widen them.
 *
 * Exact: the contract's sum in another order; the rescale is derived in dsp_rescale.h.
 *
 * @requires kh == 3 and kw == 3 and dil_h == 1 and dil_w == 1 and multiplier == 1
 * @requires stride_h == 2 and stride_w == 2 and in_c % 4 == 0
 * @requires out_w >= 2 and out_w <= 7 and (row1 - row0) <= 7
 * @requires live_shift >= 32 and max_shift <= 54 and acc_bits <= 30
 * @packs w (o/2, kw, kh, o%2)
 * @scratch 240 * ((row1 - row0) + 1)
 */
#include "edgeq/depthwise_params_s8.h"
#include "edgeq/depthwise_s8zw.h"
#include "edgeq/dsp_depthwise_small.h"

eq_depthwise_s8zw_fn EQ_SYM(eq_depthwise_s8zw__dsp_3x3_small2);

void EQ_SYM(eq_depthwise_s8zw__dsp_3x3_small2)(
    const int8_t *restrict x, const int8_t *restrict w, const int32_t *restrict bias,
    const int32_t *restrict mult, const int32_t *restrict shift, int8_t *restrict y,
    int8_t *restrict scratch, const eq_depthwise_s8zw_params *restrict p)
{
    const eq_depthwise_s8_params same = EQ_DEPTHWISE_PARAMS_S8(p);
    const eq_dw_plane plane = eq_dw_rows(x, y, &same);
    eq_dw_small(&plane, w, bias, mult, shift, scratch, 2, p->zw, &same, eq_dsp_form);
}
