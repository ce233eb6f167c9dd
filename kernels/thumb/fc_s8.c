/* fc_s8 for ARMv6-M: two outputs at once, rescaled without 64-bit products.
 *
 * One index walks along x and two rows of weights: nine instructions for two products.
 *
 * Exact: the contract's sum; the rescale is derived in thumb_rescale.h.
 *
 * @requires dot_bits <= 30
 */
#include "edgeq/fc_s8.h"
#include "edgeq/thumb_dot.h"

eq_fc_s8_fn EQ_SYM(eq_fc_s8__thumb);

void EQ_SYM(eq_fc_s8__thumb)(const int8_t *restrict x, const int8_t *restrict w,
                             const int32_t *restrict bias, const int32_t *restrict mult,
                             const int32_t *restrict shift, int8_t *restrict y,
                             const eq_fc_s8_params *restrict p)
{
    eq_thumb_layer t = {w,          bias,  mult,       shift,      p->in_dim,
                        p->out_dim, p->zy, p->act_min, p->act_max, 0};
    eq_thumb_find_plain(&t);
    for (int32_t n = 0; n < p->batch; ++n)
        eq_thumb_pairs(x + n * p->in_dim, y + n * p->out_dim, &t, eq_thumb_form,
                       eq_thumb_split);
}
