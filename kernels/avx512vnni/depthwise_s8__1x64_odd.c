/* depthwise_s8 for AVX-512 VNNI: windows of one column, 64 channels of a pixel at a time, magnitudes by floats.
 *
 * Exact: see depthwise_words_avx512vnni.h and odd_avx512.h.
 *
 * @requires multiplier == 1 and in_c > 32 and kw == 1 and pad_left == 0
 * @requires (out_w - 1) * stride_w < in_w
 * @rescale odd
 * @packs w (o/64, kh/4, kw, o/4%4, o/16%4, o%4, kh%4)
 * @packs bias (o/64, o/4%4, o/16%4, o%4)
 * @packs mult (o/64, o/4%4, o/16%4, o%4)
 * @packs shift (o/64, o/4%4, o/16%4, o%4)
 * @offset bias -128 w
 * @scratch 8 * ((row1 - row0 - 1) * stride_h + (kh - 1) * dil_h + 4) + in_w * x_pixel + 64
 */
#include "edgeq/depthwise_columns_avx512vnni.h"

eq_depthwise_s8_fn EQ_SYM(eq_depthwise_s8__avx512vnni_1x64_odd);

void EQ_SYM(eq_depthwise_s8__avx512vnni_1x64_odd)(
    const int8_t *restrict x, const int8_t *restrict w, const int32_t *restrict bias,
    const int32_t *restrict mult, const int32_t *restrict shift, int8_t *restrict y,
    int8_t *restrict scratch, const eq_depthwise_s8_params *restrict p)
{
    const eq_words_arrays_x512 a = {w, bias, mult, shift, y};
    eq_depthwise_columns_x512(x, &a, scratch, p, EQ_ODD_X512);
}
