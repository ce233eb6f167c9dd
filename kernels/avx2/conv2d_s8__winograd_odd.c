/* conv2d_s8 for AVX2: windows of 3 x 3 taps, two by two outputs at a time, by 16 products for each
 * pair of channels in the place of 36.
 *
 * Weights are transformed once a call, to int16, into scratch: that takes a few instructions for
 * each pair of channels, and constants keep their size.
 *
 * Exact: see winograd_avx2.h and odd_avx2.h.
 *
 * @rescale odd
 * @requires acc_bits <= 29
 * @requires kh == 3 and kw == 3 and stride_h == 1 and stride_w == 1 and dil_h == 1 and dil_w == 1
 * @requires in_c % 16 == 0 and in_c * out_c <= 16384
 * @packs w (o/16, i/2, kh, kw, o%2, o/2%8, i%2)
 * @packs bias (o/16, o%2, o/2%8)
 * @packs mult (o/16, o%2, o/2%8)
 * @packs shift (o/16, o%2, o/2%8)
 * @scratch (512 * in_c + 1024) * ((out_c + 15) / 16) + 192 * in_c + 6144 + (max(2, min(row1 - row0, 24576 / ((out_w + 2) * in_c))) + 3) * (out_w + 2) * in_c + in_c + 64
 * @overlap rows
 */
#include "edgeq/conv2d_s8.h"
#include "edgeq/conv2d_winograd_avx2.h"

eq_conv2d_s8_fn EQ_SYM(eq_conv2d_s8__avx2_winograd_odd);

void EQ_SYM(eq_conv2d_s8__avx2_winograd_odd)(const int8_t *x, const int8_t *restrict w,
                                             const int32_t *restrict bias,
                                             const int32_t *restrict mult,
                                             const int32_t *restrict shift, int8_t *y,
                                             int8_t *restrict scratch,
                                             const eq_conv2d_s8_params *restrict p)
{
    const eq_conv2d_arrays a = {x, w, bias, mult, shift, y};
    const eq_conv2d_call call = EQ_CONV2D_CALL(p, 0);
    eq_conv2d_winograd_avx2(&a, scratch, &call, EQ_ODD);
}
