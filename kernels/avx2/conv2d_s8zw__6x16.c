/* conv2d_s8zw for AVX2: rows are copied with their borders into a band and widened to int16, then
 * six windows at a time, read where they lie, are multiplied with sixteen channels at a time.
 *
 * Exact: see conv2d_avx2.h and rescale_avx2.h.
 *
 * @requires live_shift >= 32 and acc_bits <= 31
 * @packs w (o/16, kh, kwi/2, o/4%2, o/8%2, o%4, kwi%2)
 * @packs bias (o/16, o/4%2, o/8%2, o%4)
 * @packs mult (o/16, o/4%2, o/8%2, o%4)
 * @packs shift (o/16, o/4%2, o/8%2, o%4)
 * @scratch 2 * ((max(1, min(row1 - row0, 24576 / (((dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw) * in_c * stride_h))) - 1) * stride_h + (kh - 1) * dil_h + 1) * ((dil_w == 1) * ((out_w - 1) * stride_w + kw) + (dil_w > 1) * out_w * kw) * in_c + 64
 */
#include "edgeq/conv2d_avx2.h"
#include "edgeq/conv2d_s8zw.h"

eq_conv2d_s8zw_fn EQ_SYM(eq_conv2d_s8zw__avx2_6x16);

void EQ_SYM(eq_conv2d_s8zw__avx2_6x16)(const int8_t *restrict x, const int8_t *restrict w,
                                       const int32_t *restrict bias,
                                       const int32_t *restrict mult,
                                       const int32_t *restrict shift, int8_t *restrict y,
                                       int8_t *restrict scratch,
                                       const eq_conv2d_s8zw_params *restrict p)
{
    const eq_lines g = {p->in_h,  p->in_w,     p->in_c,    p->kh,
                        p->dil_h, p->stride_h, p->pad_top, p->pad_left,
                        p->x_row, p->x_pixel,  p->x_ring,  p->zx,
                        0};
    const eq_band b = eq_band_of(g, p->out_w, p->kw, p->dil_w, p->stride_w);
    const eq_layer_avx2 t = {w,
                             bias,
                             mult,
                             shift,
                             b.segment,
                             p->kh,
                             (b.run + 1) / 2 * 2,
                             p->out_c,
                             b.run % 2,
                             _mm256_set1_epi16((int16_t)p->zw),
                             eq_load_range_avx2(p->zy, p->act_min, p->act_max)};
    int16_t *const band = (int16_t *)(void *)scratch;
    if (!eq_is_single() && eq_is_live(p->zy, p->act_min, p->act_max))
        eq_conv2d_image_avx2(&t, &b, band, x, y, p->y_row, p->y_pixel, p->row0, p->row1, 1,
                             EQ_LIVE);
    else
        eq_conv2d_image_avx2(&t, &b, band, x, y, p->y_row, p->y_pixel, p->row0, p->row1, 1,
                             eq_is_single());
}
