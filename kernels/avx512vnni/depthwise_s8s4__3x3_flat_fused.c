/* depthwise_s8s4 for AVX-512 VNNI: windows of three rows and columns, all 8, 16 or 32 channels of several
 * pixels at a time, with weights unpacked once a call, rescaled by floats.
 *
 * Exact: see depthwise_words_avx512vnni.h and fused_avx512.h.
 *
 * @requires multiplier == 1 and (in_c == 8 or in_c == 16 or in_c == 32)
 * @requires x_pixel == in_c and y_pixel == in_c and kh == 3 and kw == 3 and dil_h == 1 and dil_w == 1
 * @requires stride_w <= 2 and stride_h == stride_w and pad_left <= 1
 * @rescale fused
 * @packs w (kh/4, kw, o/8, o%4, kh%4, o/4%2)
 * @offset bias -128 w
 * @scratch 8 * ((row1 - row0 - 1) * stride_h + 3) + in_w * x_pixel + 64 + 12 * in_c
 * @overlap rows
 */
#include "edgeq/depthwise_int4_avx512vnni.h"
#include "edgeq/depthwise_params_s8.h"
#include "edgeq/depthwise_runs_avx512vnni.h"
#include "edgeq/depthwise_s8s4.h"

eq_depthwise_s8s4_fn EQ_SYM(eq_depthwise_s8s4__avx512vnni_3x3_flat_fused);

void EQ_SYM(eq_depthwise_s8s4__avx512vnni_3x3_flat_fused)(
    const int8_t *x, const int8_t *restrict w, const int32_t *restrict bias,
    const int32_t *restrict mult, const int32_t *restrict shift, int8_t *y,
    int8_t *restrict scratch, const eq_depthwise_s8s4_params *restrict p)
{
    const eq_depthwise_s8_params all = EQ_DEPTHWISE_PARAMS_S8(p);
    const int64_t size = 12 * p->in_c;
    const eq_words_arrays_x512 a = {scratch, bias, mult, shift, y};
    eq_unpack_16_x512(scratch, w, size / 2);
    eq_depthwise_runs_x512(x, &a, scratch + size, &all, 0, 0, EQ_FUSED_X512);
}
