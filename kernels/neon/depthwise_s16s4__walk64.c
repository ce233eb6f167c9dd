/* depthwise_s16s4 for NEON, any window and multiplier: bands of eight channels of outputs are copied
 * with their borders, then four windows at once walk down a list of taps, two at a time.
 *
 * In the form wide biases are added, and accumulators rescaled, in 64 bits.
 *
 * Exact: see depthwise_words_neon.h.
 *
 * @requires dot_bits <= 32
 * @packs w (o/8, khkw/2, o%8, khkw%2)
 * @packs bias (o/8, o%8)
 * @packs mult (o/8, o%8)
 * @packs shift (o/8, o%8)
 * @scratch ((max(1, min(row1 - row0, 1536 / (((out_w - 1) * stride_w + (kw - 1) * dil_w + 1) * stride_h))) - 1) * stride_h + (kh - 1) * dil_h + 1) * ((out_w - 1) * stride_w + (kw - 1) * dil_w + 1) * 16 + (kh * kw + 1) / 2 * 16
 */
#include "edgeq/depthwise_s16s4.h"
#include "edgeq/depthwise_words_neon.h"

eq_depthwise_s16s4_fn EQ_SYM(eq_depthwise_s16s4__neon_walk64);

void EQ_SYM(eq_depthwise_s16s4__neon_walk64)(
    const int16_t *restrict x, const int8_t *restrict w, const int64_t *restrict bias,
    const int32_t *restrict mult, const int32_t *restrict shift, int16_t *restrict y,
    int8_t *restrict scratch, const eq_depthwise_s16s4_params *restrict p)
{
    const eq_depthwise_call call = EQ_DEPTHWISE_CALL(p, 0, 0, 0);
    const eq_depthwise_constants k = {w, 0, mult, shift};
    eq_depthwise_words_neon(&call, &k, bias, x, y, scratch,
                            eq_is_wide() ? EQ_LONG : eq_is_single(), 1);
}
