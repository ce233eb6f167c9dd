/* depthwise_s8zw for AVX2: rows are copied with their borders into a band, then sixteen channels
 * at a time, windows of which are read where they lie.
 *
 * Exact: see depthwise_avx2.h and rescale_avx2.h; channels beyond the last have weights of
 * zero and are not stored.
 *
 * @requires multiplier == 1 and live_shift >= 32 and acc_bits <= 31 and kh * kw <= 127
 * @packs w (o/16, khkw/2, o/4%2, o/8%2, o%4, khkw%2)
 * @packs bias (o/16, o/4%2, o/8%2, o%4)
 * @packs mult (o/16, o/4%2, o/8%2, o%4)
 * @packs shift (o/16, o/4%2, o/8%2, o%4)
 * @scratch ((max(1, min(row1 - row0, 24576 / (((dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw) * in_c * stride_h))) - 1) * stride_h + (kh - 1) * dil_h + 1) * ((dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw) * in_c + 16
 * @overlap rows
 */
#include "edgeq/depthwise_avx2.h"
#include "edgeq/depthwise_s8zw.h"

eq_depthwise_s8zw_fn EQ_SYM(eq_depthwise_s8zw__avx2_2x16);

void EQ_SYM(eq_depthwise_s8zw__avx2_2x16)(const int8_t *x, const int8_t *restrict w,
                                          const int32_t *restrict bias,
                                          const int32_t *restrict mult,
                                          const int32_t *restrict shift, int8_t *y,
                                          int8_t *restrict scratch,
                                          const eq_depthwise_s8zw_params *restrict p)
{
    const eq_lines g = EQ_LINES_OF(p);
    const eq_band b = eq_band_of(g, p->out_w, p->kw, p->dil_w, p->stride_w);
    const eq_outputs_avx2 q = {p->y_row, p->y_pixel, p->row0, p->row1};
    eq_pass_avx2 t;
    t.range = eq_load_range_avx2(p->zy, p->act_min, p->act_max);
    eq_depthwise_image_avx2(&t, &b, scratch, x, w, bias, mult, shift, y, &q, p->zw, 0,
                            eq_is_single());
}
