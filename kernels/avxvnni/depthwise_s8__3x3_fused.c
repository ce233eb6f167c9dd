/* depthwise_s8 for AVX-VNNI: windows of three columns and up to three rows, 32 bytes of the output at a time.
 *
 * Exact: see depthwise_flat_avxvnni.h and fused_avx2.h; channels beyond the last have weights of zero
 * and are not stored.
 *
 * @requires multiplier == 1 and in_c % 8 == 0 and kh <= 3 and kw == 3 and dil_h == 1 and dil_w == 1
 * @packs w (o/32, kh/4, kw, o/4%4, o/16%2, o%4, kh%4)
 * @packs bias (o/32, o/4%4, o/16%2, o%4)
 * @packs mult (o/32, o/4%4, o/16%2, o%4)
 * @packs shift (o/32, o/4%4, o/16%2, o%4)
 * @rescale fused
 * @offset bias -128 w
 * @scratch ((max(1, min(row1 - row0, 24576 / (((out_w - 1) * stride_w + 3) * in_c * stride_h))) - 1) * stride_h + kh) * ((out_w - 1) * stride_w + 3) * in_c + 96 + ((out_w - 1) * stride_w + 3) * (4 * in_c * (in_c <= 16) + 128 * (in_c > 16)) + 256 * stride_w
 * @overlap rows
 */
#include "edgeq/depthwise_flat_image_avxvnni.h"
#include "edgeq/depthwise_s8.h"

eq_depthwise_s8_fn EQ_SYM(eq_depthwise_s8__avxvnni_3x3_fused);

void EQ_SYM(eq_depthwise_s8__avxvnni_3x3_fused)(const int8_t *x, const int8_t *restrict w,
                                                const int32_t *restrict bias,
                                                const int32_t *restrict mult,
                                                const int32_t *restrict shift, int8_t *y,
                                                int8_t *restrict scratch,
                                                const eq_depthwise_s8_params *restrict p)
{
    const eq_conv2d_arrays a = {x, w, bias, mult, shift, y};
    eq_flat_image_avxvnni(&a, scratch, p, 0, 0, EQ_FUSED);
}
