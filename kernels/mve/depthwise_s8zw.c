/* depthwise_s8zw with multiplier 1 for MVE, factors below 1/2: see depthwise_mve.h.
 *
 * Exact: inputs and weights less zw are int16 and their products int32; the rescaling as
 * eq_requantize_live_x4 in fixed_point_mve.h; shift >= 32 for every factor that is not zero.
 *
 * @requires multiplier == 1 and (in_c > 8 or kh != 3 or kw != 3)
 * @requires live_shift >= 32
 * @packs w (o/16, khkw, o%2, o/2%8)
 * @packs bias (o/16, o%4, o/4%4)
 * @packs mult (o/16, o%4, o/4%4)
 * @packs shift (o/16, o%4, o/4%4)
 * @scratch 3 + (kh * kw + 3) / 4 * 48 + (in_c + 15) / 16 * 80 + 16 * kh * kw
 * @overlap rows
 */
#include "edgeq/depthwise_s8zw.h"
#include "edgeq/depthwise_mve.h"
#include "edgeq/depthwise_params_s8.h"

eq_depthwise_s8zw_fn EQ_SYM(eq_depthwise_s8zw__mve);

void EQ_SYM(eq_depthwise_s8zw__mve)(const int8_t *x, const int8_t *restrict w,
                                    const int32_t *restrict bias,
                                    const int32_t *restrict mult,
                                    const int32_t *restrict shift, int8_t *y,
                                    int8_t *restrict scratch,
                                    const eq_depthwise_s8zw_params *restrict p)
{
    const eq_depthwise_s8_params same = EQ_DEPTHWISE_PARAMS_S8(p);
    eq_depthwise_s8_mve(x, w, bias, mult, shift, y, scratch, &same, p->zw, eq_mve_form, 1,
                        EQ_DEPTHWISE_MVE_ZW);
}
