/* fc_s16s4, portable: one dot product per output, two products per byte of weights.
 *
 * Exact: it is the contract's formula; the int64 accumulator is far from its ends.
 */
#include "edgeq/fc_s16s4.h"
#include "edgeq/fixed_point.h"
#include "edgeq/nibbles.h"

eq_fc_s16s4_fn EQ_SYM(eq_fc_s16s4__ref);

void EQ_SYM(eq_fc_s16s4__ref)(const int16_t *restrict x, const int8_t *restrict w,
                              const int64_t *restrict bias, const int32_t *restrict mult,
                              const int32_t *restrict shift, int16_t *restrict y,
                              const eq_fc_s16s4_params *restrict p)
{
    for (int32_t n = 0; n < p->batch; ++n) {
        const int16_t *row = x + n * p->in_dim;
        for (int32_t o = 0; o < p->out_dim; ++o) {
            const int64_t acc =
                bias[o] + eq_nibbles_dot16(row, w, o * p->in_dim, p->in_dim);
            const int32_t v = eq_requantize64(acc, mult[o], shift[o]);
            y[n * p->out_dim + o] = (int16_t)eq_clamp(v, p->act_min, p->act_max);
        }
    }
}
