/* fc_s8 for NEON: eight outputs at once, so that each load of x serves eight rows; products
 * added in pairs.
 *
 * Exact: see conv2d_tile_neon.h and rescale_neon.h; weights of the filling are zero.
 *
 * @requires min_w >= -127 and live_shift >= 32
 * @packs w (o/8, i/32, o%8, i%32)
 * @packs bias (o/8, o%8)
 * @packs mult (o/8, o%8)
 * @packs shift (o/8, o%8)
 */
#include "edgeq/fc_neon.h"
#include "edgeq/fc_s8.h"
#include "edgeq/rescale_neon.h"

eq_fc_s8_fn EQ_SYM(eq_fc_s8__neon_pairs);

void EQ_SYM(eq_fc_s8__neon_pairs)(const int8_t *restrict x, const int8_t *restrict w,
                                  const int32_t *restrict bias,
                                  const int32_t *restrict mult,
                                  const int32_t *restrict shift, int8_t *restrict y,
                                  const eq_fc_s8_params *restrict p)
{
    const eq_range_s8 range = eq_load_range(p->zy, p->act_min, p->act_max);
    const int32_t full = p->in_dim & ~31, row = (p->in_dim + 31) / 32 * 32;
    for (int32_t n = 0; n < p->batch; ++n) {
        int8_t tail[32] = {0};
        if (p->in_dim > full)
            memcpy(tail, x + full, (size_t)(p->in_dim - full));
        for (int32_t o = 0; o < p->out_dim; o += 8) {
            const eq_eight_neon s = eq_fc_sums_neon(x, tail, w + o * row, p->in_dim, 0);
            const eq_factors_x4 f = eq_load_factors(bias + o, mult + o, shift + o);
            const eq_factors_x4 g =
                eq_load_factors(bias + o + 4, mult + o + 4, shift + o + 4);
            const int32x4_t a = eq_rescale_x4(vaddq_s32(s.a, f.bias), f, eq_is_single());
            const int32x4_t b = eq_rescale_x4(vaddq_s32(s.b, g.bias), g, eq_is_single());
            eq_store_s8_x8(y + o, eq_narrow_s8_x8(a, b, range), p->out_dim - o);
        }
        x += p->in_dim;
        y += p->out_dim;
    }
}
