/* depthwise_s8s4 for AVX2: rows are copied with their borders into a band, then sixteen channels
 * at a time, windows of which are read where they lie.
 *
 * For any multiplier, each channel being copied as often as that says, factors of 1/2 and more, and
 * the longest sums.
 *
 * Exact: see depthwise_avx2.h and fixed_point_avx2.h; channels beyond the last have weights of
 * zero and are not stored.
 *
 * @requires kh * kw <= 127
 * @packs w (o/16, khkw/2, o/8%2, o%4, khkw%2, o/4%2)
 * @packs bias (o/16, o/4%2, o/8%2, o%4)
 * @packs mult (o/16, o/4%2, o/8%2, o%4)
 * @packs shift (o/16, o/4%2, o/8%2, o%4)
 * @scratch ((max(1, min(row1 - row0, 24576 / (((dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw) * in_c * multiplier * stride_h))) - 1) * stride_h + (kh - 1) * dil_h + 1) * ((dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw) * in_c * (multiplier + (multiplier > 1)) + 64
 * @overlap rows
 */
#include "edgeq/depthwise_avx2.h"
#include "edgeq/depthwise_s8s4.h"

eq_depthwise_s8s4_fn EQ_SYM(eq_depthwise_s8s4__avx2_any);

void EQ_SYM(eq_depthwise_s8s4__avx2_any)(const int8_t *x, const int8_t *restrict w,
                                         const int32_t *restrict bias,
                                         const int32_t *restrict mult,
                                         const int32_t *restrict shift, int8_t *y,
                                         int8_t *restrict scratch,
                                         const eq_depthwise_s8s4_params *restrict p)
{
    const eq_lines g = EQ_LINES_OF(p);
    const eq_repeat_avx2 r =
        eq_repeat_of_avx2(g, p->out_w, p->kw, p->dil_w, p->stride_w, p->multiplier, 1);
    const eq_outputs_avx2 q = {p->y_row, p->y_pixel, p->row0, p->row1};
    eq_pass_avx2 t;
    t.range = eq_load_range_avx2(p->zy, p->act_min, p->act_max);
    eq_depthwise_any_image_avx2(&t, &r.band, scratch, x, w, bias, mult, shift, y, &q, 0, 1,
                                EQ_ANY + eq_is_single(), &r);
}
