/* fc_s16s4 for AVX-512 VNNI: up to 64 outputs at once, sums and rescales of which are int64.
 *
 * Exact: see dense_s16_avx512vnni.h and rescale16_avx512.h; outputs beyond the last are not stored.
 *
 * @packs w (o/16, i/4, o%16, i%2, i/2%2)
 * @packs bias (o/16, o%16)
 * @packs mult (o/16, o%16)
 * @packs shift (o/16, o%16)
 */
#include "edgeq/dense_s16_avx512vnni.h"
#include "edgeq/fc_s16s4.h"

eq_fc_s16s4_fn EQ_SYM(eq_fc_s16s4__avx512vnni_64);

void EQ_SYM(eq_fc_s16s4__avx512vnni_64)(const int16_t *restrict x, const int8_t *restrict w,
                                        const int64_t *restrict bias,
                                        const int32_t *restrict mult,
                                        const int32_t *restrict shift, int16_t *restrict y,
                                        const eq_fc_s16s4_params *restrict p)
{
    const eq_dense16_layer_x512 t = {
        w,        bias,      mult,       shift,
        p->batch, p->in_dim, p->out_dim, eq_load_range16_avx512(p->act_min, p->act_max)};
    eq_dense16_rows_x512(&t, x, y, 1, eq_form16());
}
