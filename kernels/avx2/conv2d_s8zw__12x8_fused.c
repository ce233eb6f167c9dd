/* conv2d_s8zw for AVX2, to at most eight channels: rows are widened with their borders into a band,
 * then twelve windows at a time, read where they lie, are multiplied with eight channels.
 *
 * Exact: see conv2d_narrow_avx2.h and fused_avx2.h.
 *
 * @rescale fused
 * @requires out_c <= 8 and out_w >= 12
 * @packs w (o/8, kh, kwi/2, o%8, kwi%2)
 * @packs bias (o/8, o%8)
 * @packs mult (o/8, o%8)
 * @packs shift (o/8, o%8)
 * @scratch 32 * kh * ((kw * in_c + 1) / 2) + 2 * ((max(1, min(row1 - row0, 24576 / (((dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw) * in_c * stride_h))) - 1) * stride_h + (kh - 1) * dil_h + 1) * ((dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw) * in_c + 64
 * @overlap rows
 */
#include "edgeq/conv2d_narrow_avx2.h"
#include "edgeq/conv2d_s8zw.h"

eq_conv2d_s8zw_fn EQ_SYM(eq_conv2d_s8zw__avx2_12x8_fused);

void EQ_SYM(eq_conv2d_s8zw__avx2_12x8_fused)(const int8_t *x, const int8_t *restrict w,
                                             const int32_t *restrict bias,
                                             const int32_t *restrict mult,
                                             const int32_t *restrict shift, int8_t *y,
                                             int8_t *restrict scratch,
                                             const eq_conv2d_s8zw_params *restrict p)
{
    const eq_conv2d_arrays arrays = {x, w, bias, mult, shift, y};
    const eq_conv2d_call call = EQ_CONV2D_CALL(p, p->zw);
    eq_conv2d_narrow_avx2(&arrays, scratch, &call, EQ_ZERO_POINT_AVX2, EQ_FUSED);
}
