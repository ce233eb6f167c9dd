/* mul_s8 for MVE: four elements at once along the innermost dimension.
 *
 * Exact: it is the contract's formula, and |(a - za) * (b - zb)| <= 255^2.
 *
 * @inplace a b
 */
#include "edgeq/mul_s8.h"
#include "edgeq/elementwise_mve.h"
#include "edgeq/fixed_point_mve.h"

eq_mul_s8_fn EQ_SYM(eq_mul_s8__mve);

static inline void EQ_SYM(mul_s8_mve_row)(const int8_t *a, const int8_t *b, int8_t *y,
                                          const eq_mul_s8_params *p, int live)
{
    const int32x4_t mult = vdupq_n_s32(p->mult), shift = vdupq_n_s32(p->shift);
    for (int32_t left = p->d3; left > 0; left -= 4) {
        const int32x4_t va = vsubq_n_s32(eq_load_s8_x4(a, p->a3, left), p->za);
        const int32x4_t vb = vsubq_n_s32(eq_load_s8_x4(b, p->b3, left), p->zb);
        const int32x4_t v =
            eq_requantize_mve(vmulq_s32(va, vb), mult, shift, eq_mve_form, live);
        eq_store_s8_x4(y, v, left, p->zy, p->act_min, p->act_max);
        a += 4 * p->a3;
        b += 4 * p->b3;
        y += 4;
    }
}

void EQ_SYM(eq_mul_s8__mve)(const int8_t *a, const int8_t *b, int8_t *y,
                            const eq_mul_s8_params *restrict p)
{
    const int live = p->shift >= 32;
    for (int32_t i0 = 0; i0 < p->d0; ++i0)
        for (int32_t i1 = 0; i1 < p->d1; ++i1)
            for (int32_t i2 = 0; i2 < p->d2; ++i2) {
                const int8_t *from_a = a + i0 * p->a0 + i1 * p->a1 + i2 * p->a2;
                const int8_t *from_b = b + i0 * p->b0 + i1 * p->b1 + i2 * p->b2;
                if (live)
                    EQ_SYM(mul_s8_mve_row)(from_a, from_b, y, p, 1);
                else
                    EQ_SYM(mul_s8_mve_row)(from_a, from_b, y, p, 0);
                y += p->d3;
            }
}
