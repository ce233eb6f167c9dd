/* conv2d_s8zw with the DSP extension: tiles of four channels by two pixels.
 *
 * The windows of two pixels are gathered as int16 once and serve all channels; int8 weights
 * are widened as they are read (dsp_plain.h).
 *
 * Exact: it is the formula with the zero point of w taken out of the sum, modulo 2^32, and
 * accumulators fit int32.
 * Taps of the filling have zero weights.
 *
 * @packs w (o/4, khkwi/4, o%4, khkwi%2, khkwi/2%2)
 * @scratch 16 * ((kh * kw * in_c + 3) / 4)
 * @overlap rows
 */
#include "edgeq/conv2d_s8zw.h"
#include "edgeq/dsp_walk.h"
#include "edgeq/fixed_point.h"

eq_conv2d_s8zw_fn EQ_SYM(eq_conv2d_s8zw__dsp);

_Static_assert(offsetof(eq_conv2d_s8zw_params, y_pixel) ==
                   offsetof(eq_conv2d_s8_params, y_pixel),
               "the geometry comes first");

/* zw times the sums of two windows, [s, end). */
static inline void EQ_SYM(conv2d_s8zw_dsp_sums)(int32_t *sums, const int8_t *s,
                                                const int8_t *end, int32_t zw)
{
    const int32_t two = (int32_t)((uint32_t)zw << 16 | ((uint32_t)zw & 0xffff));
    sums[0] = 0;
    sums[1] = 0;
    for (; s != end; s += 8) {
        sums[0] = __smlad(eq_dsp_load(s), two, sums[0]);
        sums[1] = __smlad(eq_dsp_load(s + 4), two, sums[1]);
    }
}

/* The outputs of `count` channels of two pixels from their dot products. */
static inline void EQ_SYM(conv2d_s8zw_dsp_put)(int8_t *ya, int8_t *yb, const eq_dsp_tile *t,
                                               const int32_t *sums, const int32_t *bias,
                                               const int32_t *mult, const int32_t *shift,
                                               int32_t count,
                                               const eq_conv2d_s8zw_params *p)
{
    for (int32_t i = 0; i < count; ++i) {
        const int32_t acc_b = bias[i] + (t->b[i]) - sums[1];
        const int32_t acc_a = bias[i] + (t->a[i]) - sums[0];
        const int32_t b = eq_requantize(acc_b, mult[i], shift[i]) + p->zy;
        const int32_t a = eq_requantize(acc_a, mult[i], shift[i]) + p->zy;
        yb[i] = (int8_t)eq_clamp(b, p->act_min, p->act_max);
        ya[i] = (int8_t)eq_clamp(a, p->act_min, p->act_max);
    }
}

void EQ_SYM(eq_conv2d_s8zw__dsp)(const int8_t *x, const int8_t *restrict w,
                                 const int32_t *restrict bias, const int32_t *restrict mult,
                                 const int32_t *restrict shift, int8_t *y,
                                 int8_t *restrict scratch,
                                 const eq_conv2d_s8zw_params *restrict p)
{
    const int32_t taps = p->kh * p->kw * p->in_c;
    const int8_t *const end = scratch + (taps + 3) / 4 * 16;
    const int32_t block = (int32_t)(end - scratch);
    eq_dsp_walk walk = eq_dsp_walk_of(p, p->zx);
    int32_t at[2];
    while (eq_dsp_walk_on(&walk, scratch, (const int8_t *)x, eq_dsp_in_order, at) > 0) {
        const int8_t *wo = w;
        int32_t sums[2];
        EQ_SYM(conv2d_s8zw_dsp_sums)(sums, scratch, scratch + (taps >> 1) * 8, p->zw);
        if ((taps & 1) != 0) {
            int16_t last[2];
            memcpy(last, scratch + (taps >> 1) * 8, 2);
            memcpy(last + 1, scratch + (taps >> 1) * 8 + 4, 2);
            sums[0] += last[0] * p->zw;
            sums[1] += last[1] * p->zw;
        }
        for (int32_t o = 0; o < p->out_c; o += 4) {
            const int32_t left = p->out_c - o;
            const eq_dsp_tile t = eq_dsp_plain_tile(wo, scratch, end);
            EQ_SYM(conv2d_s8zw_dsp_put)(y + at[0] + o, y + at[1] + o, &t, sums, bias + o,
                                        mult + o, shift + o, left < 4 ? left : 4, p);
            wo += block;
        }
    }
}
