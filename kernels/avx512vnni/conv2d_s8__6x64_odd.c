/* conv2d_s8 for AVX-512 VNNI: six windows of a band by 64 channels at a time.
 *
 * Exact: see conv2d_wide_tile_avx512vnni.h and odd_avx512.h.
 *
 * @rescale odd
 * @requires (out_c + 63) % 64 >= 32
 * @packs w (o/64, kh, kwi/4, o/8%2, o/32%2, o/16%2, o%8, kwi%4)
 * @packs bias (o/64, o/8%2, o/32%2, o/16%2, o%8)
 * @packs mult (o/64, o/8%2, o/32%2, o/16%2, o%8)
 * @packs shift (o/64, o/8%2, o/32%2, o/16%2, o%8)
 * @offset bias -128 w
 * @scratch ((max(1, min(row1 - row0, 24576 / (((dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw) * in_c * stride_h))) - 1) * stride_h + (kh - 1) * dil_h + 1) * ((dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw) * in_c + 128
 * @overlap rows
 */
#include "edgeq/conv2d_s8.h"
#include "edgeq/conv2d_wide_avx512vnni.h"

eq_conv2d_s8_fn EQ_SYM(eq_conv2d_s8__avx512vnni_6x64_odd);

void EQ_SYM(eq_conv2d_s8__avx512vnni_6x64_odd)(const int8_t *x, const int8_t *restrict w,
                                               const int32_t *restrict bias,
                                               const int32_t *restrict mult,
                                               const int32_t *restrict shift, int8_t *y,
                                               int8_t *restrict scratch,
                                               const eq_conv2d_s8_params *restrict p)
{
    const eq_conv2d_arrays a = {x, w, bias, mult, shift, y};
    const eq_conv2d_call call = EQ_CONV2D_CALL(p, 0);
    eq_conv2d_wide_x512(&a, scratch, &call, EQ_64_X512, EQ_ODD_X512);
}
