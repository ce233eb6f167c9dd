/* fc_s8s4g with the DSP extension: four channels at a time, group by group.
 *
 * x is widened once for four channels, int4 weights are widened as they are read (dsp_row.h).
 *
 * Exact: 16 times a group's dot product fits int32, as |x * w| <= 2^10 and a group has at most
 * 2^16 inputs; the compiler proved that their weighted sum fits int32.  Channels that a last
 * block lacks are computed with the weights of the filling, zeros, and not stored.
 *
 * @requires group % 8 == 0 and group <= 65536 and in_dim % 8 == 0
 * @packs w (o/4, i/8, o%4, i%4, i/4%2)
 */
#include "edgeq/fc_s8s4g.h"
#include "edgeq/dsp_row.h"
#include "edgeq/fixed_point.h"

eq_fc_s8s4g_fn EQ_SYM(eq_fc_s8s4g__dsp);

/* Adds the groups of one row to the accumulators of `count` channels. */
static inline void EQ_SYM(fc_s8s4g_dsp_groups)(int32_t *acc, const int8_t *x,
                                               const int8_t *w, const uint8_t *r,
                                               int32_t count, const eq_fc_s8s4g_params *p)
{
    const int32_t groups = (p->in_dim - 1) / p->group + 1;
    for (int32_t left = p->in_dim; left > 0; left -= p->group) {
        const int32_t n = left < p->group ? left : p->group;
        eq_dsp_four t = {0, 0, 0, 0};
        eq_dsp_row_s8s4(&t, x, w, n);
        const int32_t dots[4] = {t.a0, t.a1, t.a2, t.a3};
        for (int32_t i = 0; i < count; ++i)
            acc[i] += r[i * groups] * (dots[i] >> 4);
        ++r;
        x += n;
        w += 2 * n;
    }
}

void EQ_SYM(eq_fc_s8s4g__dsp)(const int8_t *restrict x, const int8_t *restrict w,
                              const uint8_t *restrict r, const int32_t *restrict bias,
                              const int32_t *restrict mult, const int32_t *restrict shift,
                              int8_t *restrict y, const eq_fc_s8s4g_params *restrict p)
{
    const int32_t groups = (p->in_dim - 1) / p->group + 1;
    for (int32_t n = 0; n < p->batch; ++n) {
        for (int32_t o = 0; o < p->out_dim; o += 4) {
            const int32_t count = p->out_dim - o < 4 ? p->out_dim - o : 4;
            int32_t acc[4];
            memcpy(acc, bias + o, (size_t)count * sizeof *bias);
            EQ_SYM(fc_s8s4g_dsp_groups)(acc, x, w + o / 4 * p->in_dim * 2, r + o * groups,
                                        count, p);
            for (int32_t i = 0; i < count; ++i) {
                const int32_t v = eq_requantize(acc[i], mult[o + i], shift[o + i]) + p->zy;
                y[o + i] = (int8_t)eq_clamp(v, p->act_min, p->act_max);
            }
        }
        x += p->x_step;
        y += p->y_step;
    }
}
