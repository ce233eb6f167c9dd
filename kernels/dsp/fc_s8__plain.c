/* fc_s8 with the DSP extension, for any weights and factors: four channels at a time.
 *
 * x is widened once for four channels, weights as they are read: four taps of four channels are
 * 25 instructions for 16 products.
 *
 * Exact: it is the contract's formula; SMLAD adds two products modulo 2^32, and the compiler
 * proved that acc stays within int32.
 */
#include "edgeq/dsp_dot.h"
#include "edgeq/fc_s8.h"
#include "edgeq/fixed_point.h"

eq_fc_s8_fn EQ_SYM(eq_fc_s8__dsp_plain);

/* acc and four products, of weights as they lie. */
static inline int32_t EQ_SYM(fc_s8_dsp_four)(int32_t acc, const int8_t *w, int32_t even,
                                             int32_t odd)
{
    const int32_t bytes = eq_dsp_load(w);
    return __smlad(eq_dsp_odd(bytes), odd, __smlad(eq_dsp_even(bytes), even, acc));
}

/* The accumulators of `count` channels, at most four, of one row. */
static inline void EQ_SYM(fc_s8_dsp_rows)(int32_t *acc, const int8_t *x, const int8_t *w,
                                          int32_t n, int32_t count)
{
    int32_t a0 = acc[0], a1 = acc[1], a2 = acc[2], a3 = acc[3];
    const int8_t *w1 = w + (count > 1 ? n : 0);
    const int8_t *w2 = w1 + (count > 2 ? n : 0);
    const int8_t *w3 = w2 + (count > 3 ? n : 0);
    const int8_t *const end = x + n;
    for (const int8_t *const fours = x + (n & ~3); x != fours; x += 4) {
        const int32_t bytes = eq_dsp_load(x);
        const int32_t even = eq_dsp_even(bytes);
        const int32_t odd = eq_dsp_odd(bytes);
        a0 = EQ_SYM(fc_s8_dsp_four)(a0, w, even, odd);
        w += 4;
        eq_dsp_pause();
        a1 = EQ_SYM(fc_s8_dsp_four)(a1, w1, even, odd);
        w1 += 4;
        eq_dsp_pause();
        a2 = EQ_SYM(fc_s8_dsp_four)(a2, w2, even, odd);
        w2 += 4;
        eq_dsp_pause();
        a3 = EQ_SYM(fc_s8_dsp_four)(a3, w3, even, odd);
        w3 += 4;
    }
    for (; x != end; ++x) {
        a0 += *x * *w++;
        a1 += *x * *w1++;
        a2 += *x * *w2++;
        a3 += *x * *w3++;
    }
    acc[0] = a0;
    acc[1] = a1;
    acc[2] = a2;
    acc[3] = a3;
}

void EQ_SYM(eq_fc_s8__dsp_plain)(const int8_t *restrict x, const int8_t *restrict w,
                                 const int32_t *restrict bias, const int32_t *restrict mult,
                                 const int32_t *restrict shift, int8_t *restrict y,
                                 const eq_fc_s8_params *restrict p)
{
    for (int32_t n = 0; n < p->batch; ++n) {
        const int8_t *wo = w;
        for (int32_t o = 0; o < p->out_dim; o += 4) {
            const int32_t count = p->out_dim - o < 4 ? p->out_dim - o : 4;
            int32_t acc[4] = {0};
            memcpy(acc, bias + o, (size_t)count * sizeof *bias);
            EQ_SYM(fc_s8_dsp_rows)(acc, x, wo, p->in_dim, count);
            for (int32_t i = 0; i < count; ++i) {
                const int32_t v = eq_requantize(acc[i], mult[o + i], shift[o + i]) + p->zy;
                y[o + i] = (int8_t)eq_clamp(v, p->act_min, p->act_max);
            }
            wo += 4 * p->in_dim;
        }
        x += p->in_dim;
        y += p->out_dim;
    }
}
