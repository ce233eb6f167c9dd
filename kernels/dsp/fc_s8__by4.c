/* fc_s8 with the DSP extension: eight channels by 4 taps, or four that are left.
 *
 * x is widened as it is read, for eight channels at once; weights of two channels share an
 * int16 (dsp_dot.h).  Four taps of eight channels are 35 instructions for 32 products.
 *
 * Exact: a pair's sums modulo 2^32 give both channels' accumulators, as these fit 24 bits
 * (dsp_dot.h); rescaling as dsp_rescale.h says, clamped to int8 first and then to the layer's
 * range, which is within.
 *
 * @requires in_dim % 4 == 0
 * @requires acc_bits <= 24 and min_w >= -127 and min_shift >= 32 and max_shift <= 54
 * @packs w (o/8, i/4, i%2, o/2%4, i/2%2, o%2)
 * @packs bias (o/8, o%8)
 * @packs mult (o/8, o%8)
 * @packs shift (o/8, o%8)
 * @joins w
 */
#include "edgeq/dsp_fc.h"

eq_fc_s8_fn EQ_SYM(eq_fc_s8__dsp_by4);

void EQ_SYM(eq_fc_s8__dsp_by4)(const int8_t *restrict x, const int8_t *restrict w,
                               const int32_t *restrict bias, const int32_t *restrict mult,
                               const int32_t *restrict shift, int8_t *restrict y,
                               const eq_fc_s8_params *restrict p)
{
    const eq_dsp_fc layer = {x, x, w, bias, mult, shift, y, 0, 0, 2 * p->zy + 1};
    eq_dsp_fc_rows(layer, x, y, p, 4, eq_dsp_form);
}
