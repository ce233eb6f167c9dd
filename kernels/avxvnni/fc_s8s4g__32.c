/* fc_s8s4g for AVX-VNNI: up to 32 outputs at once, any rescale.
 *
 * Exact: see dense_int4_avxvnni.h and rescale_avx2.h; outputs beyond the last are not stored.
 *
 * @requires group % 8 == 0 or group == in_dim
 * @packs w (o/8, i/8, o%8, i%4, i/4%2)
 * @packs r (o/8, g, o%8)
 * @packs bias (o/8, o%8)
 * @packs mult (o/8, o%8)
 * @packs shift (o/8, o%8)
 */
#include "edgeq/dense_int4_avxvnni.h"

eq_fc_s8s4g_fn EQ_SYM(eq_fc_s8s4g__avxvnni_32);

void EQ_SYM(eq_fc_s8s4g__avxvnni_32)(const int8_t *restrict x, const int8_t *restrict w,
                                     const uint8_t *restrict r,
                                     const int32_t *restrict bias,
                                     const int32_t *restrict mult,
                                     const int32_t *restrict shift, int8_t *restrict y,
                                     const eq_fc_s8s4g_params *restrict p)
{
    const eq_int4_layer_avxvnni t = {w,
                                     r,
                                     bias,
                                     mult,
                                     shift,
                                     (int64_t)(p->in_dim + 7) / 8 * 32,
                                     (int64_t)((p->in_dim - 1) / p->group + 1) * 8,
                                     eq_load_range_avx2(p->zy, p->act_min, p->act_max)};
    eq_int4_rows_avxvnni(&t, x, y, EQ_ANY + eq_is_single(), p);
}
