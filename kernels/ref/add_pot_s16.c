/* add_pot_s16, portable: four loops, one rounding shift per element.
 *
 * Exact: |ka * a| + |kb * b| <= 2^16, and the half added to b is at most 2^30.
 *
 * @inplace a b
 */
#include "edgeq/add_pot_s16.h"
#include "edgeq/fixed_point.h"

eq_add_pot_s16_fn eq_add_pot_s16__ref;

static inline void add_pot_s16_ref_row(const int16_t *a, const int16_t *b, int16_t *y,
                                       const eq_add_pot_s16_params *restrict p)
{
    const int32_t ka = p->ka, kb = p->kb, right = p->right, a3 = p->a3, b3 = p->b3;
    const int32_t half = (int32_t)((1U << right) >> 1), away = right > 0 ? -1 : 0;
    const int32_t lo = p->act_min, hi = p->act_max;
    for (int32_t i = 0; i < p->d3; ++i) {
        const int32_t scaled_b = (*b + half + ((*b >> 15) & away)) >> right;
        y[i] = (int16_t)eq_clamp(*a * ka + scaled_b * kb, lo, hi);
        a += a3;
        b += b3;
    }
}

void eq_add_pot_s16__ref(const int16_t *a, const int16_t *b, int16_t *y,
                         const eq_add_pot_s16_params *restrict p)
{
    for (int32_t i0 = 0; i0 < p->d0; ++i0) {
        for (int32_t i1 = 0; i1 < p->d1; ++i1) {
            const int16_t *a2 = a + i0 * p->a0 + i1 * p->a1;
            const int16_t *b2 = b + i0 * p->b0 + i1 * p->b1;
            for (int32_t i2 = 0; i2 < p->d2; ++i2) {
                add_pot_s16_ref_row(a2, b2, y, p);
                a2 += p->a2;
                b2 += p->b2;
                y += p->d3;
            }
        }
    }
}
