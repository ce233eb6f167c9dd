/* depthwise_s8 for NEON with dot products, one row of windows of one column that lie inside the
 * image: four taps of sixteen channels at once.
 *
 * Exact: see depthwise_quads_neon_dotprod.h and rescale_neon.h.
 *
 * @requires multiplier == 1 and in_c % 8 == 0 and kw == 1 and kh >= 2
 * @requires row1 - row0 == 1 and dil_h == 1 and pad_top == 0 and pad_left == 0
 * @requires row0 * stride_h + kh <= in_h and x_ring == in_h and (out_w - 1) * stride_w < in_w
 * @requires live_shift >= 32 and acc_bits + 16 <= live_shift
 * @packs w (o/16, kh/4, o%16, kh%4, kw)
 * @packs bias (o/16, o%16)
 * @packs mult (o/16, o%16)
 * @packs shift (o/16, o%16)
 * @overlap rows
 */
#include "edgeq/depthwise_quads_neon_dotprod.h"
#include "edgeq/depthwise_s8.h"

eq_depthwise_s8_fn EQ_SYM(eq_depthwise_s8__neon_dotprod_column_once);

#define depthwise_s8_neon_dotprod_once EQ_SYM(depthwise_s8_neon_dotprod_once)

/* Stores what sums of a window become; `full` where the clamp is all of int8. */
static inline __attribute__((always_inline)) void
depthwise_s8_neon_dotprod_once(int8_t *y, eq_sums16_neon s, const eq_factors_x16 *f,
                               eq_range_s8 range, int wide, int full)
{
    if (eq_is_single())
        eq_put_down_neon(y, s, f, range, wide, EQ_SINGLE);
    else if (wide && full)
        eq_put_down_neon(y, s, f, range, wide, EQ_FULL);
    else
        eq_put_down_neon(y, s, f, range, wide, EQ_DOUBLE);
}

void EQ_SYM(eq_depthwise_s8__neon_dotprod_column_once)(
    const int8_t *x, const int8_t *restrict w, const int32_t *restrict bias,
    const int32_t *restrict mult, const int32_t *restrict shift, int8_t *y,
    int8_t *restrict scratch, const eq_depthwise_s8_params *restrict p)
{
    (void)scratch;
    const int64_t line = p->x_row, taps = (p->kh + 3) / 4 * 4;
    const int32_t kh = p->kh, full = p->act_min == -128 && p->act_max == 127;
    const eq_range_s8 range = eq_load_range(p->zy, p->act_min, p->act_max);
    for (int32_t c = 0; c < p->out_w; ++c) {
        const int8_t *from =
            x + p->row0 * p->stride_h * line + c * p->stride_w * p->x_pixel;
        int8_t *to = y + p->row0 * p->y_row + c * p->y_pixel;
        int32_t o = 0;
        for (; o + 16 <= p->in_c; o += 16) {
            const eq_sums16_neon s =
                eq_sums_once_neon(from + o, w + o * taps, bias + o, kh, line, 1);
            const eq_factors_x16 f = eq_load_factors_x16(bias + o, mult + o, shift + o);
            depthwise_s8_neon_dotprod_once(to + o, s, &f, range, 1, full);
        }
        if (o < p->in_c) {
            const eq_sums16_neon s =
                eq_sums_once_neon(from + o, w + o * taps, bias + o, kh, line, 0);
            const eq_factors_x16 f = eq_load_factors_x16(bias + o, mult + o, shift + o);
            depthwise_s8_neon_dotprod_once(to + o, s, &f, range, 0, full);
        }
    }
}
