/* fc_s8 with the DSP extension: rows too long for sums of 24 bits, four channels at a time.
 *
 * Weights of two channels share an int16 (dsp_dot.h); 512 taps at a time their sums are parted and
 * added to those of 32 bits.  Sixteen taps of four channels are 79 instructions for 64 products.
 *
 * Exact: a part's sums modulo 2^32 give both channels', as these fit 24 bits: 512 * 128 * 127 <
 * 2^23; then the contract's rescale.
 *
 * @requires in_dim % 16 == 0 and in_dim > 512 and min_w >= -127
 * @packs w (o/4, i/4, i%2, o/2%2, i/2%2, o%2)
 * @joins w
 */
#include "edgeq/dsp_dot.h"
#include "edgeq/fc_s8.h"
#include "edgeq/fixed_point.h"

eq_fc_s8_fn EQ_SYM(eq_fc_s8__dsp_long);

/* Four taps of four channels. */
static inline void EQ_SYM(fc_s8_dsp_long_taps)(eq_dsp_sums *a, const int8_t *w,
                                               const int8_t *x)
{
    const int32_t bytes = eq_dsp_load(x);
    const int32_t odd = eq_dsp_odd(bytes);
    eq_dsp_taps_2x1(a, w, eq_dsp_even(bytes));
    eq_dsp_pause();
    eq_dsp_taps_2x1(a, w + 8, odd);
    eq_dsp_pause();
}

/* Adds the products of x[0, n) and four channels' weights to sums, n a multiple of 16. */
static inline void EQ_SYM(fc_s8_dsp_long_part)(int32_t *sums, const int8_t *x,
                                               const int8_t *w, int32_t n)
{
    eq_dsp_sums a = {0, 0, 0, 0};
    for (const int8_t *const end = x + n; x != end; x += 16) {
        EQ_SYM(fc_s8_dsp_long_taps)(&a, w, x);
        EQ_SYM(fc_s8_dsp_long_taps)(&a, w + 16, x + 4);
        EQ_SYM(fc_s8_dsp_long_taps)(&a, w + 32, x + 8);
        EQ_SYM(fc_s8_dsp_long_taps)(&a, w + 48, x + 12);
        w += 64;
    }
    sums[0] += a.low0;
    sums[1] += (int32_t)((uint32_t)a.pair0 - (uint32_t)a.low0) >> 8;
    sums[2] += a.low1;
    sums[3] += (int32_t)((uint32_t)a.pair1 - (uint32_t)a.low1) >> 8;
}

void EQ_SYM(eq_fc_s8__dsp_long)(const int8_t *restrict x, const int8_t *restrict w,
                                const int32_t *restrict bias, const int32_t *restrict mult,
                                const int32_t *restrict shift, int8_t *restrict y,
                                const eq_fc_s8_params *restrict p)
{
    for (int32_t n = 0; n < p->batch; ++n) {
        const int8_t *wo = w;
        for (int32_t o = 0; o < p->out_dim; o += 4) {
            int32_t sums[4] = {0, 0, 0, 0};
            for (int32_t i = 0; i < p->in_dim; i += 512) {
                const int32_t left = p->in_dim - i;
                EQ_SYM(fc_s8_dsp_long_part)(sums, x + i, wo + 4 * i,
                                            left < 512 ? left : 512);
            }
            for (int32_t i = o; i < o + 4 && i < p->out_dim; ++i) {
                const int32_t acc = bias[i] + sums[i - o];
                const int32_t v = eq_requantize(acc, mult[i], shift[i]) + p->zy;
                y[i] = (int8_t)eq_clamp(v, p->act_min, p->act_max);
            }
            wo += 4 * p->in_dim;
        }
        x += p->in_dim;
        y += p->out_dim;
    }
}
