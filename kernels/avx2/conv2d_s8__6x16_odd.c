/* conv2d_s8 for AVX2: rows are widened with their borders into a band, then six windows at a time,
 * read where they lie, are multiplied with sixteen channels, one block of them after another.
 *
 * Exact: see conv2d_blocks_avx2.h and odd_avx2.h.
 *
 * @rescale odd
 * @packs w (o/16, kh, kwi/2, o%2, o/2%8, kwi%2)
 * @packs bias (o/16, o%2, o/2%8)
 * @packs mult (o/16, o%2, o/2%8)
 * @packs shift (o/16, o%2, o/2%8)
 * @scratch 2 * ((max(1, min(row1 - row0, 24576 / (((dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw) * in_c * stride_h))) - 1) * stride_h + (kh - 1) * dil_h + 1) * ((dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw) * in_c + 64
 * @overlap rows
 */
#include "edgeq/conv2d_blocks_avx2.h"
#include "edgeq/conv2d_s8.h"

eq_conv2d_s8_fn EQ_SYM(eq_conv2d_s8__avx2_6x16_odd);

void EQ_SYM(eq_conv2d_s8__avx2_6x16_odd)(const int8_t *x, const int8_t *restrict w,
                                         const int32_t *restrict bias,
                                         const int32_t *restrict mult,
                                         const int32_t *restrict shift, int8_t *y,
                                         int8_t *restrict scratch,
                                         const eq_conv2d_s8_params *restrict p)
{
    const eq_conv2d_arrays arrays = {x, w, bias, mult, shift, y};
    const eq_conv2d_call call = EQ_CONV2D_CALL(p, 0);
    eq_conv2d_blocks_avx2(&arrays, scratch, &call, EQ_INT8_AVX2, EQ_ODD);
}
