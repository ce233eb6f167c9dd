/* conv2d_s8s4 with the DSP extension: tiles of four channels by two pixels.
 *
 * The windows of two pixels are gathered as int16 once and serve all channels; int4 weights
 * are widened as they are read (dsp_plain.h).
 *
 * Exact: 16 times a dot product fits int32 and comes from sums modulo 2^32.
 * Taps of the filling have zero weights.
 *
 * @requires dot_bits <= 28
 * @packs w (o/4, khkwi/8, o%4, khkwi%2, khkwi/2%2, khkwi/4%2)
 * @scratch 32 * ((kh * kw * in_c + 7) / 8)
 * @overlap rows
 */
#include "edgeq/conv2d_s8s4.h"
#include "edgeq/dsp_walk.h"
#include "edgeq/fixed_point.h"

eq_conv2d_s8s4_fn EQ_SYM(eq_conv2d_s8s4__dsp);

_Static_assert(offsetof(eq_conv2d_s8s4_params, y_pixel) ==
                   offsetof(eq_conv2d_s8_params, y_pixel),
               "the geometry comes first");

/* The outputs of `count` channels of two pixels from their dot products. */
static inline void EQ_SYM(conv2d_s8s4_dsp_put)(int8_t *ya, int8_t *yb, const eq_dsp_tile *t,
                                               const int32_t *bias, const int32_t *mult,
                                               const int32_t *shift, int32_t count,
                                               const eq_conv2d_s8s4_params *p)
{
    for (int32_t i = 0; i < count; ++i) {
        const int32_t acc_b = bias[i] + (t->b[i] >> 4);
        const int32_t acc_a = bias[i] + (t->a[i] >> 4);
        const int32_t b = eq_requantize(acc_b, mult[i], shift[i]) + p->zy;
        const int32_t a = eq_requantize(acc_a, mult[i], shift[i]) + p->zy;
        yb[i] = (int8_t)eq_clamp(b, p->act_min, p->act_max);
        ya[i] = (int8_t)eq_clamp(a, p->act_min, p->act_max);
    }
}

void EQ_SYM(eq_conv2d_s8s4__dsp)(const int8_t *x, const int8_t *restrict w,
                                 const int32_t *restrict bias, const int32_t *restrict mult,
                                 const int32_t *restrict shift, int8_t *y,
                                 int8_t *restrict scratch,
                                 const eq_conv2d_s8s4_params *restrict p)
{
    const int32_t taps = p->kh * p->kw * p->in_c;
    const int8_t *const end = scratch + (taps + 7) / 8 * 32;
    const int32_t block = (int32_t)(end - scratch) / 2;
    eq_dsp_walk walk = eq_dsp_walk_of(p, p->zx);
    int32_t at[2];
    while (eq_dsp_walk_on(&walk, scratch, (const int8_t *)x, eq_dsp_in_order, at) > 0) {
        const int8_t *wo = w;
        for (int32_t o = 0; o < p->out_c; o += 4) {
            const int32_t left = p->out_c - o;
            const eq_dsp_tile t = eq_dsp_nibble_tile(wo, scratch, end);
            EQ_SYM(conv2d_s8s4_dsp_put)(y + at[0] + o, y + at[1] + o, &t, bias + o,
                                        mult + o, shift + o, left < 4 ? left : 4, p);
            wo += block;
        }
    }
}
