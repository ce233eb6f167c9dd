/* depthwise_s8zw for AVX-512 VNNI: windows of three rows and columns, 64 channels of a pixel at a time, rescaled by floats.
 *
 * Exact: see depthwise_words_avx512vnni.h and fused_avx512.h.
 *
 * @requires multiplier == 1 and in_c > 32 and kh == 3 and kw == 3 and dil_w == 1
 * @requires stride_w <= 2 and stride_h == stride_w and dil_h == 1 and pad_left <= 1
 * @requires in_w > 1 and out_w > 1 and (out_w - 1) * stride_w + 2 - pad_left <= in_w
 * @requires zw > -128
 * @rescale fused
 * @packs w (o/64, kh/4, kw, o/4%4, o/16%4, o%4, kh%4)
 * @packs bias (o/64, o/4%4, o/16%4, o%4)
 * @packs mult (o/64, o/4%4, o/16%4, o%4)
 * @packs shift (o/64, o/4%4, o/16%4, o%4)
 * @offset bias -128 w
 * @scratch 8 * ((row1 - row0 - 1) * stride_h + 3) + in_w * x_pixel + 64
 */
#include "edgeq/depthwise_deep_avx512vnni.h"
#include "edgeq/depthwise_params_s8.h"
#include "edgeq/depthwise_s8zw.h"

eq_depthwise_s8zw_fn EQ_SYM(eq_depthwise_s8zw__avx512vnni_3x3_64_fused);

void EQ_SYM(eq_depthwise_s8zw__avx512vnni_3x3_64_fused)(
    const int8_t *restrict x, const int8_t *restrict w, const int32_t *restrict bias,
    const int32_t *restrict mult, const int32_t *restrict shift, int8_t *restrict y,
    int8_t *restrict scratch, const eq_depthwise_s8zw_params *restrict p)
{
    const eq_depthwise_s8_params all = EQ_DEPTHWISE_PARAMS_S8(p);
    const eq_words_arrays_x512 a = {w, bias, mult, shift, y};
    eq_depthwise_deep_x512(x, &a, scratch, &all, p->zw, 1, EQ_FUSED_X512);
}
