/* fc_s16s8 with the DSP extension: four channels at a time.
 *
 * x is taken as it lies once for four channels, int8 weights are widened as they are read
 * (dsp_row.h).
 *
 * Exact: dot products fit int32 and come from sums modulo 2^32.
 * Taps of the filling have zero weights and zero x.
 *
 * @requires dot_bits <= 32
 * @packs w (o/4, i/4, o%4, i%2, i/2%2)
 */
#include "edgeq/fc_s16s8.h"
#include "edgeq/dsp_row.h"
#include "edgeq/fixed_point.h"

eq_fc_s16s8_fn EQ_SYM(eq_fc_s16s8__dsp);

/* The outputs of `count` channels, at most four, from their dot products. */
static inline void EQ_SYM(fc_s16s8_dsp_put)(int16_t *y, const eq_dsp_four *t,
                                            const int64_t *bias, const int32_t *mult,
                                            const int32_t *shift, int32_t count,
                                            const eq_fc_s16s8_params *p)
{
    const int32_t dots[4] = {t->a0, t->a1, t->a2, t->a3};
    for (int32_t i = 0; i < count; ++i) {
        const int64_t acc = bias[i] + (dots[i]);
        const int32_t v = eq_requantize64(acc, mult[i], shift[i]);
        y[i] = (int16_t)eq_clamp(v, p->act_min, p->act_max);
    }
}

void EQ_SYM(eq_fc_s16s8__dsp)(const int16_t *restrict x, const int8_t *restrict w,
                              const int64_t *restrict bias, const int32_t *restrict mult,
                              const int32_t *restrict shift, int16_t *restrict y,
                              const eq_fc_s16s8_params *restrict p)
{
    const int32_t whole = p->in_dim / 4 * 4;
    const int32_t rest = p->in_dim - whole;
    const int32_t block = (p->in_dim + 3) / 4 * 16;
    for (int32_t n = 0; n < p->batch; ++n) {
        int16_t last[4] = {0};
        memcpy(last, x + whole, (size_t)rest * sizeof *x);
        const int8_t *wo = w;
        for (int32_t o = 0; o < p->out_dim; o += 4) {
            const int32_t left = p->out_dim - o;
            eq_dsp_four t = {0, 0, 0, 0};
            eq_dsp_row_s16s8(&t, x, wo, whole);
            if (rest > 0)
                eq_dsp_row_s16s8(&t, last, wo + block - 16, 4);
            EQ_SYM(fc_s16s8_dsp_put)(y + o, &t, bias + o, mult + o, shift + o,
                                     left < 4 ? left : 4, p);
            wo += block;
        }
        x += p->in_dim;
        y += p->out_dim;
    }
}
