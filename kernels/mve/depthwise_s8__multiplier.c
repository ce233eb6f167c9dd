/* depthwise_s8 for MVE, factors below 1/2: any multiplier.
 *
 * Exact: depthwise_expand.h copies, the rest as in depthwise_mve.h.
 *
 * @requires multiplier > 1
 * @requires min_w >= -127
 * @requires live_shift >= 32
 * @packs w (o/16, khkw, o%16)
 * @packs bias (o/16, o%4, o/4%4)
 * @packs mult (o/16, o%4, o/4%4)
 * @packs shift (o/16, o%4, o/4%4)
 * @scratch 3 + (kh * kw + 3) / 4 * 48 + (in_c * multiplier + 15) / 16 * 80 + 16 * kh * kw + in_w * in_c * multiplier * min((kh - 1) * dil_h + 1, in_h)
 * @overlap rows
 */
#include "edgeq/depthwise_expand.h"
#include "edgeq/depthwise_mve.h"

eq_depthwise_s8_fn EQ_SYM(eq_depthwise_s8__mve_multiplier);

void EQ_SYM(eq_depthwise_s8__mve_multiplier)(const int8_t *x, const int8_t *restrict w,
                                             const int32_t *restrict bias,
                                             const int32_t *restrict mult,
                                             const int32_t *restrict shift, int8_t *y,
                                             int8_t *restrict scratch,
                                             const eq_depthwise_s8_params *restrict p)
{
    int8_t *ring =
        scratch + (3 + (p->kh * p->kw + 3) / 4 * 48 +
                   (p->in_c * p->multiplier + 15) / 16 * 80 + 16 * p->kh * p->kw);
    int32_t done = 0;
    for (int32_t h = p->row0; h < p->row1; ++h) {
        const eq_depthwise_s8_params q = eq_expand_params(p, h);
        done = eq_expand_rows(x, ring, done, p, &q);
        eq_depthwise_s8_mve(ring, w, bias, mult, shift, y, scratch, &q, 0, eq_mve_form, 1,
                            EQ_DEPTHWISE_MVE_TAPS);
    }
}
