/* depthwise_s8s4 with multiplier 1 for MVE: the weights are unpacked into scratch, then it is
 * depthwise_s8.
 *
 * Weights come as @packs w (o/16, khkw/2, o%16, khkw%2): a byte holds two taps of a channel, and
 * 16 bytes become two vectors.
 */
#ifndef EDGEQ_DEPTHWISE_S8S4_MVE_H
#define EDGEQ_DEPTHWISE_S8S4_MVE_H

#include "edgeq/depthwise_mve.h"
#include "edgeq/depthwise_params_s8.h"
#include "edgeq/depthwise_s8s4.h"

/* `blocks` blocks of `taps` * 16 weights from nibbles; of an odd last tap the filling goes where
 * the next block begins, or the 16 bytes behind the last. */
static inline void eq_depthwise_s8s4_mve_unpack(const int8_t *w, int8_t *to, int32_t taps,
                                                int32_t blocks)
{
    for (; blocks > 0; --blocks) {
        for (int32_t k = 0; k < taps; k += 2) {
            const int8x16_t pair = vldrbq_s8(w);
            vstrbq_s8(to + 16 * k, vshrq_n_s8(vshlq_n_s8(pair, 4), 4));
            vstrbq_s8(to + 16 * k + 16, vshrq_n_s8(pair, 4));
            w += 16;
        }
        to += 16 * taps;
    }
}

static inline void eq_depthwise_s8s4_mve(const int8_t *x, const int8_t *w,
                                         const int32_t *bias, const int32_t *mult,
                                         const int32_t *shift, int8_t *y, int8_t *scratch,
                                         const eq_depthwise_s8s4_params *p, int form,
                                         int live, eq_depthwise_mve_kind kind)
{
    const eq_depthwise_s8_params same = EQ_DEPTHWISE_PARAMS_S8(p);
    const int32_t taps = p->kh * p->kw, blocks = (p->in_c + 15) / 16;
    eq_depthwise_s8s4_mve_unpack(w, scratch, taps, blocks);
    eq_depthwise_s8_mve(x, scratch, bias, mult, shift, y,
                        scratch + 16 * (taps * blocks + 1), &same, 0, form, live, kind);
}

#endif
