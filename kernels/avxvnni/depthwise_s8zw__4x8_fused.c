/* depthwise_s8zw for AVX-VNNI: four bytes of a column side by side for eight channels, four pixels at a time.
 *
 * Exact: see depthwise_avxvnni.h and fused_avx2.h; channels beyond the last have weights of zero
 * and are not stored.
 *
 * @requires multiplier == 1 and (kh + 3) / 4 * kw <= 64
 * @packs w (o/8, kh/4, kw, o%8, kh%4)
 * @packs bias (o/8, o%8)
 * @packs mult (o/8, o%8)
 * @packs shift (o/8, o%8)
 * @rescale fused
 * @offset bias -128 w
 * @scratch ((max(1, min(row1 - row0, 24576 / (((dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw) * in_c * stride_h))) - 1) * stride_h + (kh - 1) * dil_h + 1) * ((dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw) * in_c + 96 + max(1, min(row1 - row0, 16384 / ((kh + 3) / 4 * (((dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw) * 4 * min(in_c, 32) + 128)))) * ((kh + 3) / 4 * (((dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw) * 4 * min(in_c, 32) + 128))
 * @overlap rows
 */
#include "edgeq/depthwise_avxvnni.h"
#include "edgeq/depthwise_params_s8.h"
#include "edgeq/depthwise_s8zw.h"

eq_depthwise_s8zw_fn EQ_SYM(eq_depthwise_s8zw__avxvnni_4x8_fused);

void EQ_SYM(eq_depthwise_s8zw__avxvnni_4x8_fused)(
    const int8_t *x, const int8_t *restrict w, const int32_t *restrict bias,
    const int32_t *restrict mult, const int32_t *restrict shift, int8_t *y,
    int8_t *restrict scratch, const eq_depthwise_s8zw_params *restrict p)
{
    const eq_conv2d_arrays a = {x, w, bias, mult, shift, y};
    const eq_depthwise_s8_params q = EQ_DEPTHWISE_PARAMS_S8(p);
    eq_depthwise_image_avxvnni(&a, scratch, &q, p->zw, 1, EQ_FUSED);
}
