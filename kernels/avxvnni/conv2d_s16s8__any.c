/* conv2d_s16s8 for AVX-VNNI: rows are copied with their borders into a band, then six windows at a
 * time, read where they lie, are multiplied with sixteen channels at a time.
 *
 * Sums and biases beyond int32 are added, and rescaled, in 64 bits.
 *
 * Exact: see conv2d_s16_avxvnni.h and rescale16_avx2.h.
 *
 * @packs w (o/16, kh, kwi/2, o/4%2, o/8%2, o%4, kwi%2)
 * @packs bias (o/16, o/4%2, o/8%2, o%4)
 * @packs mult (o/16, o/4%2, o/8%2, o%4)
 * @packs shift (o/16, o/4%2, o/8%2, o%4)
 * @scratch 2 * ((max(1, min(row1 - row0, 24576 / (((dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw) * 2 * in_c * stride_h))) - 1) * stride_h + (kh - 1) * dil_h + 1) * ((dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw) * in_c + 16
 * @overlap rows
 */
#include "edgeq/conv2d_s16_avxvnni.h"
#include "edgeq/conv2d_s16s8.h"

eq_conv2d_s16s8_fn EQ_SYM(eq_conv2d_s16s8__avxvnni_any);

void EQ_SYM(eq_conv2d_s16s8__avxvnni_any)(const int16_t *x, const int8_t *restrict w,
                                          const int64_t *restrict bias,
                                          const int32_t *restrict mult,
                                          const int32_t *restrict shift, int16_t *y,
                                          int8_t *restrict scratch,
                                          const eq_conv2d_s16s8_params *restrict p)
{
    const eq_conv2d_call16 call = {x, w, bias, mult, shift, y, EQ_CONV2D_CALL16(p)};
    const eq_kind16_avx2 kind = {0, 1, eq_form16()};
    eq_conv2d16_by_band_avx2(&call, scratch, &kind, eq_dots16_n_avxvnni);
}
