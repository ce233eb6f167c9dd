/* fc_s8 for NEON: eight outputs at once, so that each load of x serves eight rows; products
 * added in fours.
 *
 * Exact: see fc_neon.h and rescale_neon.h.
 *
 * @requires fours <= 255 and live_shift >= 32
 * @packs w (o/8, i/32, o%8, i%32)
 * @packs bias (o/8, o%8)
 * @packs mult (o/8, o%8)
 * @packs shift (o/8, o%8)
 */
#include "edgeq/fc_neon.h"
#include "edgeq/fc_s8.h"

eq_fc_s8_fn EQ_SYM(eq_fc_s8__neon_fours);

void EQ_SYM(eq_fc_s8__neon_fours)(const int8_t *restrict x, const int8_t *restrict w,
                                  const int32_t *restrict bias,
                                  const int32_t *restrict mult,
                                  const int32_t *restrict shift, int8_t *restrict y,
                                  const eq_fc_s8_params *restrict p)
{
    const eq_fc_layer_neon layer = {
        w,          bias,     mult,
        shift,      p->batch, p->in_dim,
        p->out_dim, 0,        eq_load_range(p->zy, p->act_min, p->act_max)};
    eq_fc_rows_neon(&layer, x, y, EQ_FC_FOURS, 0, eq_is_single());
}
