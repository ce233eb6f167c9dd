/* depthwise_s8zw for AVX-512 VNNI: four rows of sixteen channels at a time.
 *
 * Exact: see depthwise_avx512vnni.h and rescale_avx512.h; channels beyond the last are not stored.
 *
 * @requires multiplier == 1 and kw <= 128 and live_shift >= 32 and acc_bits <= 31
 * @packs w (o/16, kh/4, kw, o%16, kh%4)
 * @packs bias (o/16, o%16)
 * @packs mult (o/16, o%16)
 * @packs shift (o/16, o%16)
 * @offset bias -128 w
 * @scratch ((max(1, min(row1 - row0, 24576 / (((dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw) * in_c * stride_h))) - 1) * stride_h + (kh - 1) * dil_h + 1) * ((dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw) * in_c + (kh + 3) / 4 * (((dil_w == 1) * stride_w + (dil_w > 1) * kw) * ((((dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw) + ((dil_w == 1) * stride_w + (dil_w > 1) * kw) - 1) / ((dil_w == 1) * stride_w + (dil_w > 1) * kw) + 1) * 64 + 512) + 128
 * @overlap rows
 */
#include "edgeq/depthwise_avx512vnni.h"
#include "edgeq/depthwise_params_s8.h"
#include "edgeq/depthwise_s8zw.h"

eq_depthwise_s8zw_fn EQ_SYM(eq_depthwise_s8zw__avx512vnni_words);

void EQ_SYM(eq_depthwise_s8zw__avx512vnni_words)(const int8_t *x, const int8_t *restrict w,
                                                 const int32_t *restrict bias,
                                                 const int32_t *restrict mult,
                                                 const int32_t *restrict shift, int8_t *y,
                                                 int8_t *restrict scratch,
                                                 const eq_depthwise_s8zw_params *restrict p)
{
    const eq_depthwise_s8_params all = EQ_DEPTHWISE_PARAMS_S8(p);
    const eq_depthwise_arrays_x512 a = {x, w, bias, mult, shift, y};
    eq_depthwise_by_strip_x512(&a, scratch, &all, p->zw, 1, eq_is_single());
}
