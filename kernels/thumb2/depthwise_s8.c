/* depthwise_s8 for Thumb-2 without DSP: four channels of two pixels at once; multiplier 1.
 *
 * The taps of two output pixels are found once, as addresses; those beyond the border point to
 * a row of zero points.  Each byte of weights serves both pixels.
 *
 * Exact: the contract's sum in another order; the rescale is derived in thumb_rescale.h.
 *
 * @requires multiplier == 1 and in_c % 4 == 0
 * @requires dot_bits <= 30
 * @scratch 8 * kh * kw + in_c
 * @overlap rows
 */
#include "edgeq/depthwise_s8.h"
#include "edgeq/thumb_depthwise.h"

eq_depthwise_s8_fn EQ_SYM(eq_depthwise_s8__thumb2);

void EQ_SYM(eq_depthwise_s8__thumb2)(const int8_t *x, const int8_t *restrict w,
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
    int8_t *first = 0;
    for (int32_t h = p->row0; h < p->row1; ++h) {
        for (int32_t c = 0; c < p->out_w; ++c) {
            int8_t *out = y + h * p->y_row + c * p->y_pixel;
            const int32_t last = h + 1 == p->row1 && c + 1 == p->out_w;
            int8_t *second = scratch + sizeof(const int8_t *);
            eq_thumb_taps(first == 0 ? scratch : second, x, zx, h, c, p);
            if (first == 0 && last)
                eq_thumb_taps(second, x, zx, h, c, p);
            if (first == 0 && !last) {
                first = out;
                continue;
            }
            eq_thumb_depthwise_two(scratch, first != 0 ? first : out, out, &t,
                                   eq_thumb_form, eq_thumb_long);
            first = 0;
        }
    }
}
