/* add_s8 for the DSP extension: four elements at a time where both operands are dense.
 *
 * Each of the two rescales is one multiplication, an addition and a shift (dsp_rescale.h), and
 * every step is taken for four elements before the next, so that its constants are in
 * registers.
 *
 * Exact: the operands are doubled before they are rescaled, as in the portable kernel, which
 * says why that fits; so does the sum with the rounding, below 2^31 with shift_y <= 53.
 *
 * @requires act_min == -128 and act_max == 127 and shift_y <= 53
 * @inplace a b
 */
#include <string.h>

#include "edgeq/add_s8.h"
#include "edgeq/dsp_rescale.h"

eq_add_s8_fn EQ_SYM(eq_add_s8__dsp_rescale);

typedef struct {
    int32_t k20, cb, mult_b, round_b, right_b;
    int32_t ka, ca, kb, mult_y, round_y, right_y;
} EQ_SYM(add_s8_dsp_factors);

static inline EQ_SYM(add_s8_dsp_factors)
    EQ_SYM(add_s8_dsp_factors_of)(const eq_add_s8_params *restrict p)
{
    const int32_t is_half = p->shift_b == 31;
    const int32_t right_b = p->shift_b - 31 + is_half, right_y = p->shift_y - 31;
    const EQ_SYM(add_s8_dsp_factors) f = {
        .k20 = is_half ? 1 << 22 : 1 << 21,
        .cb = is_half ? 4 * p->cb : 2 * p->cb,
        .mult_b = p->mult_b,
        .round_b = 1 << (right_b - 1),
        .right_b = right_b,
        .ka = 2 * p->ka,
        .ca = 2 * p->ca,
        .kb = 2 * p->kb,
        .mult_y = p->mult_y,
        .round_y = (2 * p->zy + 1) * (1 << (right_y - 1)),
        .right_y = right_y,
    };
    return f;
}

static inline int8_t EQ_SYM(add_s8_dsp_one)(int32_t a, int32_t b,
                                            const EQ_SYM(add_s8_dsp_factors) * f)
{
    const int32_t scaled =
        eq_dsp_scaled(b * f->k20 + f->cb, f->mult_b, f->round_b, eq_dsp_form) >> f->right_b;
    const int32_t t = a * f->ka + (f->ca + f->kb * scaled);
    return eq_dsp_int8(eq_dsp_scaled(t, f->mult_y, f->round_y, eq_dsp_form) >> f->right_y);
}

/* Four elements, b rescaled first; the factors are read again for every four. */
static inline void EQ_SYM(add_s8_dsp_four)(const int8_t *a, const int8_t *b, int8_t *y,
                                           const volatile EQ_SYM(add_s8_dsp_factors) * f)
{
    int32_t four_a, four_b;
    memcpy(&four_a, a, 4);
    memcpy(&four_b, b, 4);
    const int32_t k20 = f->k20, cb = f->cb, mult_b = f->mult_b, round_b = f->round_b;
    int32_t v0 = (int8_t)four_b * k20 + cb, v1 = (int8_t)(four_b >> 8) * k20 + cb;
    int32_t v2 = (int8_t)(four_b >> 16) * k20 + cb, v3 = (four_b >> 24) * k20 + cb;
    v0 = eq_dsp_scaled(v0, mult_b, round_b, eq_dsp_form);
    v1 = eq_dsp_scaled(v1, mult_b, round_b, eq_dsp_form);
    v2 = eq_dsp_scaled(v2, mult_b, round_b, eq_dsp_form);
    v3 = eq_dsp_scaled(v3, mult_b, round_b, eq_dsp_form);
    const int32_t right_b = f->right_b, kb = f->kb, ca = f->ca, ka = f->ka;
    v0 = (v0 >> right_b) * kb + ca + (int8_t)four_a * ka;
    v1 = (v1 >> right_b) * kb + ca + (int8_t)(four_a >> 8) * ka;
    v2 = (v2 >> right_b) * kb + ca + (int8_t)(four_a >> 16) * ka;
    v3 = (v3 >> right_b) * kb + ca + (four_a >> 24) * ka;
    const int32_t mult_y = f->mult_y, round_y = f->round_y, right_y = f->right_y;
    y[0] = eq_dsp_int8(eq_dsp_scaled(v0, mult_y, round_y, eq_dsp_form) >> right_y);
    y[1] = eq_dsp_int8(eq_dsp_scaled(v1, mult_y, round_y, eq_dsp_form) >> right_y);
    y[2] = eq_dsp_int8(eq_dsp_scaled(v2, mult_y, round_y, eq_dsp_form) >> right_y);
    y[3] = eq_dsp_int8(eq_dsp_scaled(v3, mult_y, round_y, eq_dsp_form) >> right_y);
}

static inline void EQ_SYM(add_s8_dsp_row)(const int8_t *a, const int8_t *b, int8_t *y,
                                          const EQ_SYM(add_s8_dsp_factors) * f,
                                          const eq_add_s8_params *restrict p)
{
    const int32_t a3 = p->a3, b3 = p->b3;
    const int8_t *end = y + p->d3;
    if (a3 == 1 && b3 == 1) {
        for (; end - y >= 4; y += 4) {
            EQ_SYM(add_s8_dsp_four)(a, b, y, f);
            a += 4;
            b += 4;
        }
    }
    for (; y != end; ++y) {
        *y = EQ_SYM(add_s8_dsp_one)(*a, *b, f);
        a += a3;
        b += b3;
    }
}

void EQ_SYM(eq_add_s8__dsp_rescale)(const int8_t *a, const int8_t *b, int8_t *y,
                                    const eq_add_s8_params *restrict p)
{
    const EQ_SYM(add_s8_dsp_factors) f = EQ_SYM(add_s8_dsp_factors_of)(p);
    for (int32_t i0 = 0; i0 < p->d0; ++i0) {
        for (int32_t i1 = 0; i1 < p->d1; ++i1) {
            const int8_t *a2 = a + i0 * p->a0 + i1 * p->a1;
            const int8_t *b2 = b + i0 * p->b0 + i1 * p->b1;
            for (int32_t i2 = 0; i2 < p->d2; ++i2) {
                EQ_SYM(add_s8_dsp_row)(a2, b2, y, &f, p);
                a2 += p->a2;
                b2 += p->b2;
                y += p->d3;
            }
        }
    }
}
