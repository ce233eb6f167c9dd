/* conv2d_s8 for AVX-512 VNNI: pixels in lanes, sixteen by 16 channels at a time, or 32 by 8.
 *
 * Exact: see conv2d_lanes_avx512vnni.h and odd_avx512.h.
 *
 * @rescale odd
 * @requires out_c <= 16
 * @packs w (o/16, kh, kwi/4, o%16, kwi%4)
 * @packs bias (o/16, o%16)
 * @packs mult (o/16, o%16)
 * @packs shift (o/16, o%16)
 * @offset bias -128 w
 * @scratch ((max(1, min(row1 - row0, 24576 / ((64 * (((kw - (stride_w == 1) * (in_c % 4 == 0) * (kw - 1)) * in_c + 3) / 4) * (((out_w + 15) / 16 * 16 + (stride_w == 1) * (in_c % 4 == 0) * (kw - 1) * dil_w + 15) / 16)) * stride_h))) - 1) * stride_h + (kh - 1) * dil_h + 1) * (64 * (((kw - (stride_w == 1) * (in_c % 4 == 0) * (kw - 1)) * in_c + 3) / 4) * (((out_w + 15) / 16 * 16 + (stride_w == 1) * (in_c % 4 == 0) * (kw - 1) * dil_w + 15) / 16)) + 16 * (((out_w + 15) / 16 * 16 + (stride_w == 1) * (in_c % 4 == 0) * (kw - 1) * dil_w + 15) / 16) * in_c * max(stride_w, (dil_w > 1) * kw) + kw * in_c + 68
 * @overlap rows
 */
#include "edgeq/conv2d_pixels_avx512vnni.h"
#include "edgeq/conv2d_s8.h"

eq_conv2d_s8_fn EQ_SYM(eq_conv2d_s8__avx512vnni_16x16_odd);

void EQ_SYM(eq_conv2d_s8__avx512vnni_16x16_odd)(const int8_t *x, const int8_t *restrict w,
                                                const int32_t *restrict bias,
                                                const int32_t *restrict mult,
                                                const int32_t *restrict shift, int8_t *y,
                                                int8_t *restrict scratch,
                                                const eq_conv2d_s8_params *restrict p)
{
    const eq_conv2d_arrays a = {x, w, bias, mult, shift, y};
    const eq_conv2d_call call = EQ_CONV2D_CALL(p, 0);
    eq_conv2d_by_pixels(&a, scratch, &call, 0, EQ_ODD_X512);
}
