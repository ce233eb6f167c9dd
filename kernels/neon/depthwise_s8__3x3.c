/* depthwise_s8 for NEON, 3x3 without dilation: bands of sixteen channels are copied with their
 * borders, and weights and factors of these stay in registers.
 *
 * The last sixteen channels go back to be whole; where there are fewer, eight of two rows at
 * once.
 *
 * Exact: see depthwise_neon.h and rescale_neon.h.
 *
 * @requires multiplier == 1 and in_c >= 8
 * @requires kh == 3 and kw == 3 and dil_h == 1 and dil_w == 1
 * @requires min_w >= -127 and live_shift >= 32
 * @scratch ((max(1, min(row1 - row0, 1536 / (((out_w - 1) * stride_w + 3) * stride_h))) - 1) * stride_h + 3) * ((out_w - 1) * stride_w + 3) * 16
 */
#include "edgeq/depthwise3_neon.h"
#include "edgeq/depthwise_s8.h"

eq_depthwise_s8_fn EQ_SYM(eq_depthwise_s8__neon_3x3);

void EQ_SYM(eq_depthwise_s8__neon_3x3)(const int8_t *restrict x, const int8_t *restrict w,
                                       const int32_t *restrict bias,
                                       const int32_t *restrict mult,
                                       const int32_t *restrict shift, int8_t *restrict y,
                                       int8_t *restrict scratch,
                                       const eq_depthwise_s8_params *restrict p)
{
    const eq_depthwise_call call = EQ_DEPTHWISE_CALL(p, p->zx, 0, p->zy);
    const eq_depthwise_constants k = {w, bias, mult, shift};
    eq_depthwise3_neon(&call, &k, x, y, scratch, eq_is_single(), 0);
}
