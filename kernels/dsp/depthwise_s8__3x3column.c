/* depthwise_s8 for the DSP extension: 3 x 3 taps, stride 1, along columns.
 *
 * The loops are in dsp_depthwise_3x3.h; they take three outputs of a column at once, which suits images of few columns.
 *
 * Exact: the contract's sum in another order; the rescale is derived in dsp_rescale.h.
 *
 * @requires kh == 3 and kw == 3 and dil_h == 1 and dil_w == 1 and multiplier == 1
 * @requires stride_h == 1 and stride_w == 1 and in_c % 4 == 0 and (row1 - row0) >= 3
 * @requires live_shift >= 32 and max_shift <= 54 and acc_bits <= 30
 * @requires x_ring == in_h and in_w > 1
 * @requires (row1 - row0) * ((out_w + 2) / 3 * 8 + 4) > out_w * ((row1 - row0 + 2) / 3 * 9 + 4)
 * @packs w (o/2, kh, kw, o%2)
 * @scratch 16 * ((row1 - row0) + 2) * min(max(112 / ((row1 - row0) + 2), 2), out_w + 1)
 */
#include "edgeq/depthwise_s8.h"
#include "edgeq/dsp_depthwise_3x3.h"

eq_depthwise_s8_fn EQ_SYM(eq_depthwise_s8__dsp_3x3column);

void EQ_SYM(eq_depthwise_s8__dsp_3x3column)(
    const int8_t *restrict x, const int8_t *restrict w, const int32_t *restrict bias,
    const int32_t *restrict mult, const int32_t *restrict shift, int8_t *restrict y,
    int8_t *restrict scratch, const eq_depthwise_s8_params *restrict p)
{
    const eq_dw_plane plane = eq_dw_columns(x, y, p);
    eq_dw_3x3(&plane, w, bias, mult, shift, scratch, 1, 0, p, eq_dsp_form);
}
