/* conv2d_s16s8 for MVE: see conv2d_mve.h.
 *
 * Exact: the sums as dots_mve.h says.  With the bias they stay within int32 too, so that the
 * forms wide and single are one, and eq_requantize_x4 in fixed_point_mve.h gives both.
 *
 * @requires acc_bits <= 32
 * @packs w (o/8, o%2, khkwi/8, o/2%4, khkwi%8)
 * @packs bias (o/8, o%2, o/2%4)
 * @packs mult (o/8, o%2, o/2%4)
 * @packs shift (o/8, o%2, o/2%4)
 * @scratch (min(out_c, 64) + 7) / 8 * 64 + 2 * ((kh * kw * in_c + 7) / 8 * 16)
 * @overlap rows
 */
#include "edgeq/conv2d_s16s8.h"
#include "edgeq/conv2d_mve.h"

eq_conv2d_s16s8_fn EQ_SYM(eq_conv2d_s16s8__mve);

void EQ_SYM(eq_conv2d_s16s8__mve)(const int16_t *x, const int8_t *restrict w,
                                  const int64_t *restrict bias,
                                  const int32_t *restrict mult,
                                  const int32_t *restrict shift, int16_t *y,
                                  int8_t *restrict scratch,
                                  const eq_conv2d_s16s8_params *restrict p)
{
    const eq_conv2d_s8_params bytes = {p->in_h,
                                       p->in_w,
                                       2 * p->in_c,
                                       p->out_w,
                                       p->out_c,
                                       p->kh,
                                       p->kw,
                                       p->stride_h,
                                       p->stride_w,
                                       p->dil_h,
                                       p->dil_w,
                                       p->pad_top,
                                       p->pad_left,
                                       p->row0,
                                       p->row1,
                                       2 * p->x_row,
                                       2 * p->x_pixel,
                                       p->x_ring,
                                       2 * p->y_row,
                                       2 * p->y_pixel,
                                       0,
                                       0,
                                       p->act_min,
                                       p->act_max};
    const eq_conv_mve t = {.w = w, .wide_bias = bias, .mult = mult, .shift = shift};
    const eq_conv_mve_use use = {eq_mve_form, 0, EQ_CONV_MVE_S16S8};
    eq_conv2d_mve((const int8_t *)x, (int8_t *)y, scratch, t, &bytes, use);
}
