/* depthwise_s8s4 for NEON, any window and multiplier: bands of sixteen channels of outputs are
 * copied with their borders, then four windows at once walk down a list of taps, two at a time.
 * Thirty products of int4 weights add up in int16.
 *
 * Exact: see depthwise_walk_neon.h and rescale_neon.h.
 *
 * @requires live_shift >= 32
 * @packs w (o/16, khkw/2, o%16, khkw%2)
 * @packs bias (o/16, o%16)
 * @packs mult (o/16, o%16)
 * @packs shift (o/16, o%16)
 * @scratch ((max(1, min(row1 - row0, 1536 / (((out_w - 1) * stride_w + (kw - 1) * dil_w + 1) * stride_h))) - 1) * stride_h + (kh - 1) * dil_h + 1) * ((out_w - 1) * stride_w + (kw - 1) * dil_w + 1) * 16 + (kh * kw + 1) / 2 * 16
 */
#include "edgeq/depthwise_s8s4.h"
#include "edgeq/depthwise_walk_neon.h"

eq_depthwise_s8s4_fn EQ_SYM(eq_depthwise_s8s4__neon_walk);

void EQ_SYM(eq_depthwise_s8s4__neon_walk)(
    const int8_t *restrict x, const int8_t *restrict w, const int32_t *restrict bias,
    const int32_t *restrict mult, const int32_t *restrict shift, int8_t *restrict y,
    int8_t *restrict scratch, const eq_depthwise_s8s4_params *restrict p)
{
    const eq_depthwise_call call = EQ_DEPTHWISE_CALL(p, p->zx, 0, p->zy);
    const eq_depthwise_constants k = {w, bias, mult, shift};
    eq_depthwise_walk_neon(&call, &k, x, y, scratch, eq_is_single(), 1);
}
