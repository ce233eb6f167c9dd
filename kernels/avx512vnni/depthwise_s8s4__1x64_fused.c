/* depthwise_s8s4 for AVX-512 VNNI: windows of one column, 64 channels of a pixel at a time,
 * with weights unpacked once a call, rescaled by floats.
 *
 * Exact: see depthwise_words_avx512vnni.h and fused_avx512.h.
 *
 * @requires multiplier == 1 and in_c > 32 and kw == 1 and pad_left == 0
 * @requires (out_w - 1) * stride_w < in_w
 * @rescale fused
 * @packs w (o/64, kh/4, kw, o/8%2, o/16%4, o%4, kh%4, o/4%2)
 * @packs bias (o/64, o/4%4, o/16%4, o%4)
 * @packs mult (o/64, o/4%4, o/16%4, o%4)
 * @packs shift (o/64, o/4%4, o/16%4, o%4)
 * @offset bias -128 w
 * @scratch 8 * ((row1 - row0 - 1) * stride_h + (kh - 1) * dil_h + 4) + in_w * x_pixel + 64 + (in_c + 63) / 64 * 256 * ((kh + 3) / 4)
 */
#include "edgeq/depthwise_columns_avx512vnni.h"
#include "edgeq/depthwise_int4_avx512vnni.h"
#include "edgeq/depthwise_params_s8.h"
#include "edgeq/depthwise_s8s4.h"

eq_depthwise_s8s4_fn EQ_SYM(eq_depthwise_s8s4__avx512vnni_1x64_fused);

void EQ_SYM(eq_depthwise_s8s4__avx512vnni_1x64_fused)(
    const int8_t *restrict x, const int8_t *restrict w, const int32_t *restrict bias,
    const int32_t *restrict mult, const int32_t *restrict shift, int8_t *restrict y,
    int8_t *restrict scratch, const eq_depthwise_s8s4_params *restrict p)
{
    const eq_depthwise_s8_params all = EQ_DEPTHWISE_PARAMS_S8(p);
    const int64_t size = (int64_t)((p->in_c + 63) / 64 * 256) * ((p->kh + 3) / 4);
    const eq_words_arrays_x512 a = {scratch, bias, mult, shift, y};
    eq_unpack_64_x512(scratch, w, size / 2);
    eq_depthwise_columns_x512(x, &a, scratch + size, &all, EQ_FUSED_X512);
}
