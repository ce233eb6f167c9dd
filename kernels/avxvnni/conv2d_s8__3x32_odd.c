/* conv2d_s8 for AVX-VNNI: rows are copied with their borders into a band of x + 128, then
 * three windows at a time, read where they lie, are multiplied with 32 channels at a time.
 *
 * Exact: see conv2d_avxvnni.h and odd_avx2.h.  Short rows that are not whole threes of windows, and
 * no line with the next, are left to tiles of two rows.
 *
 * @requires (out_c + 15) / 16 % 2 == 0 and (kh * kw == 1 or out_w > 8 or out_w % 3 == 0)
 * @packs w (o/32, kh, kwi/4, o/8%2, o%2, o/16%2, o/2%4, kwi%4)
 * @packs bias (o/32, o/8%2, o%2, o/16%2, o/2%4)
 * @packs mult (o/32, o/8%2, o%2, o/16%2, o/2%4)
 * @packs shift (o/32, o/8%2, o%2, o/16%2, o/2%4)
 * @rescale odd
 * @offset bias -128 w
 * @scratch ((max(1, min(row1 - row0, 24576 / (((dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw) * in_c * stride_h))) - 1) * stride_h + (kh - 1) * dil_h + 1) * ((dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw) * in_c + 32 + (3 <= kw * in_c and kw * in_c <= 4) * out_w * 4 * ((max(1, min(row1 - row0, 24576 / (((dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw) * in_c * stride_h))) - 1) * stride_h + (kh - 1) * dil_h + 1) + (dil_w == 1 and kw * in_c % 4 == 1 and kw * in_c > 4 and (kh == 2 or kh == 3) and stride_w * in_c <= 7) * (4 * out_w * max(1, min(row1 - row0, 24576 / (((dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw) * in_c * stride_h))) + 12)
 * @overlap rows
 */
#include "edgeq/conv2d_avxvnni.h"
#include "edgeq/conv2d_s8.h"

eq_conv2d_s8_fn EQ_SYM(eq_conv2d_s8__avxvnni_3x32_odd);

void EQ_SYM(eq_conv2d_s8__avxvnni_3x32_odd)(const int8_t *x, const int8_t *restrict w,
                                            const int32_t *restrict bias,
                                            const int32_t *restrict mult,
                                            const int32_t *restrict shift, int8_t *y,
                                            int8_t *restrict scratch,
                                            const eq_conv2d_s8_params *restrict p)
{
    const eq_conv2d_arrays a = {x, w, bias, mult, shift, y};
    const eq_conv2d_call call = EQ_CONV2D_CALL(p, 0);
    eq_conv2d_by_band_avxvnni(&a, scratch, &call, EQ_WIDE_AVXVNNI + EQ_INT8_AVXVNNI,
                              EQ_ODD);
}
