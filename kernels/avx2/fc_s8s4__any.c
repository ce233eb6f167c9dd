/* fc_s8s4 for AVX2: eight outputs at once, sixteen inputs a step.
 *
 * For factors of 1/2 and more, and the longest sums.
 *
 * Exact: see dense_avx2.h and fixed_point_avx2.h; outputs beyond the last are not stored.
 *
 * @packs w (o/8, i/16, o/2%4, i%16, o%2)
 * @packs bias (o/8, o%8)
 * @packs mult (o/8, o%8)
 * @packs shift (o/8, o%8)
 */
#include "edgeq/dense_avx2.h"
#include "edgeq/fc_s8s4.h"

eq_fc_s8s4_fn EQ_SYM(eq_fc_s8s4__avx2_any);

void EQ_SYM(eq_fc_s8s4__avx2_any)(const int8_t *restrict x, const int8_t *restrict w,
                                  const int32_t *restrict bias,
                                  const int32_t *restrict mult,
                                  const int32_t *restrict shift, int8_t *restrict y,
                                  const eq_fc_s8s4_params *restrict p)
{
    const eq_dense_layer_avx2 t = {
        w,        bias,      mult,       shift,
        p->batch, p->in_dim, p->out_dim, eq_load_range_avx2(p->zy, p->act_min, p->act_max)};
    eq_dense_rows_avx2(&t, x, y, NULL, 1, EQ_ANY + eq_is_single());
}
