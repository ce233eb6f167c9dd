/* fc_s8s4g for AVX2 of several rows: six of them by sixteen outputs at a time.
 *
 * Exact: see dense_groups_avx2.h and fixed_point_avx2.h; outputs beyond the last are not stored.
 *
 * @requires batch > 1
 * @requires group % 2 == 0 or group == in_dim
 * @packs w (o/16, i/2, o/8%2, o%4, i%2, o/4%2)
 * @packs r (o/16, g, o/4%2, o/8%2, o%4)
 * @packs bias (o/16, o/4%2, o/8%2, o%4)
 * @packs mult (o/16, o/4%2, o/8%2, o%4)
 * @packs shift (o/16, o/4%2, o/8%2, o%4)
 */
#include "edgeq/dense_groups_avx2.h"
#include "edgeq/fc_s8s4g.h"

eq_fc_s8s4g_fn EQ_SYM(eq_fc_s8s4g__avx2_6x16);

void EQ_SYM(eq_fc_s8s4g__avx2_6x16)(const int8_t *restrict x, const int8_t *restrict w,
                                    const uint8_t *restrict r, const int32_t *restrict bias,
                                    const int32_t *restrict mult,
                                    const int32_t *restrict shift, int8_t *restrict y,
                                    const eq_fc_s8s4g_params *restrict p)
{
    const eq_layer_avx2 t = {.w = w,
                             .bias = bias,
                             .mult = mult,
                             .shift = shift,
                             .out_c = p->out_dim,
                             .range = eq_load_range_avx2(p->zy, p->act_min, p->act_max)};
    eq_groups_rows_avx2(&t, x, r, y, EQ_ANY + eq_is_single(), p);
}
