/* conv2d_s8 for AVX-VNNI: rows are copied with their borders into a band of x + 128, then
 * twelve windows at a time, read where they lie, are multiplied with up to eight channels.
 *
 * Exact: see conv2d_avxvnni.h and fused_avx2.h.
 *
 * @requires out_c <= 8
 * @packs w (o/8, kh, kwi/4, o%8, kwi%4)
 * @packs bias (o/8, o%8)
 * @packs mult (o/8, o%8)
 * @packs shift (o/8, o%8)
 * @rescale fused
 * @offset bias -128 w
 * @scratch ((max(1, min(row1 - row0, 24576 / (((dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw) * in_c * stride_h))) - 1) * stride_h + (kh - 1) * dil_h + 1) * ((dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw) * in_c + 32 + (3 <= kw * in_c and kw * in_c <= 4) * out_w * 4 * ((max(1, min(row1 - row0, 24576 / (((dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw) * in_c * stride_h))) - 1) * stride_h + (kh - 1) * dil_h + 1)
 * @overlap rows
 */
#include "edgeq/conv2d_avxvnni.h"
#include "edgeq/conv2d_s8.h"

eq_conv2d_s8_fn EQ_SYM(eq_conv2d_s8__avxvnni_12x8_fused);

void EQ_SYM(eq_conv2d_s8__avxvnni_12x8_fused)(const int8_t *x, const int8_t *restrict w,
                                              const int32_t *restrict bias,
                                              const int32_t *restrict mult,
                                              const int32_t *restrict shift, int8_t *y,
                                              int8_t *restrict scratch,
                                              const eq_conv2d_s8_params *restrict p)
{
    const eq_conv2d_arrays a = {x, w, bias, mult, shift, y};
    const eq_conv2d_call call = EQ_CONV2D_CALL(p, 0);
    eq_conv2d_by_band_avxvnni(&a, scratch, &call, EQ_NARROW_AVXVNNI + EQ_INT8_AVXVNNI,
                              EQ_FUSED);
}
