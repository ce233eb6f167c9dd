/* conv2d_s8s4 for MVE, any factors: see conv2d_mve.h.
 *
 * Exact: the sums as dots_mve.h says, the rescaling as eq_requantize_x4 in
 * fixed_point_mve.h.
 *
 * @packs w (o/8, o%2, khkwi/32, o/2%4, khkwi%16, khkwi/16%2)
 * @packs bias (o/8, o%2, o/2%4)
 * @packs mult (o/8, o%2, o/2%4)
 * @packs shift (o/8, o%2, o/2%4)
 * @scratch (min(out_c, 64) + 7) / 8 * 64 + 2 * ((kh * kw * in_c + 31) / 32 * 32)
 * @overlap rows
 */
#include "edgeq/conv2d_mve.h"
#include "edgeq/conv2d_s8s4.h"

eq_conv2d_s8s4_fn EQ_SYM(eq_conv2d_s8s4__mve_any);

void EQ_SYM(eq_conv2d_s8s4__mve_any)(const int8_t *x, const int8_t *restrict w,
                                     const int32_t *restrict bias,
                                     const int32_t *restrict mult,
                                     const int32_t *restrict shift, int8_t *y,
                                     int8_t *restrict scratch,
                                     const eq_conv2d_s8s4_params *restrict p)
{
    const eq_conv2d_s8_params same = {
        p->in_h,     p->in_w,     p->in_c,     p->out_w, p->out_c,   p->kh,
        p->kw,       p->stride_h, p->stride_w, p->dil_h, p->dil_w,   p->pad_top,
        p->pad_left, p->row0,     p->row1,     p->x_row, p->x_pixel, p->x_ring,
        p->y_row,    p->y_pixel,  p->zx,       p->zy,    p->act_min, p->act_max};
    const eq_conv_mve t = {.w = w, .bias = bias, .mult = mult, .shift = shift};
    const eq_conv_mve_use use = {eq_mve_form, 0, EQ_CONV_MVE_S8S4};
    eq_conv2d_mve(x, y, scratch, t, &same, use);
}
