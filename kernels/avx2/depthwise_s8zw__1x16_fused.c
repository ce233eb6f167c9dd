/* depthwise_s8zw for AVX2: columns of windows as they stand above each other, four
 * of them by sixteen channels at a time.
 *
 * Exact: see depthwise_column_avx2.h and fused_avx2.h; channels beyond the last are not stored.
 *
 * @requires multiplier == 1 and kw == 1 and out_w == 1 and dil_h == 1 and pad_left == 0
 * @rescale fused
 * @packs w (o/16, kh/2, kw, o/4%2, o/8%2, o%4, kh%2)
 * @packs bias (o/16, o/4%2, o/8%2, o%4)
 * @packs mult (o/16, o/4%2, o/8%2, o%4)
 * @packs shift (o/16, o/4%2, o/8%2, o%4)
 * @scratch 64 * (((min(row1 - row0, 64) - 1) * stride_h + (kh - 1) / 2 * 2) / (1 + (stride_h % 2 == 0 or row1 - row0 == 1)) + 1)
 */
#include "edgeq/depthwise_column_avx2.h"
#include "edgeq/depthwise_params_s8.h"
#include "edgeq/depthwise_s8zw.h"

eq_depthwise_s8zw_fn EQ_SYM(eq_depthwise_s8zw__avx2_1x16_fused);

void EQ_SYM(eq_depthwise_s8zw__avx2_1x16_fused)(
    const int8_t *restrict x, const int8_t *restrict w, const int32_t *restrict bias,
    const int32_t *restrict mult, const int32_t *restrict shift, int8_t *restrict y,
    int8_t *restrict scratch, const eq_depthwise_s8zw_params *restrict p)
{
    const eq_conv2d_arrays a = {x, w, bias, mult, shift, y};
    const eq_depthwise_s8_params all = EQ_DEPTHWISE_PARAMS_S8(p);
    eq_depthwise_column_avx2(&a, scratch, &all, p->zw, 0, 1, EQ_FUSED);
}
