/* fc_s8 for MVE: what its variants share.  Four outputs at once by eq_dot_s8_4x1, so that each
 * load of x serves four rows, in a loop that predicates its own tail. */
#ifndef EDGEQ_FC_MVE_H
#define EDGEQ_FC_MVE_H

#include "edgeq/dot_mve.h"
#include "edgeq/fc_s8.h"
#include "edgeq/fixed_point_mve.h"

/* zw is 0, or the weights' zero point, by which all sums of a row of x differ alike: the sum of
 * x * (w - zw) is that of x * w less zw times that of x, modulo 2^32 too. */
static inline void eq_fc_s8_mve(const int8_t *x, const int8_t *w, const int32_t *bias,
                                const int32_t *mult, const int32_t *shift, int8_t *y,
                                const eq_fc_s8_params *p, int32_t zw, int form, int live)
{
    const int32_t in_dim = p->in_dim, step = (in_dim + 15) / 16 * 64;
    const int32_t zy = p->zy, lo = p->act_min, hi = p->act_max;
    for (int32_t n = 0; n < p->batch; ++n) {
        const int8_t *wo = w;
        const int32_t by = zw != 0 ? -zw * eq_sum_s8_mve(x, in_dim) : 0;
        for (int32_t o = 0; o < p->out_dim; o += 4) {
            const int32x4_t plain = vldrwq_s32(bias + o);
            const int32x4_t start = zw != 0 ? vaddq_n_s32(plain, by) : plain;
            const int32x4_t acc = vaddq_s32(eq_dot_s8_4x1(x, wo, in_dim), start);
            const int32x4_t v = eq_requantize_mve(acc, vldrwq_s32(mult + o),
                                                  vldrwq_s32(shift + o), form, live);
            eq_store_s8_x4(y + o, v, p->out_dim - o, zy, lo, hi);
            wo += step;
        }
        x += in_dim;
        y += p->out_dim;
    }
}

#endif
