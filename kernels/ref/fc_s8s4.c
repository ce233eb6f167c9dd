/* fc_s8s4, portable: one dot product per output, two products per byte of weights.
 *
 * Exact: it is the contract's formula; the compiler proved that acc stays within int32.
 */
#include "edgeq/fc_s8s4.h"
#include "edgeq/fixed_point.h"
#include "edgeq/nibbles.h"

eq_fc_s8s4_fn EQ_SYM(eq_fc_s8s4__ref);

void EQ_SYM(eq_fc_s8s4__ref)(const int8_t *restrict x, const int8_t *restrict w,
                             const int32_t *restrict bias, const int32_t *restrict mult,
                             const int32_t *restrict shift, int8_t *restrict y,
                             const eq_fc_s8s4_params *restrict p)
{
    for (int32_t n = 0; n < p->batch; ++n) {
        const int8_t *row = x + n * p->in_dim;
        for (int32_t o = 0; o < p->out_dim; ++o) {
            const int32_t acc = bias[o] + eq_nibbles_dot(row, w, o * p->in_dim, p->in_dim);
            const int32_t v = eq_requantize(acc, mult[o], shift[o]) + p->zy;
            y[n * p->out_dim + o] = (int8_t)eq_clamp(v, p->act_min, p->act_max);
        }
    }
}
