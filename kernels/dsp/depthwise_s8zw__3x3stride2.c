/* depthwise_s8zw for the DSP extension: 3 x 3 taps, stride 2.
 *
 * The loops are in dsp_depthwise_3x3.h, which subtract the zero point of the weights
 * when they widen them.
 *
 * Exact: the contract's sum in another order; the rescale is derived in dsp_rescale.h.
 *
 * @requires kh == 3 and kw == 3 and dil_h == 1 and dil_w == 1 and multiplier == 1
 * @requires stride_h == 2 and stride_w == 2 and in_c % 4 == 0 and out_w >= 3
 * @requires live_shift >= 32 and max_shift <= 54 and acc_bits <= 30
 * @packs w (o/2, kw, kh, o%2)
 * @scratch 16 * (2 * out_w + 1) * min(max(112 / (2 * out_w + 1), 2), row1 - row0 + 1)
 */
#include "edgeq/depthwise_s8zw.h"
#include "edgeq/dsp_depthwise_3x3.h"

eq_depthwise_s8zw_fn EQ_SYM(eq_depthwise_s8zw__dsp_3x3stride2);

void EQ_SYM(eq_depthwise_s8zw__dsp_3x3stride2)(
    const int8_t *restrict x, const int8_t *restrict w, const int32_t *restrict bias,
    const int32_t *restrict mult, const int32_t *restrict shift, int8_t *restrict y,
    int8_t *restrict scratch, const eq_depthwise_s8zw_params *restrict p)
{
    const eq_depthwise_s8_params q = {
        .in_h = p->in_h,
        .in_w = p->in_w,
        .in_c = p->in_c,
        .multiplier = 1,
        .out_w = p->out_w,
        .kh = 3,
        .kw = 3,
        .stride_h = p->stride_h,
        .stride_w = p->stride_w,
        .dil_h = 1,
        .dil_w = 1,
        .pad_top = p->pad_top,
        .pad_left = p->pad_left,
        .row0 = p->row0,
        .row1 = p->row1,
        .x_row = p->x_row,
        .x_pixel = p->x_pixel,
        .x_ring = p->x_ring,
        .y_row = p->y_row,
        .y_pixel = p->y_pixel,
        .zx = p->zx,
        .zy = p->zy,
        .act_min = p->act_min,
        .act_max = p->act_max,
    };
    const eq_dw_plane plane = eq_dw_rows(x, y, &q);
    const int32_t room = plane.count > 27 ? 2 : 112 / (2 * plane.count + 1);
    const int32_t lines = room < plane.rows + 1 ? room : plane.rows + 1;
    eq_dw_3x3(&plane, w, bias, mult, shift, scratch, lines, 2, p->zw, &q, eq_dsp_form);
}
