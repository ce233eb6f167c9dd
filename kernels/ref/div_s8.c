/* div_s8, portable: four loops, one multiply and one division of 64 bits per element.
 *
 * Exact: it is the contract's formula, in 64 bits.
 *
 * @inplace a b
 */
#include "edgeq/div_s8.h"
#include "edgeq/quotient.h"

eq_div_s8_fn eq_div_s8__ref;

static inline void div_s8_ref_row(const int8_t *a, const int8_t *b, int8_t *y,
                                  const eq_div_s8_params *restrict p)
{
    const int32_t mult = p->mult, shift = p->shift, a3 = p->a3, b3 = p->b3;
    const int32_t za = p->za, zb = p->zb, zy = p->zy, lo = p->act_min, hi = p->act_max;
    for (int32_t i = 0; i < p->d3; ++i) {
        const int32_t v = eq_quotient(*a - za, *b - zb, mult, shift) + zy;
        y[i] = (int8_t)eq_clamp(v, lo, hi);
        a += a3;
        b += b3;
    }
}

void eq_div_s8__ref(const int8_t *a, const int8_t *b, int8_t *y,
                    const eq_div_s8_params *restrict p)
{
    for (int32_t i0 = 0; i0 < p->d0; ++i0) {
        for (int32_t i1 = 0; i1 < p->d1; ++i1) {
            const int8_t *a2 = a + i0 * p->a0 + i1 * p->a1;
            const int8_t *b2 = b + i0 * p->b0 + i1 * p->b1;
            for (int32_t i2 = 0; i2 < p->d2; ++i2) {
                div_s8_ref_row(a2, b2, y, p);
                a2 += p->a2;
                b2 += p->b2;
                y += p->d3;
            }
        }
    }
}
