/* depthwise_s8 for NEON with dot products, 3x3 without dilation: bands of sixteen channels are
 * copied with their borders, and columns of outputs keep weights and sums in registers.
 *
 * The last sixteen channels go back to be whole; where there are fewer, eight of two rows at
 * once.
 *
 * Exact: see depthwise_neon_dotprod.h and rescale_neon.h.
 *
 * @requires multiplier == 1 and in_c >= 8
 * @requires kh == 3 and kw == 3 and dil_h == 1 and dil_w == 1 and live_shift >= 32
 * @scratch ((max(1, min(row1 - row0, 1536 / (((out_w - 1) * stride_w + 3) * stride_h))) - 1) * stride_h + 3) * ((out_w - 1) * stride_w + 3) * 16
 */
#include "edgeq/depthwise_neon_dotprod.h"
#include "edgeq/depthwise_s8.h"

eq_depthwise_s8_fn EQ_SYM(eq_depthwise_s8__neon_dotprod_3x3);

void EQ_SYM(eq_depthwise_s8__neon_dotprod_3x3)(
    const int8_t *restrict x, const int8_t *restrict w, const int32_t *restrict bias,
    const int32_t *restrict mult, const int32_t *restrict shift, int8_t *restrict y,
    int8_t *restrict scratch, const eq_depthwise_s8_params *restrict p)
{
    const int32_t columns = (p->out_w - 1) * p->stride_w + 3;
    const eq_lines g = {p->in_h,     p->in_w,    p->in_c,     3,        1,
                        p->stride_h, p->pad_top, p->pad_left, p->x_row, p->x_pixel,
                        p->x_ring,   p->zx,      columns};
    eq_layer3_neon layer = {.w = w,
                            .bias = bias,
                            .mult = mult,
                            .shift = shift,
                            .out_w = p->out_w,
                            .stride_w = p->stride_w,
                            .y_row = p->y_row,
                            .y_pixel = p->y_pixel,
                            .zy = p->zy,
                            .act_min = p->act_min,
                            .act_max = p->act_max};
    eq_begin_blocks_neon(&layer.blocks, eq_band_neon_of(g, 3), x, scratch, p->row0, p->row1,
                         1, 1, p->in_c >= 16 ? EQ_WIDE : EQ_HALF);
    eq_depthwise3_dotprod(&layer, y, eq_is_single());
}
