/* conv2d_s16s8 with the DSP extension: tiles of four channels by two pixels.
 *
 * The windows of two pixels are gathered as int16 once and serve all channels; int8 weights
 * are widened as they are read (dsp_plain.h).
 *
 * Exact: dot products fit int32 and come from sums modulo 2^32.
 * Taps of the filling have zero weights.
 *
 * @requires dot_bits <= 32
 * @packs w (o/4, khkwi/4, o%4, khkwi%2, khkwi/2%2)
 * @scratch 16 * ((kh * kw * in_c + 3) / 4)
 * @overlap rows
 */
#include "edgeq/conv2d_s16s8.h"
#include "edgeq/dsp_walk.h"
#include "edgeq/fixed_point.h"

eq_conv2d_s16s8_fn EQ_SYM(eq_conv2d_s16s8__dsp);

_Static_assert(offsetof(eq_conv2d_s16s8_params, y_pixel) ==
                   offsetof(eq_conv2d_s8_params, y_pixel),
               "the geometry comes first");

/* The outputs of `count` channels of two pixels from their dot products. */
static inline void EQ_SYM(conv2d_s16s8_dsp_put)(int16_t *ya, int16_t *yb,
                                                const eq_dsp_tile *t, const int64_t *bias,
                                                const int32_t *mult, const int32_t *shift,
                                                int32_t count,
                                                const eq_conv2d_s16s8_params *p)
{
    for (int32_t i = 0; i < count; ++i) {
        const int64_t acc_b = bias[i] + (t->b[i]);
        const int64_t acc_a = bias[i] + (t->a[i]);
        const int32_t b = eq_requantize64(acc_b, mult[i], shift[i]);
        const int32_t a = eq_requantize64(acc_a, mult[i], shift[i]);
        yb[i] = (int16_t)eq_clamp(b, p->act_min, p->act_max);
        ya[i] = (int16_t)eq_clamp(a, p->act_min, p->act_max);
    }
}

void EQ_SYM(eq_conv2d_s16s8__dsp)(const int16_t *x, const int8_t *restrict w,
                                  const int64_t *restrict bias,
                                  const int32_t *restrict mult,
                                  const int32_t *restrict shift, int16_t *y,
                                  int8_t *restrict scratch,
                                  const eq_conv2d_s16s8_params *restrict p)
{
    const int32_t taps = p->kh * p->kw * p->in_c;
    const int8_t *const end = scratch + (taps + 3) / 4 * 16;
    const int32_t block = (int32_t)(end - scratch);
    eq_dsp_walk walk = eq_dsp_walk_of(p, 0);
    int32_t at[2];
    while (eq_dsp_walk_on(&walk, scratch, (const int8_t *)x, eq_dsp_int16, at) > 0) {
        const int8_t *wo = w;
        for (int32_t o = 0; o < p->out_c; o += 4) {
            const int32_t left = p->out_c - o;
            const eq_dsp_tile t = eq_dsp_plain_tile(wo, scratch, end);
            EQ_SYM(conv2d_s16s8_dsp_put)(y + at[0] + o, y + at[1] + o, &t, bias + o,
                                         mult + o, shift + o, left < 4 ? left : 4, p);
            wo += block;
        }
    }
}
