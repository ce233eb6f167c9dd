/* mean_s8, portable: four outputs at a time where they lie side by side in x.
 *
 * Exact: a sum of integers that the compiler proved to fit, then the contract's rescale.
 */
#include "edgeq/mean_s8.h"
#include "edgeq/fixed_point.h"

eq_mean_s8_fn EQ_SYM(eq_mean_s8__ref);

static inline int8_t EQ_SYM(mean_s8_ref_rescale)(int32_t sum,
                                                 const eq_mean_s8_params *restrict p)
{
    const int32_t v = eq_requantize(sum - p->zsum, p->mult, p->shift) + p->zy;
    return (int8_t)eq_clamp(v, INT8_MIN, INT8_MAX);
}

static inline void EQ_SYM(mean_s8_ref_one)(const int8_t *restrict x, int8_t *restrict y,
                                           const eq_mean_s8_params *restrict p)
{
    int32_t a = 0;
    for (int32_t j0 = 0; j0 < p->r0; ++j0)
        for (int32_t j1 = 0; j1 < p->r1; ++j1) {
            const int8_t *q = x + (j0 * p->s0 + j1 * p->s1);
            for (int32_t n = p->r2; n > 0; --n) {
                a += *q;
                q += p->s2;
            }
        }
    *y = EQ_SYM(mean_s8_ref_rescale)(a, p);
}

static inline void EQ_SYM(mean_s8_ref_four)(const int8_t *restrict x, int8_t *restrict y,
                                            const eq_mean_s8_params *restrict p)
{
    int32_t a0 = 0, a1 = 0, a2 = 0, a3 = 0;
    for (int32_t j0 = 0; j0 < p->r0; ++j0)
        for (int32_t j1 = 0; j1 < p->r1; ++j1) {
            const int8_t *q = x + (j0 * p->s0 + j1 * p->s1);
            for (int32_t n = p->r2; n > 0; --n) {
                a0 += q[0];
                a1 += q[1];
                a2 += q[2];
                a3 += q[3];
                q += p->s2;
            }
        }
    y[0] = EQ_SYM(mean_s8_ref_rescale)(a0, p);
    y[1] = EQ_SYM(mean_s8_ref_rescale)(a1, p);
    y[2] = EQ_SYM(mean_s8_ref_rescale)(a2, p);
    y[3] = EQ_SYM(mean_s8_ref_rescale)(a3, p);
}

void EQ_SYM(eq_mean_s8__ref)(const int8_t *restrict x, int8_t *restrict y,
                             const eq_mean_s8_params *restrict p)
{
    const int32_t whole = p->x1 == 1 ? p->d1 - 3 : 0;
    for (int32_t i0 = 0; i0 < p->d0; ++i0) {
        const int8_t *from = x + i0 * p->x0;
        int8_t *to = y + i0 * p->d1;
        int32_t i1 = 0;
        for (; i1 < whole; i1 += 4)
            EQ_SYM(mean_s8_ref_four)(from + i1, to + i1, p);
        for (; i1 < p->d1; ++i1)
            EQ_SYM(mean_s8_ref_one)(from + i1 * p->x1, to + i1, p);
    }
}
