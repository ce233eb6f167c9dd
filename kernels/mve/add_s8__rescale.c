/* add_s8 for MVE: four elements at once along the innermost dimension.
 *
 * Exact: it is the contract's formula; as |t| <= 510 * 2^19 and |2^20 * b + cb| <= 255 * 2^20
 * stay within int32, so do their rescales.  shift_b = 31 means a factor of exactly 1/2 (or 0):
 * taken as 2 * (..) with one place more to the right, it is exact and needs no rounding.
 *
 * @inplace a b
 */
#include "edgeq/add_s8.h"
#include "edgeq/elementwise_mve.h"
#include "edgeq/fixed_point_mve.h"

eq_add_s8_fn EQ_SYM(eq_add_s8__mve_rescale);

typedef struct {
    int32_t k20, cb, mult_b, mult_y;
    int32x4_t down_b, down_y, lo, hi;
} EQ_SYM(add_s8_mve_constants);

static inline int32x4_t EQ_SYM(add_s8_mve_four)(int32x4_t a, int32x4_t b,
                                                const EQ_SYM(add_s8_mve_constants) * k,
                                                const eq_add_s8_params *p)
{
    const int32x4_t wide = vaddq_n_s32(vmulq_n_s32(b, k->k20), k->cb);
    const int32x4_t scaled = eq_requantize_live_x4(wide, vdupq_n_s32(k->mult_b), k->down_b);
    const int32x4_t t =
        vmlaq_n_s32(vaddq_n_s32(vmulq_n_s32(a, p->ka), p->ca), scaled, p->kb);
    const int32x4_t v = eq_requantize_live_x4(t, vdupq_n_s32(k->mult_y), k->down_y);
    return vminq_s32(vmaxq_s32(vaddq_n_s32(v, p->zy), k->lo), k->hi);
}

static inline void EQ_SYM(add_s8_mve_row)(const int8_t *a, const int8_t *b, int8_t *y,
                                          const EQ_SYM(add_s8_mve_constants) * k,
                                          const eq_add_s8_params *p)
{
    int32_t left = p->d3;
    if (p->a3 == 1 && p->b3 == 1)
        for (; left >= 4; left -= 4) {
            vstrbq_s32(y, EQ_SYM(add_s8_mve_four)(vldrbq_s32(a), vldrbq_s32(b), k, p));
            a += 4;
            b += 4;
            y += 4;
        }
    for (; left > 0; left -= 4) {
        const int32x4_t va = eq_load_s8_x4(a, p->a3, left);
        const int32x4_t vb = eq_load_s8_x4(b, p->b3, left);
        vstrbq_p_s32(y, EQ_SYM(add_s8_mve_four)(va, vb, k, p), vctp32q((uint32_t)left));
        a += 4 * p->a3;
        b += 4 * p->b3;
        y += 4;
    }
}

void EQ_SYM(eq_add_s8__mve_rescale)(const int8_t *a, const int8_t *b, int8_t *y,
                                    const eq_add_s8_params *restrict p)
{
    const int32_t is_half = p->shift_b == 31;
    const EQ_SYM(add_s8_mve_constants) k = {is_half ? 1 << 21 : 1 << 20,
                                            is_half ? 2 * p->cb : p->cb,
                                            p->mult_b,
                                            p->mult_y,
                                            vdupq_n_s32(31 - p->shift_b - is_half),
                                            vdupq_n_s32(31 - p->shift_y),
                                            vdupq_n_s32(p->act_min),
                                            vdupq_n_s32(p->act_max)};
    for (int32_t i0 = 0; i0 < p->d0; ++i0)
        for (int32_t i1 = 0; i1 < p->d1; ++i1)
            for (int32_t i2 = 0; i2 < p->d2; ++i2) {
                EQ_SYM(add_s8_mve_row)(a + i0 * p->a0 + i1 * p->a1 + i2 * p->a2,
                                       b + i0 * p->b0 + i1 * p->b1 + i2 * p->b2, y, &k, p);
                y += p->d3;
            }
}
