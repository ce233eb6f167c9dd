/* fc_s8 for Thumb-2 without DSP: four outputs at once.
 *
 * Each byte of x serves four products: nine instructions for four.
 *
 * Exact: the contract's sum in another order; the rescale is derived in thumb_rescale.h.
 *
 * @requires in_dim % 4 == 0
 * @requires dot_bits <= 30
 * @packs w (o/4, i, o%4)
 * @packs bias (o/4, o%4)
 */
#include "edgeq/fc_s8.h"
#include "edgeq/thumb_dot.h"

eq_fc_s8_fn EQ_SYM(eq_fc_s8__thumb2);

void EQ_SYM(eq_fc_s8__thumb2)(const int8_t *restrict x, const int8_t *restrict w,
                              const int32_t *restrict bias, const int32_t *restrict mult,
                              const int32_t *restrict shift, int8_t *restrict y,
                              const eq_fc_s8_params *restrict p)
{
    eq_thumb_layer t = {w,          bias,  mult,       shift,      p->in_dim,
                        p->out_dim, p->zy, p->act_min, p->act_max, 0};
    eq_thumb_find_plain(&t);
    for (int32_t n = 0; n < p->batch; ++n)
        eq_thumb_one(x + n * p->in_dim, y + n * p->out_dim, &t, eq_thumb_form,
                     eq_thumb_long);
}
