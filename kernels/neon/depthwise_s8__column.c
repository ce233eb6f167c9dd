/* depthwise_s8 for NEON, windows of one column that never leave the image: sixteen channels of
 * four rows at once, so that weights and most of x serve four outputs.
 *
 * The last sixteen channels, and the last four rows, go back to be whole.
 *
 * Exact: see depthwise_neon.h and rescale_neon.h.
 *
 * @requires multiplier == 1 and in_c >= 16 and kw == 1 and stride_h == 1 and dil_h == 1
 * @requires pad_top == 0 and pad_left == 0 and x_ring == in_h
 * @requires row1 + kh - 1 <= in_h and (out_w - 1) * stride_w < in_w
 * @requires min_w >= -127 and live_shift >= 32
 */
#include "edgeq/depthwise_column_neon.h"
#include "edgeq/depthwise_s8.h"

eq_depthwise_s8_fn EQ_SYM(eq_depthwise_s8__neon_column);

void EQ_SYM(eq_depthwise_s8__neon_column)(
    const int8_t *restrict x, const int8_t *restrict w, const int32_t *restrict bias,
    const int32_t *restrict mult, const int32_t *restrict shift, int8_t *restrict y,
    int8_t *restrict scratch, const eq_depthwise_s8_params *restrict p)
{
    (void)scratch;
    const eq_range_s8 range = eq_load_range(p->zy, p->act_min, p->act_max);
    const eq_column_of_neon g = {p->x_row, p->in_c, p->y_row, p->kh, p->row1 - p->row0};
    const int mode = eq_column_mode_neon(eq_is_single(), p->zy, p->act_min, p->act_max);
    for (int32_t i = 0; i < p->in_c; i += 16) {
        const int32_t o = i + 16 <= p->in_c ? i : p->in_c - 16;
        const eq_factors_x16 f = eq_load_factors_x16(bias + o, mult + o, shift + o);
        for (int32_t c = 0; c < p->out_w; ++c)
            eq_down_modes_neon(x + p->row0 * p->x_row + c * p->stride_w * p->x_pixel + o,
                               w + o, y + p->row0 * p->y_row + c * p->y_pixel + o, &f,
                               range, &g, mode, eq_is_single());
    }
}
