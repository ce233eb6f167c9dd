/* fc_s8zw for AVX-512 VNNI: up to 64 outputs at once.
 *
 * Exact: see dense_avx512vnni.h and fused_avx512.h; outputs beyond the last are not stored.
 *
 * @rescale fused
 * @packs w (o/16, i/4, o%16, i%4)
 * @packs bias (o/16, o%16)
 * @packs mult (o/16, o%16)
 * @packs shift (o/16, o%16)
 * @offset bias -128 w
 */
#include "edgeq/dense_avx512vnni.h"
#include "edgeq/fc_s8zw.h"

eq_fc_s8zw_fn EQ_SYM(eq_fc_s8zw__avx512vnni_64_fused);

void EQ_SYM(eq_fc_s8zw__avx512vnni_64_fused)(
    const int8_t *restrict x, const int8_t *restrict w, const int32_t *restrict bias,
    const int32_t *restrict mult, const int32_t *restrict shift, int8_t *restrict y,
    const eq_fc_s8zw_params *restrict p)
{
    const eq_dense_layer_x512 t = {
        w,          bias,     mult,
        shift,      p->batch, p->in_dim,
        p->out_dim, p->zw,    eq_load_range_avx512(p->zy, p->act_min, p->act_max)};
    eq_dense_rows_x512(&t, x, y, 1, EQ_FUSED_X512);
}
