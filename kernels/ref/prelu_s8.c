/* prelu_s8, portable: four loops, two multiplies per element.
 *
 * Exact: |(a - za) * (b - zb)| <= 65025, shifted left by at most 15, stays within int32.
 *
 * @inplace a b
 */
#include "edgeq/prelu_s8.h"
#include "edgeq/elementwise.h"

eq_prelu_s8_fn EQ_SYM(eq_prelu_s8__ref);

static inline void EQ_SYM(prelu_s8_ref_row)(const int8_t *a, const int8_t *b, int8_t *y,
                                            const eq_prelu_s8_params *restrict p)
{
    const eq_scaling above = eq_scaling_of(p->mult, p->shift);
    const eq_scaling below = eq_scaling_of(p->mult_neg, p->shift_neg);
    const int32_t za = p->za, zb = p->zb, zy = p->zy, a3 = p->a3, b3 = p->b3;
    for (int32_t i = 0; i < p->d3; ++i) {
        const int32_t v = *a - za;
        const int32_t r = v >= 0 ? eq_rescale(v, above) : eq_rescale(v * (*b - zb), below);
        y[i] = (int8_t)eq_clamp(r + zy, INT8_MIN, INT8_MAX);
        a += a3;
        b += b3;
    }
}

void EQ_SYM(eq_prelu_s8__ref)(const int8_t *a, const int8_t *b, int8_t *y,
                              const eq_prelu_s8_params *restrict p)
{
    for (int32_t i0 = 0; i0 < p->d0; ++i0) {
        for (int32_t i1 = 0; i1 < p->d1; ++i1) {
            const int8_t *a2 = a + i0 * p->a0 + i1 * p->a1;
            const int8_t *b2 = b + i0 * p->b0 + i1 * p->b1;
            for (int32_t i2 = 0; i2 < p->d2; ++i2) {
                EQ_SYM(prelu_s8_ref_row)(a2, b2, y, p);
                a2 += p->a2;
                b2 += p->b2;
                y += p->d3;
            }
        }
    }
}
