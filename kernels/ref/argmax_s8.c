/* argmax_s8, portable: one pass for each output; only a larger value takes the place.
 *
 * Exact: nothing is computed.
 */
#include "edgeq/argmax_s8.h"

eq_argmax_s8_fn eq_argmax_s8__ref;

static inline int32_t argmax_s8_ref_along(const int8_t *restrict x,
                                          const eq_argmax_s8_params *restrict p)
{
    int32_t best = 0, largest = x[0];
    for (int32_t k = 1; k < p->axis; ++k) {
        const int32_t v = x[k * p->inner];
        if (v > largest) {
            largest = v;
            best = k;
        }
    }
    return best;
}

void eq_argmax_s8__ref(const int8_t *restrict x, int32_t *restrict y,
                       const eq_argmax_s8_params *restrict p)
{
    for (int32_t i = 0; i < p->outer; ++i)
        for (int32_t j = 0; j < p->inner; ++j) {
            *y++ = argmax_s8_ref_along(x + (i * p->axis * p->inner + j), p);
            if (p->words == 2)
                *y++ = 0;
        }
}
