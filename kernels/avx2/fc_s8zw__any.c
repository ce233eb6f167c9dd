/* fc_s8zw for AVX2: eight outputs at once, sixteen inputs a step.
 *
 * For factors of 1/2 and more, and the longest sums.
 *
 * Exact: see dense_avx2.h and fixed_point_avx2.h; outputs beyond the last are not stored.
 *
 * @packs w (o/8, i/16, o%8, i%16)
 * @packs bias (o/8, o%8)
 * @packs mult (o/8, o%8)
 * @packs shift (o/8, o%8)
 */
#include "edgeq/dense_avx2.h"
#include "edgeq/fc_s8zw.h"

eq_fc_s8zw_fn EQ_SYM(eq_fc_s8zw__avx2_any);

void EQ_SYM(eq_fc_s8zw__avx2_any)(const int8_t *restrict x, const int8_t *restrict w,
                                  const int32_t *restrict bias,
                                  const int32_t *restrict mult,
                                  const int32_t *restrict shift, int8_t *restrict y,
                                  const eq_fc_s8zw_params *restrict p)
{
    const eq_dense_layer_avx2 t = {
        w,        bias,      mult,       shift,
        p->batch, p->in_dim, p->out_dim, eq_load_range_avx2(p->zy, p->act_min, p->act_max)};
    const __m256i zw = _mm256_set1_epi16((int16_t)p->zw);
    eq_dense_rows_avx2(&t, x, y, &zw, 0, EQ_ANY + eq_is_single());
}
