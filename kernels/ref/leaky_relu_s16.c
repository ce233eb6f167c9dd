/* leaky_relu_s16, portable: one multiply per element.
 *
 * Exact: |x| <= 2^15, shifted left by at most 16, is at least -2^31 and below 2^31.
 *
 * @inplace x
 */
#include "edgeq/leaky_relu_s16.h"
#include "edgeq/elementwise.h"

eq_leaky_relu_s16_fn EQ_SYM(eq_leaky_relu_s16__ref);

void EQ_SYM(eq_leaky_relu_s16__ref)(const int16_t *x, int16_t *y,
                                    const eq_leaky_relu_s16_params *restrict p)
{
    const eq_scaling above = eq_scaling_of(p->mult, p->shift);
    const eq_scaling below = eq_scaling_of(p->mult_neg, p->shift_neg);
    const int32_t sign_neg = p->sign_neg;
    for (int32_t i = 0; i < p->count; ++i) {
        const int32_t v =
            x[i] >= 0 ? eq_rescale(x[i], above) : sign_neg * eq_rescale(x[i], below);
        y[i] = (int16_t)eq_clamp(v, INT16_MIN, INT16_MAX);
    }
}
