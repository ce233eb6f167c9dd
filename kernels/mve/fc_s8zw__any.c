/* fc_s8zw for MVE, any factors: see fc_mve.h.
 *
 * Exact: the sums as dot_mve.h says, the rescaling as eq_requantize_x4 in
 * fixed_point_mve.h.
 *
 * @packs w (o/4, i/16, o%4, i%16)
 * @packs bias (o/4, o%4)
 * @packs mult (o/4, o%4)
 * @packs shift (o/4, o%4)
 */
#include "edgeq/fc_mve.h"
#include "edgeq/fc_s8zw.h"

eq_fc_s8zw_fn EQ_SYM(eq_fc_s8zw__mve_any);

void EQ_SYM(eq_fc_s8zw__mve_any)(const int8_t *restrict x, const int8_t *restrict w,
                                 const int32_t *restrict bias, const int32_t *restrict mult,
                                 const int32_t *restrict shift, int8_t *restrict y,
                                 const eq_fc_s8zw_params *restrict p)
{
    const eq_fc_s8_params same = {p->batch, p->in_dim,  p->out_dim,
                                  p->zy,    p->act_min, p->act_max};
    eq_fc_s8_mve(x, w, bias, mult, shift, y, &same, p->zw, eq_mve_form, 0);
}
