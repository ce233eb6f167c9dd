/* fc_s8 for NEON of 32-bit Arm: four outputs at once, so that each load of x serves four rows.
 *
 * Rows and constants are filled up to whole blocks of four, so only the store knows of a
 * last, partial one.
 *
 * Exact: see dot_neon.h; weights of the filling are zero.
 *
 * @packs w (o/4, o%4, i)
 * @packs bias (o/4, o%4)
 * @packs mult (o/4, o%4)
 * @packs shift (o/4, o%4)
 */
#include "edgeq/neon_armv7.h"

#include "edgeq/dot_neon.h"
#include "edgeq/fc_s8.h"
#include "edgeq/fixed_point_neon.h"

eq_fc_s8_fn EQ_SYM(eq_fc_s8__armv7_neon_plain);

void EQ_SYM(eq_fc_s8__armv7_neon_plain)(const int8_t *restrict x, const int8_t *restrict w,
                                        const int32_t *restrict bias,
                                        const int32_t *restrict mult,
                                        const int32_t *restrict shift, int8_t *restrict y,
                                        const eq_fc_s8_params *restrict p)
{
    for (int32_t n = 0; n < p->batch; ++n) {
        const int8_t *row = x + n * p->in_dim;
        for (int32_t o = 0; o < p->out_dim; o += 4) {
            const int32x4_t acc =
                eq_dot_s8_x4(vld1q_s32(bias + o), row, w + o * p->in_dim, p->in_dim);
            const int32x4_t v =
                eq_requantize_x4(acc, vld1q_s32(mult + o), vld1q_s32(shift + o));
            eq_store_s8_x4(y + n * p->out_dim + o, v, p->out_dim - o, p->zy, p->act_min,
                           p->act_max);
        }
    }
}
