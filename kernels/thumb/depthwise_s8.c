/* depthwise_s8 for ARMv6-M: taps found once for a pixel, rescaled without 64-bit products.
 *
 * The taps of an output pixel are found once, as addresses; those beyond the border point to a
 * row of zero points, so that the loop over them asks nothing: eight instructions for a tap.
 *
 * Exact: the contract's sum; the rescale is derived in thumb_rescale.h.
 *
 * @requires multiplier == 1 and dot_bits <= 30
 * @scratch 8 * kh * kw + in_c
 * @align 4
 * @overlap rows
 */
#include "edgeq/depthwise_s8.h"
#include "edgeq/thumb_depthwise.h"

eq_depthwise_s8_fn EQ_SYM(eq_depthwise_s8__thumb);

void EQ_SYM(eq_depthwise_s8__thumb)(const int8_t *x, const int8_t *restrict w,
                                    const int32_t *restrict bias,
                                    const int32_t *restrict mult,
                                    const int32_t *restrict shift, int8_t *y,
                                    int8_t *restrict scratch,
                                    const eq_depthwise_s8_params *restrict p)
{
    eq_thumb_layer t = {w,       bias,  mult,       shift,      p->kh * p->kw,
                        p->in_c, p->zy, p->act_min, p->act_max, 0};
    eq_thumb_find_plain(&t);
    int8_t *zx = scratch + 2 * sizeof(const int8_t *) * (uint32_t)t.taps;
    memset(zx, p->zx, (uint32_t)p->in_c);
    for (int32_t h = p->row0; h < p->row1; ++h) {
        for (int32_t c = 0; c < p->out_w; ++c) {
            eq_thumb_taps(scratch, x, zx, h, c, p);
            eq_thumb_depthwise_one(scratch, y + h * p->y_row + c * p->y_pixel, &t,
                                   eq_thumb_form, eq_thumb_split);
        }
    }
}
