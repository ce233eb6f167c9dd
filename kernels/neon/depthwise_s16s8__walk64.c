/* depthwise_s16s8 for NEON, any window and multiplier: bands of eight channels of outputs are copied
 * with their borders, then four windows at once walk down a list of taps, two at a time.
 *
 * In the form wide biases are added, and accumulators rescaled, in 64 bits.
 *
 * Exact: see depthwise_words_neon.h.
 *
 * @requires dot_bits <= 32
 * @packs w (o/8, khkw/2, khkw%2, o%8)
 * @packs bias (o/8, o%8)
 * @packs mult (o/8, o%8)
 * @packs shift (o/8, o%8)
 * @scratch ((max(1, min(row1 - row0, 1536 / (((out_w - 1) * stride_w + (kw - 1) * dil_w + 1) * stride_h))) - 1) * stride_h + (kh - 1) * dil_h + 1) * ((out_w - 1) * stride_w + (kw - 1) * dil_w + 1) * 16 + (kh * kw + 1) / 2 * 16
 */
#include "edgeq/depthwise_s16s8.h"
#include "edgeq/depthwise_words_neon.h"

eq_depthwise_s16s8_fn EQ_SYM(eq_depthwise_s16s8__neon_walk64);

void EQ_SYM(eq_depthwise_s16s8__neon_walk64)(
    const int16_t *restrict x, const int8_t *restrict w, const int64_t *restrict bias,
    const int32_t *restrict mult, const int32_t *restrict shift, int16_t *restrict y,
    int8_t *restrict scratch, const eq_depthwise_s16s8_params *restrict p)
{
    const int32_t columns = (p->out_w - 1) * p->stride_w + (p->kw - 1) * p->dil_w + 1;
    const eq_lines g = {p->in_h,     p->in_w,    p->in_c,     p->kh,        p->dil_h,
                        p->stride_h, p->pad_top, p->pad_left, 2 * p->x_row, 2 * p->x_pixel,
                        p->x_ring,   0,          columns};
    int8_t *const band = scratch + (p->kh * p->kw + 1) / 2 * 16;
    eq_listed_neon layer = {.w = w,
                            .mult = mult,
                            .shift = shift,
                            .kh = p->kh,
                            .kw = p->kw,
                            .dil_w = p->dil_w,
                            .out_w = p->out_w,
                            .stride_w = p->stride_w,
                            .y_row = p->y_row,
                            .y_pixel = p->y_pixel,
                            .act_min = p->act_min,
                            .act_max = p->act_max};
    eq_begin_blocks_neon(&layer.blocks, eq_band_neon_of(g, (p->kh - 1) * p->dil_h + 1),
                         (const int8_t *)x, band, p->row0, p->row1, p->multiplier, 2,
                         EQ_LANES);
    eq_depthwise_words_neon(&layer, bias, scratch, y,
                            eq_is_wide() ? EQ_LONG : eq_is_single(), 0);
}
