/* depthwise_s8s4 with multiplier 1 for MVE, any factors: see
 * depthwise_s8s4_mve.h.
 *
 * Exact: sums as depthwise_mve.h says, the rescaling as eq_requantize_x4 in
 * fixed_point_mve.h.
 *
 * @requires multiplier == 1
 * @packs w (o/16, khkw/2, o%16, khkw%2)
 * @packs bias (o/16, o%4, o/4%4)
 * @packs mult (o/16, o%4, o/4%4)
 * @packs shift (o/16, o%4, o/4%4)
 * @scratch 19 + (in_c + 15) / 16 * 16 * kh * kw
 * @scratch (kh * kw + 3) / 4 * 48 + (in_c + 15) / 16 * 16 + 16 * kh * kw
 * @overlap rows
 */
#include "edgeq/depthwise_s8s4_mve.h"

eq_depthwise_s8s4_fn EQ_SYM(eq_depthwise_s8s4__mve_list_any);

void EQ_SYM(eq_depthwise_s8s4__mve_list_any)(const int8_t *x, const int8_t *restrict w,
                                             const int32_t *restrict bias,
                                             const int32_t *restrict mult,
                                             const int32_t *restrict shift, int8_t *y,
                                             int8_t *restrict scratch,
                                             const eq_depthwise_s8s4_params *restrict p)
{
    eq_depthwise_s8s4_mve(x, w, bias, mult, shift, y, scratch, p, eq_mve_form, 0,
                          EQ_DEPTHWISE_MVE_TAPS);
}
