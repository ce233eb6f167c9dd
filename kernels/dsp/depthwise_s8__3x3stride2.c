/* depthwise_s8 for the DSP extension: 3 x 3 taps, stride 2.
 *
 * The loops are in dsp_depthwise_3x3.h; they take three outputs of a row at once.
 *
 * Exact: the contract's sum in another order; the rescale is derived in dsp_rescale.h.
 *
 * @requires kh == 3 and kw == 3 and dil_h == 1 and dil_w == 1 and multiplier == 1
 * @requires stride_h == 2 and stride_w == 2 and in_c % 4 == 0 and out_w >= 3
 * @requires live_shift >= 32 and max_shift <= 54 and acc_bits <= 30
 * @packs w (o/2, kw, kh, o%2)
 * @scratch 16 * (2 * out_w + 1) * min(max(112 / (2 * out_w + 1), 2), row1 - row0 + 1)
 */
#include "edgeq/depthwise_s8.h"
#include "edgeq/dsp_depthwise_3x3.h"

eq_depthwise_s8_fn EQ_SYM(eq_depthwise_s8__dsp_3x3stride2);

void EQ_SYM(eq_depthwise_s8__dsp_3x3stride2)(
    const int8_t *restrict x, const int8_t *restrict w, const int32_t *restrict bias,
    const int32_t *restrict mult, const int32_t *restrict shift, int8_t *restrict y,
    int8_t *restrict scratch, const eq_depthwise_s8_params *restrict p)
{
    const eq_dw_plane plane = eq_dw_rows(x, y, p);
    eq_dw_3x3(&plane, w, bias, mult, shift, scratch, 2, 0, p, eq_dsp_form);
}
