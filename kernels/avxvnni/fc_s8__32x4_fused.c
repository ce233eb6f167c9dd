/* fc_s8 for AVX-VNNI: 32 outputs at once, sixteen inputs a step.
 *
 * Exact: see dense_wide_avxvnni.h and fused_avx2.h; outputs beyond the last are not stored.
 *
 * @rescale fused
 * @requires out_dim > 24 and (out_dim + 31) / 32 * 128 <= out_dim * 5
 * @packs w (o/32, i/4, o/8%2, o%2, o/16%2, o/2%4, i%4)
 * @packs bias (o/32, o/8%2, o%2, o/16%2, o/2%4)
 * @packs mult (o/32, o/8%2, o%2, o/16%2, o/2%4)
 * @packs shift (o/32, o/8%2, o%2, o/16%2, o/2%4)
 * @offset bias -128 w
 */
#include "edgeq/dense_wide_avxvnni.h"
#include "edgeq/fc_s8.h"

eq_fc_s8_fn EQ_SYM(eq_fc_s8__avxvnni_32x4_fused);

void EQ_SYM(eq_fc_s8__avxvnni_32x4_fused)(const int8_t *restrict x,
                                          const int8_t *restrict w,
                                          const int32_t *restrict bias,
                                          const int32_t *restrict mult,
                                          const int32_t *restrict shift, int8_t *restrict y,
                                          const eq_fc_s8_params *restrict p)
{
    const eq_dense_wide_avx2 t = {w,
                                  bias,
                                  mult,
                                  shift,
                                  p->in_dim,
                                  p->out_dim,
                                  eq_load_range_avx2(p->zy, p->act_min, p->act_max)};
    for (int32_t n = 0; n < p->batch; ++n)
        eq_dense_wide_row_avx2(&t, x + (int64_t)n * p->in_dim, y + (int64_t)n * p->out_dim,
                               eq_wide_dots_avxvnni, EQ_FUSED);
}
