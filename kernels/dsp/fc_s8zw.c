/* fc_s8zw with the DSP extension: four channels at a time.
 *
 * x is widened once for four channels, int8 weights are widened as they are read
 * (dsp_row.h).
 *
 * Exact: it is the formula with the zero point of w taken out of the sum, modulo 2^32, and
 * accumulators fit int32.
 * Taps of the filling have zero weights and zero x.
 *
 * @packs w (o/4, i/4, o%4, i%4)
 */
#include "edgeq/fc_s8zw.h"
#include "edgeq/dsp_row.h"
#include "edgeq/fixed_point.h"

eq_fc_s8zw_fn EQ_SYM(eq_fc_s8zw__dsp);

/* The outputs of `count` channels, at most four, from their dot products. */
static inline void EQ_SYM(fc_s8zw_dsp_put)(int8_t *y, const eq_dsp_four *t, int32_t sum,
                                           const int32_t *bias, const int32_t *mult,
                                           const int32_t *shift, int32_t count,
                                           const eq_fc_s8zw_params *p)
{
    const int32_t dots[4] = {t->a0, t->a1, t->a2, t->a3};
    for (int32_t i = 0; i < count; ++i) {
        const int32_t acc = bias[i] + (dots[i]) - sum;
        const int32_t v = eq_requantize(acc, mult[i], shift[i]) + p->zy;
        y[i] = (int8_t)eq_clamp(v, p->act_min, p->act_max);
    }
}

void EQ_SYM(eq_fc_s8zw__dsp)(const int8_t *restrict x, const int8_t *restrict w,
                             const int32_t *restrict bias, const int32_t *restrict mult,
                             const int32_t *restrict shift, int8_t *restrict y,
                             const eq_fc_s8zw_params *restrict p)
{
    const int32_t whole = p->in_dim / 4 * 4;
    const int32_t rest = p->in_dim - whole;
    const int32_t block = (p->in_dim + 3) / 4 * 16;
    for (int32_t n = 0; n < p->batch; ++n) {
        int8_t last[4] = {0};
        memcpy(last, x + whole, (size_t)rest * sizeof *x);
        int32_t sum = 0;
        for (int32_t i = 0; i < p->in_dim; ++i)
            sum += x[i];
        sum *= p->zw;
        const int8_t *wo = w;
        for (int32_t o = 0; o < p->out_dim; o += 4) {
            const int32_t left = p->out_dim - o;
            eq_dsp_four t = {0, 0, 0, 0};
            eq_dsp_row_s8s8(&t, x, wo, whole);
            if (rest > 0)
                eq_dsp_row_s8s8(&t, last, wo + block - 16, 4);
            EQ_SYM(fc_s8zw_dsp_put)(y + o, &t, sum, bias + o, mult + o, shift + o,
                                    left < 4 ? left : 4, p);
            wo += block;
        }
        x += p->in_dim;
        y += p->out_dim;
    }
}
