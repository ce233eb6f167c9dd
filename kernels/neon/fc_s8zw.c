/* fc_s8zw for NEON: eight outputs at once, so that each load of x serves eight rows; products
 * added in pairs.
 *
 * The zero point of the weights is multiplied with the sum of a row, taken once.
 *
 * Exact: products with that zero point are within int32 as the contract's are; see fc_neon.h
 * and rescale_neon.h.
 *
 * @requires min_w + zw >= -127 and live_shift >= 32
 * @packs w (o/8, i/32, o%8, i%32)
 * @packs bias (o/8, o%8)
 * @packs mult (o/8, o%8)
 * @packs shift (o/8, o%8)
 */
#include "edgeq/fc_s8zw.h"
#include "edgeq/fc_neon.h"

eq_fc_s8zw_fn EQ_SYM(eq_fc_s8zw__neon);

void EQ_SYM(eq_fc_s8zw__neon)(const int8_t *restrict x, const int8_t *restrict w,
                              const int32_t *restrict bias, const int32_t *restrict mult,
                              const int32_t *restrict shift, int8_t *restrict y,
                              const eq_fc_s8zw_params *restrict p)
{
    const eq_fc_layer_neon layer = {
        w,          bias,     mult,
        shift,      p->batch, p->in_dim,
        p->out_dim, p->zw,    eq_load_range(p->zy, p->act_min, p->act_max)};
    eq_fc_rows_neon(&layer, x, y, EQ_FC_PAIRS, 1, eq_is_single());
}
