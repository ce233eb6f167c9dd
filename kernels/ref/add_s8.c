/* add_s8, portable: four loops; two products per element along a line, else two high ones.
 *
 * Exact: every value is doubled before its high multiply, which then is the high word of the
 * product: |2 * (2^20 * b + cb)| <= 255 * 2^21 and |2 * t| <= 510 * 2^20 stay within int32.
 * shift_b = 31 means a factor of exactly 1/2 (or 0): taken as 4 * (..) with one place more to
 * the right, it is exact and needs no rounding, like the form without.  That the line gives the
 * same the contract says; its sum may wrap on the way.
 *
 * @inplace a b
 */
#include "edgeq/add_s8.h"
#include "edgeq/add_line.h"
#include "edgeq/elementwise.h"

eq_add_s8_fn EQ_SYM(eq_add_s8__ref);

static inline void EQ_SYM(add_s8_ref_row)(const int8_t *a, const int8_t *b, int8_t *y,
                                          const eq_add_s8_params *restrict p)
{
    const int32_t a3 = p->a3, b3 = p->b3, ka = 2 * p->ka, ca = 2 * p->ca, kb = 2 * p->kb;
    const int32_t is_half = p->shift_b == 31;
    const int32_t k20 = is_half ? 1 << 22 : 1 << 21, cb = is_half ? 4 * p->cb : 2 * p->cb;
    const int32_t mult_b = p->mult_b, right_b = p->shift_b - 31 + is_half;
    const int32_t mult_y = p->mult_y, right_y = p->shift_y - 31;
    const int32_t zy = p->zy, lo = p->act_min, hi = p->act_max;
    for (int32_t i = 0; i < p->d3; ++i) {
        const int32_t scaled_b = eq_rescale_twice(*b * k20 + cb, mult_b, right_b);
        const int32_t t = *a * ka + ca + kb * scaled_b;
        y[i] = (int8_t)eq_clamp(eq_rescale_twice(t, mult_y, right_y) + zy, lo, hi);
        a += a3;
        b += b3;
    }
}

static inline void EQ_SYM(add_s8_ref_line)(const int8_t *a, const int8_t *b, int8_t *y,
                                           const eq_add_s8_params *restrict p)
{
    const int32_t a3 = p->a3, b3 = p->b3, lo = p->act_min, hi = p->act_max;
    for (int32_t i = 0; i < p->d3; ++i) {
        y[i] = (int8_t)eq_clamp(eq_line_sum(*a, *b, p) >> EQ_LINE_BITS, lo, hi);
        a += a3;
        b += b3;
    }
}

void EQ_SYM(eq_add_s8__ref)(const int8_t *a, const int8_t *b, int8_t *y,
                            const eq_add_s8_params *restrict p)
{
    for (int32_t i0 = 0; i0 < p->d0; ++i0) {
        for (int32_t i1 = 0; i1 < p->d1; ++i1) {
            const int8_t *a2 = a + i0 * p->a0 + i1 * p->a1;
            const int8_t *b2 = b + i0 * p->b0 + i1 * p->b1;
            for (int32_t i2 = 0; i2 < p->d2; ++i2) {
                if (p->line)
                    EQ_SYM(add_s8_ref_line)(a2, b2, y, p);
                else
                    EQ_SYM(add_s8_ref_row)(a2, b2, y, p);
                a2 += p->a2;
                b2 += p->b2;
                y += p->d3;
            }
        }
    }
}
