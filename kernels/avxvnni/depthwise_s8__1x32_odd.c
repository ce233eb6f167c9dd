/* depthwise_s8 for AVX-VNNI: columns of windows as they stand above each other, 32 channels at a time.
 *
 * Exact: see depthwise_column_avxvnni.h and odd_avx2.h; channels beyond the last have weights of zero
 * and are not stored.
 *
 * @requires multiplier == 1 and kw == 1 and out_w == 1 and dil_h == 1 and pad_left == 0
 * @packs w (o/32, kh/4, kw, o/4%4, o/16%2, o%4, kh%4)
 * @packs bias (o/32, o/4%4, o/16%2, o%4)
 * @packs mult (o/32, o/4%4, o/16%2, o%4)
 * @packs shift (o/32, o/4%4, o/16%2, o%4)
 * @rescale odd
 * @offset bias -128 w
 * @scratch 128 * ((min(row1 - row0, 64) - 1) * stride_h + (kh + 3) / 4 * 4)
 */
#include "edgeq/depthwise_column_avxvnni.h"
#include "edgeq/depthwise_s8.h"

eq_depthwise_s8_fn EQ_SYM(eq_depthwise_s8__avxvnni_1x32_odd);

void EQ_SYM(eq_depthwise_s8__avxvnni_1x32_odd)(
    const int8_t *restrict x, const int8_t *restrict w, const int32_t *restrict bias,
    const int32_t *restrict mult, const int32_t *restrict shift, int8_t *restrict y,
    int8_t *restrict scratch, const eq_depthwise_s8_params *restrict p)
{
    const eq_conv2d_arrays a = {x, w, bias, mult, shift, y};
    eq_depthwise_column_avxvnni(&a, (uint8_t *)scratch, p, EQ_ODD);
}
