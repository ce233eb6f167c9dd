/* conv2d_s8 for ARMv6-M: two channels at once, rescaled without 64-bit products.
 *
 * One index walks along a window and two rows of weights: nine instructions for two products.
 * Windows of one tap lie in x as they are, others are gathered into scratch.
 *
 * Exact: the contract's sum; the rescale is derived in thumb_rescale.h.
 *
 * @requires dot_bits <= 30
 * @scratch kh * kw * in_c
 * @overlap rows
 */
#include "edgeq/conv2d_patch.h"
#include "edgeq/thumb_dot.h"

eq_conv2d_s8_fn EQ_SYM(eq_conv2d_s8__thumb);

/* Where the window of output pixel (h, c) lies: in x, or gathered in `patch`. */
static inline const int8_t *EQ_SYM(conv2d_s8_thumb_window)(const int8_t *x, int8_t *patch,
                                                           int32_t h, int32_t c,
                                                           const eq_conv2d_s8_params *p)
{
    const int32_t row = h * p->stride_h - p->pad_top,
                  column = c * p->stride_w - p->pad_left;
    const int32_t inside = row >= 0 && row < p->in_h && column >= 0 && column < p->in_w;
    if (p->kh == 1 && p->kw == 1 && inside) {
        const int32_t slot = p->x_ring == p->in_h ? row : row % p->x_ring;
        return x + slot * p->x_row + column * p->x_pixel;
    }
    eq_conv2d_s8_patch(x, patch, h, c, p->in_c, p);
    return patch;
}

void EQ_SYM(eq_conv2d_s8__thumb)(const int8_t *x, const int8_t *restrict w,
                                 const int32_t *restrict bias, const int32_t *restrict mult,
                                 const int32_t *restrict shift, int8_t *y,
                                 int8_t *restrict scratch,
                                 const eq_conv2d_s8_params *restrict p)
{
    eq_thumb_layer t = {w,        bias,  mult,       shift,      p->kh * p->kw * p->in_c,
                        p->out_c, p->zy, p->act_min, p->act_max, 0};
    eq_thumb_find_plain(&t);
    for (int32_t h = p->row0; h < p->row1; ++h) {
        for (int32_t c = 0; c < p->out_w; ++c) {
            const int8_t *window = EQ_SYM(conv2d_s8_thumb_window)(x, scratch, h, c, p);
            eq_thumb_pairs(window, y + h * p->y_row + c * p->y_pixel, &t, eq_thumb_form,
                           eq_thumb_split);
        }
    }
}
