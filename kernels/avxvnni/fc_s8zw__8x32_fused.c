/* fc_s8zw for AVX-VNNI: eight outputs at once, 32 inputs a step, and the sum of the inputs
 * once for the zero point of the weights.
 *
 * Exact: see dense_avxvnni.h and fused_avx2.h; outputs beyond the last are not stored.
 *
 * @rescale fused
 * @packs w (o/8, i/32, o%8, i%32)
 * @packs bias (o/8, o%8)
 * @packs mult (o/8, o%8)
 * @packs shift (o/8, o%8)
 * @offset bias -128 w
 */
#include "edgeq/dense_avxvnni.h"
#include "edgeq/fc_s8zw.h"

eq_fc_s8zw_fn EQ_SYM(eq_fc_s8zw__avxvnni_8x32_fused);

void EQ_SYM(eq_fc_s8zw__avxvnni_8x32_fused)(
    const int8_t *restrict x, const int8_t *restrict w, const int32_t *restrict bias,
    const int32_t *restrict mult, const int32_t *restrict shift, int8_t *restrict y,
    const eq_fc_s8zw_params *restrict p)
{
    const eq_dense_layer_avx2 t = {
        w,        bias,      mult,       shift,
        p->batch, p->in_dim, p->out_dim, eq_load_range_avx2(0, p->act_min, p->act_max)};
    eq_dense_rows_zw_avxvnni(&t, x, y, p->zw, EQ_FUSED);
}
