/* fc_s8s4 for NEON: eight outputs at once, so that each load of x serves eight rows; four
 * products in an int16 lane.
 *
 * Exact: see fc_neon.h and rescale_neon.h.
 *
 * @requires live_shift >= 32
 * @packs w (o/8, i/32, o%8, i%16, i/16%2)
 * @packs bias (o/8, o%8)
 * @packs mult (o/8, o%8)
 * @packs shift (o/8, o%8)
 */
#include "edgeq/fc_s8s4.h"
#include "edgeq/fc_neon.h"

eq_fc_s8s4_fn EQ_SYM(eq_fc_s8s4__neon);

void EQ_SYM(eq_fc_s8s4__neon)(const int8_t *restrict x, const int8_t *restrict w,
                              const int32_t *restrict bias, const int32_t *restrict mult,
                              const int32_t *restrict shift, int8_t *restrict y,
                              const eq_fc_s8s4_params *restrict p)
{
    const eq_fc_layer_neon layer = {
        w,          bias,     mult,
        shift,      p->batch, p->in_dim,
        p->out_dim, 0,        eq_load_range(p->zy, p->act_min, p->act_max)};
    eq_fc_rows_neon(&layer, x, y, EQ_FC_INT4, 0, eq_is_single());
}
