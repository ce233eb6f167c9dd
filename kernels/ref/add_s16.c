/* add_s16, portable: four loops, two high multiplies per element.
 *
 * Exact: every value is doubled before its high multiply, which then is the high word of the
 * product: 2 * 2^15 * b and 2 * t lie in [-2^31, 2^31).
 *
 * @inplace a b
 */
#include "edgeq/add_s16.h"
#include "edgeq/elementwise.h"

eq_add_s16_fn EQ_SYM(eq_add_s16__ref);

static inline void EQ_SYM(add_s16_ref_row)(const int16_t *a, const int16_t *b, int16_t *y,
                                           const eq_add_s16_params *restrict p)
{
    const eq_scaling rescale_b = eq_scaling_of(p->mult_b, p->shift_b);
    const int32_t a3 = p->a3, b3 = p->b3, ka = 2 * p->ka, kb = 2 * p->kb;
    const int32_t mult_y = p->mult_y, right_y = p->shift_y - 31;
    const int32_t zy = p->zy, lo = p->act_min, hi = p->act_max;
    for (int32_t i = 0; i < p->d3; ++i) {
        const int32_t scaled_b = eq_rescale(*b * (1 << 15), rescale_b);
        const int32_t t = *a * ka + kb * scaled_b;
        y[i] = (int16_t)eq_clamp(eq_rescale_twice(t, mult_y, right_y) + zy, lo, hi);
        a += a3;
        b += b3;
    }
}

void EQ_SYM(eq_add_s16__ref)(const int16_t *a, const int16_t *b, int16_t *y,
                             const eq_add_s16_params *restrict p)
{
    for (int32_t i0 = 0; i0 < p->d0; ++i0) {
        for (int32_t i1 = 0; i1 < p->d1; ++i1) {
            const int16_t *a2 = a + i0 * p->a0 + i1 * p->a1;
            const int16_t *b2 = b + i0 * p->b0 + i1 * p->b1;
            for (int32_t i2 = 0; i2 < p->d2; ++i2) {
                EQ_SYM(add_s16_ref_row)(a2, b2, y, p);
                a2 += p->a2;
                b2 += p->b2;
                y += p->d3;
            }
        }
    }
}
