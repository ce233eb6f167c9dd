/* conv2d_s8 for AVX-512 VNNI: twelve windows of a band by 16 channels at a time.
 *
 * Exact: see conv2d_avx512vnni.h and rescale_avx512.h.
 *
 * @requires live_shift >= 32 and acc_bits <= 31 and out_c > 16 and (out_c + 31) % 32 < 16
 * @packs w (o/16, kh, kwi/4, o%16, kwi%4)
 * @packs bias (o/16, o%16)
 * @packs mult (o/16, o%16)
 * @packs shift (o/16, o%16)
 * @offset bias -128 w
 * @scratch ((max(1, min(row1 - row0, 24576 / (((dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw) * in_c * stride_h))) - 1) * stride_h + (kh - 1) * dil_h + 1) * ((dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw) * in_c + 128
 */
#include "edgeq/conv2d_avx512vnni.h"
#include "edgeq/conv2d_s8.h"

eq_conv2d_s8_fn EQ_SYM(eq_conv2d_s8__avx512vnni_12x16);

void EQ_SYM(eq_conv2d_s8__avx512vnni_12x16)(
    const int8_t *restrict x, const int8_t *restrict w, const int32_t *restrict bias,
    const int32_t *restrict mult, const int32_t *restrict shift, int8_t *restrict y,
    int8_t *restrict scratch, const eq_conv2d_s8_params *restrict p)
{
    const eq_conv2d_arrays a = {x, w, bias, mult, shift, y};
    const eq_conv2d_call call = EQ_CONV2D_CALL(p, 0);
    eq_conv2d_by_band_x512(&a, scratch, &call, 0, EQ_INT8_X512, eq_is_single());
}
