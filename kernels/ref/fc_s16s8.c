/* fc_s16s8, portable: one dot product per output, in the order of the formula.
 *
 * Exact: it is the contract's formula; the int64 accumulator is far from its ends.
 */
#include "edgeq/fc_s16s8.h"
#include "edgeq/fixed_point.h"

eq_fc_s16s8_fn EQ_SYM(eq_fc_s16s8__ref);

void EQ_SYM(eq_fc_s16s8__ref)(const int16_t *restrict x, const int8_t *restrict w,
                              const int64_t *restrict bias, const int32_t *restrict mult,
                              const int32_t *restrict shift, int16_t *restrict y,
                              const eq_fc_s16s8_params *restrict p)
{
    for (int32_t n = 0; n < p->batch; ++n) {
        const int16_t *row = x + n * p->in_dim;
        for (int32_t o = 0; o < p->out_dim; ++o) {
            const int8_t *wo = w + o * p->in_dim;
            int64_t acc = bias[o];
            for (int32_t i = 0; i < p->in_dim; ++i)
                acc += (int64_t)row[i] * wo[i];
            const int32_t v = eq_requantize64(acc, mult[o], shift[o]);
            y[n * p->out_dim + o] = (int16_t)eq_clamp(v, p->act_min, p->act_max);
        }
    }
}
