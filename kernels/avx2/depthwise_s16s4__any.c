/* depthwise_s16s4 for AVX2: rows are copied with their borders into a band, then sixteen channels
 * at a time, windows of which are read where they lie.
 *
 * Of any multiplier: each channel is copied as often as that says.  Biases beyond int32 are
 * added, and sums rescaled, in 64 bits.
 *
 * Exact: see depthwise_s16_avx2.h and rescale16_avx2.h; channels beyond the last have weights of
 * zero and are not stored.
 *
 * @requires kh * kw <= 127
 * @packs w (o/16, khkw/2, o/8%2, o%4, khkw%2, o/4%2)
 * @packs bias (o/16, o/4%2, o/8%2, o%4)
 * @packs mult (o/16, o/4%2, o/8%2, o%4)
 * @packs shift (o/16, o/4%2, o/8%2, o%4)
 * @scratch 2 * ((max(1, min(row1 - row0, 24576 / (((dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw) * 2 * in_c * multiplier * stride_h))) - 1) * stride_h + (kh - 1) * dil_h + 1) * ((dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw) * in_c * (multiplier + (multiplier > 1)) + 64
 * @overlap rows
 */
#include "edgeq/depthwise_s16_avx2.h"
#include "edgeq/depthwise_s16s4.h"

eq_depthwise_s16s4_fn EQ_SYM(eq_depthwise_s16s4__avx2_any);

void EQ_SYM(eq_depthwise_s16s4__avx2_any)(const int16_t *x, const int8_t *restrict w,
                                          const int64_t *restrict bias,
                                          const int32_t *restrict mult,
                                          const int32_t *restrict shift, int16_t *y,
                                          int8_t *restrict scratch,
                                          const eq_depthwise_s16s4_params *restrict p)
{
    const eq_lines g = EQ_LINES16_OF(p);
    const eq_repeat_avx2 r =
        eq_repeat_of_avx2(g, p->out_w, p->kw, p->dil_w, p->stride_w, p->multiplier, 2);
    const eq_depthwise16_kind_avx2 kind = {1, 1, eq_form16()};
    const eq_depthwise16_avx2 call = {
        x,          w,          bias,
        mult,       shift,      y,
        p->act_min, p->act_max, {p->y_row, p->y_pixel, p->row0, p->row1},
        &r};
    eq_depthwise_image16_avx2(&call, &r.band, scratch, &kind);
}
