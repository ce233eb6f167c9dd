/* fc_s8s4 for AVX-512 VNNI: up to 64 outputs at once, any rescale.
 *
 * Exact: see dense_int4_avx512vnni.h and rescale_avx512.h; outputs beyond the last are not stored.
 *
 * @packs w (o/16, i/8, o%16, i%4, i/4%2)
 * @packs bias (o/16, o%16)
 * @packs mult (o/16, o%16)
 * @packs shift (o/16, o%16)
 */
#include "edgeq/dense_int4_avx512vnni.h"
#include "edgeq/fc_s8s4.h"

eq_fc_s8s4_fn EQ_SYM(eq_fc_s8s4__avx512vnni_64);

void EQ_SYM(eq_fc_s8s4__avx512vnni_64)(const int8_t *restrict x, const int8_t *restrict w,

                                       const int32_t *restrict bias,
                                       const int32_t *restrict mult,
                                       const int32_t *restrict shift, int8_t *restrict y,
                                       const eq_fc_s8s4_params *restrict p)
{
    const eq_int4_layer_x512 t = {
        w,         NULL,       bias,
        mult,      shift,      p->batch,
        p->in_dim, p->out_dim, p->in_dim,
        p->in_dim, p->out_dim, eq_load_range_avx512(p->zy, p->act_min, p->act_max)};
    eq_int4_rows_x512(&t, x, y, EQ_ANY + eq_is_single());
}
