/* fc_s8 for NEON with dot products: sixteen outputs at once.
 *
 * Exact: see dot_neon_dotprod.h and rescale_neon.h; weights of the filling are zero.
 *
 * @requires live_shift >= 32
 * @packs w (o/16, i/16, i%16/4, o%16, i%4)
 * @packs bias (o/16, o%16)
 * @packs mult (o/16, o%16)
 * @packs shift (o/16, o%16)
 */
#include "edgeq/fc_s8.h"
#include "edgeq/dot_neon_dotprod.h"

eq_fc_s8_fn EQ_SYM(eq_fc_s8__neon_dotprod);

void EQ_SYM(eq_fc_s8__neon_dotprod)(const int8_t *restrict x, const int8_t *restrict w,
                                    const int32_t *restrict bias,
                                    const int32_t *restrict mult,
                                    const int32_t *restrict shift, int8_t *restrict y,
                                    const eq_fc_s8_params *restrict p)
{
    const eq_range_s8 range = eq_load_range(p->zy, p->act_min, p->act_max);
    const int32_t full = p->in_dim & ~15, row = (p->in_dim + 15) & ~15;
    for (int32_t n = 0; n < p->batch; ++n) {
        int8_t tail[16] = {0};
        if (p->in_dim > full)
            memcpy(tail, x + full, (size_t)(p->in_dim - full));
        for (int32_t o = 0; o < p->out_dim; o += 16) {
            const eq_sums16_neon s =
                eq_dot_one_neon(x, tail, w + o * row, bias + o, p->in_dim);
            const eq_factors_x16 f = eq_load_factors_x16(bias + o, mult + o, shift + o);
            eq_store_s8_x16(y + o, eq_finish_x16(s, &f, range, eq_is_single()),
                            p->out_dim - o);
        }
        x += p->in_dim;
        y += p->out_dim;
    }
}
