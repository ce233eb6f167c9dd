/* prelu_s16, portable: four loops, two multiplies per element.
 *
 * Exact: it is the contract's formula.
 *
 * @inplace a b
 */
#include "edgeq/prelu_s16.h"
#include "edgeq/fixed_point.h"

eq_prelu_s16_fn EQ_SYM(eq_prelu_s16__ref);

static inline void EQ_SYM(prelu_s16_ref_row)(const int16_t *a, const int16_t *b, int16_t *y,
                                             const eq_prelu_s16_params *restrict p)
{
    const int32_t mult = p->mult, shift = p->shift;
    const int32_t mult_neg = p->mult_neg, shift_neg = p->shift_neg;
    const int32_t a3 = p->a3, b3 = p->b3;
    for (int32_t i = 0; i < p->d3; ++i) {
        const int32_t v = *a >= 0 ? eq_requantize(*a, mult, shift)
                                  : eq_requantize(*a * *b, mult_neg, shift_neg);
        y[i] = (int16_t)eq_clamp(v, INT16_MIN, INT16_MAX);
        a += a3;
        b += b3;
    }
}

void EQ_SYM(eq_prelu_s16__ref)(const int16_t *a, const int16_t *b, int16_t *y,
                               const eq_prelu_s16_params *restrict p)
{
    for (int32_t i0 = 0; i0 < p->d0; ++i0) {
        for (int32_t i1 = 0; i1 < p->d1; ++i1) {
            const int16_t *a2 = a + i0 * p->a0 + i1 * p->a1;
            const int16_t *b2 = b + i0 * p->b0 + i1 * p->b1;
            for (int32_t i2 = 0; i2 < p->d2; ++i2) {
                EQ_SYM(prelu_s16_ref_row)(a2, b2, y, p);
                a2 += p->a2;
                b2 += p->b2;
                y += p->d3;
            }
        }
    }
}
