/* depthwise_s8zw for AVX2: pairs of rows are widened side by side, then four windows at a time,
 * read where they lie, are multiplied with sixteen channels at a time.
 *
 * Exact: see depthwise_pairs_avx2.h and scale_avx2.h; channels beyond the last are not stored.
 *
 * @requires multiplier == 1 and live_shift >= 32 and acc_bits <= 31 and kh * kw <= 127
 * @requires out_w >= 4 and (in_c % 16 == 0 or in_c == 8 or in_c > 96)
 * @packs w (o/16, kh/2, kw, o/4%2, o/8%2, o%4, kh%2)
 * @packs bias (o/16, o/4%2, o/8%2, o%4)
 * @packs mult (o/16, o/4%2, o/8%2, o%4)
 * @packs shift (o/16, o/4%2, o/8%2, o%4)
 * @scratch 64 * max(((kh - 1) / 2 * 2 * dil_h / (1 + (stride_h % 2 == 0 or row1 - row0 == 1)) + 1) * (out_w * stride_w + kw * dil_w), min(((row1 - row0 - 1) * stride_h / (1 + (stride_h % 2 == 0 or row1 - row0 == 1)) + ((kh - 1) / 2 * 2 * dil_h / (1 + (stride_h % 2 == 0 or row1 - row0 == 1)) + 1)) * (out_w * stride_w + kw * dil_w), 384))
 */
#include "edgeq/depthwise_pairs_avx2.h"
#include "edgeq/depthwise_params_s8.h"
#include "edgeq/depthwise_s8zw.h"

eq_depthwise_s8zw_fn EQ_SYM(eq_depthwise_s8zw__avx2_16);

void EQ_SYM(eq_depthwise_s8zw__avx2_16)(const int8_t *restrict x, const int8_t *restrict w,
                                        const int32_t *restrict bias,
                                        const int32_t *restrict mult,
                                        const int32_t *restrict shift, int8_t *restrict y,
                                        int8_t *restrict scratch,
                                        const eq_depthwise_s8zw_params *restrict p)
{
    const eq_depthwise_s8_params all = EQ_DEPTHWISE_PARAMS_S8(p);
    eq_depthwise_by_pairs_avx2(x, w, bias, mult, shift, y, scratch, &all, p->zw, 0,
                               eq_is_single());
}
