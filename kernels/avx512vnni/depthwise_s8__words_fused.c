/* depthwise_s8 for AVX-512 VNNI: four rows of sixteen channels at a time, rescaled by floats.
 *
 * Exact: see depthwise_avx512vnni.h and fused_avx512.h; channels beyond the last are not stored.
 *
 * @requires multiplier == 1 and kw <= 128
 * @rescale fused
 * @packs w (o/16, kh/4, kw, o%16, kh%4)
 * @packs bias (o/16, o%16)
 * @packs mult (o/16, o%16)
 * @packs shift (o/16, o%16)
 * @offset bias -128 w
 * @scratch ((max(1, min(row1 - row0, 24576 / (((dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw) * in_c * stride_h))) - 1) * stride_h + (kh - 1) * dil_h + 1) * ((dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw) * in_c + (kh + 3) / 4 * (((dil_w == 1) * stride_w + (dil_w > 1) * kw) * ((((dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw) + ((dil_w == 1) * stride_w + (dil_w > 1) * kw) - 1) / ((dil_w == 1) * stride_w + (dil_w > 1) * kw) + 1) * 64 + 512) + 128
 * @overlap rows
 */
#include "edgeq/depthwise_avx512vnni.h"
#include "edgeq/depthwise_s8.h"

eq_depthwise_s8_fn EQ_SYM(eq_depthwise_s8__avx512vnni_words_fused);

void EQ_SYM(eq_depthwise_s8__avx512vnni_words_fused)(
    const int8_t *x, const int8_t *restrict w, const int32_t *restrict bias,
    const int32_t *restrict mult, const int32_t *restrict shift, int8_t *y,
    int8_t *restrict scratch, const eq_depthwise_s8_params *restrict p)
{
    const eq_depthwise_arrays_x512 a = {x, w, bias, mult, shift, y};
    eq_depthwise_by_strip_x512(&a, scratch, p, 0, 0, EQ_FUSED_X512);
}
