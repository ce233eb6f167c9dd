/* fc_s8s4g, portable: one dot product per group, two products per byte of weights.
 *
 * Exact: it is the contract's formula; the compiler proved that acc stays within int32.
 */
#include "edgeq/fc_s8s4g.h"
#include "edgeq/fixed_point.h"
#include "edgeq/nibbles.h"

eq_fc_s8s4g_fn EQ_SYM(eq_fc_s8s4g__ref);

/* sum_g r[g] * sum_{i in g} x[i] * w[at + i] */
static inline int32_t EQ_SYM(fc_s8s4g_ref_sum)(const int8_t *x, const int8_t *w, int32_t at,
                                               const uint8_t *r,
                                               const eq_fc_s8s4g_params *p)
{
    int32_t acc = 0;
    for (int32_t i = 0; i < p->in_dim; i += p->group) {
        const int32_t left = p->in_dim - i;
        acc += *r++ * eq_nibbles_dot(x + i, w, at + i, left < p->group ? left : p->group);
    }
    return acc;
}

void EQ_SYM(eq_fc_s8s4g__ref)(const int8_t *restrict x, const int8_t *restrict w,
                              const uint8_t *restrict r, const int32_t *restrict bias,
                              const int32_t *restrict mult, const int32_t *restrict shift,
                              int8_t *restrict y, const eq_fc_s8s4g_params *restrict p)
{
    const int32_t groups = (p->in_dim - 1) / p->group + 1;
    for (int32_t n = 0; n < p->batch; ++n) {
        const int8_t *row = x + n * p->x_step;
        int8_t *out = y + n * p->y_step;
        for (int32_t o = 0; o < p->out_dim; ++o) {
            const int32_t acc = bias[o] + EQ_SYM(fc_s8s4g_ref_sum)(row, w, o * p->in_dim,
                                                                   r + o * groups, p);
            const int32_t v = eq_requantize(acc, mult[o], shift[o]) + p->zy;
            out[o] = (int8_t)eq_clamp(v, p->act_min, p->act_max);
        }
    }
}
