/* conv_transpose2d_s8 for AVX2: the rows that reach a row of y are copied, then six pixels at a
 * time, reached by the same taps, are multiplied with sixteen channels at a time.
 *
 * Exact: see conv_transpose2d_avx2.h and fixed_point_avx2.h.
 *
 * @packs w (o/16, kh, kw, i/2, o/4%2, o/8%2, o%4, i%2)
 * @packs bias (o/16, o/4%2, o/8%2, o%4)
 * @packs mult (o/16, o/4%2, o/8%2, o%4)
 * @packs shift (o/16, o/4%2, o/8%2, o%4)
 * @scratch 2 * kh * ((kw - 1) * dil_w / stride_w + (out_w - 1 + pad_left) / stride_w + 1) * in_c + 16
 */
#include "edgeq/conv_transpose2d_s8.h"
#include "edgeq/conv_transpose2d_avx2.h"

eq_conv_transpose2d_s8_fn EQ_SYM(eq_conv_transpose2d_s8__avx2);

void EQ_SYM(eq_conv_transpose2d_s8__avx2)(
    const int8_t *restrict x, const int8_t *restrict w, const int32_t *restrict bias,
    const int32_t *restrict mult, const int32_t *restrict shift, int8_t *restrict y,
    int8_t *restrict scratch, const eq_conv_transpose2d_s8_params *restrict p)
{
    const eq_conv2d_call call = EQ_CONV2D_CALL(p, 0);
    const eq_layer_avx2 layer = {.bias = bias,
                                 .mult = mult,
                                 .shift = shift,
                                 .out_c = p->out_c,
                                 .range =
                                     eq_load_range_avx2(p->zy, p->act_min, p->act_max)};
    const eq_reach_end_avx2 end = {&layer, NULL, {0, 0, EQ_ANY + eq_is_single()}};
    eq_transposed_avx2(x, w, y, scratch, &call, 0, &end);
}
