/* fc_s8s4 for MVE, any factors: four outputs at once, so that each load of x serves four rows.
 *
 * A byte holds the taps i and i + 16: shifts part and extend them.
 *
 * Exact: VMLAVA multiplies and adds without loss; the rescaling as eq_requantize_x4 in
 * fixed_point_mve.h.
 *
 * @packs w (o/4, i/32, o%4, i%16, i/16%2)
 * @packs bias (o/4, o%4)
 * @packs mult (o/4, o%4)
 * @packs shift (o/4, o%4)
 */
#include "edgeq/fc_s8s4.h"
#include "edgeq/fixed_point_mve.h"

eq_fc_s8s4_fn EQ_SYM(eq_fc_s8s4__mve);

/* acc + sum of x[0][i] * low nibble + x[1][i] * high nibble. */
static inline int32_t EQ_SYM(fc_s8s4_mve_add)(int32_t acc, const int8x16_t x[2],
                                              const int8_t *w)
{
    const int8x16_t pair = vldrbq_s8(w);
    acc = vmladavaq_s8(acc, x[0], vshrq_n_s8(vshlq_n_s8(pair, 4), 4));
    return vmladavaq_s8(acc, x[1], vshrq_n_s8(pair, 4));
}

/* sum over i < n of x[i] * w[o][i], four channels o; reads no more of x. */
static inline int32x4_t EQ_SYM(fc_s8s4_mve_dot)(const int8_t *x, const int8_t *w, int32_t n)
{
    int32_t a = 0, b = 0, c = 0, d = 0;
    for (; n > 0; n -= 32) {
        const int32_t high = n > 16 ? n - 16 : 0;
        const int8x16_t v[2] = {vldrbq_z_s8(x, vctp8q((uint32_t)n)),
                                vldrbq_z_s8(x + 16, vctp8q((uint32_t)high))};
        a = EQ_SYM(fc_s8s4_mve_add)(a, v, w);
        b = EQ_SYM(fc_s8s4_mve_add)(b, v, w + 16);
        c = EQ_SYM(fc_s8s4_mve_add)(c, v, w + 32);
        d = EQ_SYM(fc_s8s4_mve_add)(d, v, w + 48);
        x += 32;
        w += 64;
    }
    const int32x4_t sums = {a, b, c, d};
    return sums;
}

void EQ_SYM(eq_fc_s8s4__mve)(const int8_t *restrict x, const int8_t *restrict w,
                             const int32_t *restrict bias, const int32_t *restrict mult,
                             const int32_t *restrict shift, int8_t *restrict y,
                             const eq_fc_s8s4_params *restrict p)
{
    const int32_t step = (p->in_dim + 31) / 32 * 64;
    for (int32_t n = 0; n < p->batch; ++n) {
        for (int32_t o = 0; o < p->out_dim; o += 4) {
            const int32x4_t dot = EQ_SYM(fc_s8s4_mve_dot)(x, w + o / 4 * step, p->in_dim);
            const int32x4_t acc = vaddq_s32(dot, vldrwq_s32(bias + o));
            const int32x4_t v = eq_requantize_mve(acc, vldrwq_s32(mult + o),
                                                  vldrwq_s32(shift + o), eq_mve_form, 0);
            eq_store_s8_x4(y + o, v, p->out_dim - o, p->zy, p->act_min, p->act_max);
        }
        x += p->in_dim;
        y += p->out_dim;
    }
}
