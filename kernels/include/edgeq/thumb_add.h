/* add_s8 where the DSP extension is missing: four elements at a time where both operands are
 * dense, every step before the next, so that its constants are in registers.
 *
 * The operands are doubled before they are rescaled, as in the portable kernel, which says why
 * that fits; thumb_rescale.h derives the rescale.  With shift_y <= 53 the sum with the rounding
 * stays below 2^31.
 */
#ifndef EDGEQ_THUMB_ADD_H
#define EDGEQ_THUMB_ADD_H

#include <stdint.h>

#include "edgeq/add_s8.h"
#include "edgeq/thumb_rescale.h"

typedef struct {
    int32_t k20, cb, mult_b, round_b, right_b;
    int32_t ka, ca, kb, mult_y, round_y, right_y;
} eq_thumb_sum;

static inline eq_thumb_sum eq_thumb_sum_of(const eq_add_s8_params *restrict p)
{
    const int32_t is_half = p->shift_b == 31;
    const int32_t right_b = p->shift_b - 31 + is_half, right_y = p->shift_y - 31;
    const eq_thumb_sum f = {
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

static inline int32_t eq_thumb_scaled(int32_t twice, int32_t mult, int32_t form,
                                      int32_t products)
{
    const uint32_t half = form == eq_thumb_form_double ? 1U << 31 : 0;
    const int32_t high = products == eq_thumb_long ? eq_thumb_long_high(twice, mult, half)
                                                   : eq_thumb_split_high(twice, mult, half);
    return form == eq_thumb_form_double ? high + (high >> 31) : high;
}

static inline int8_t eq_thumb_add_one(int32_t a, int32_t b, const eq_thumb_sum *f,
                                      int32_t form, int32_t products)
{
    const int32_t of_b = eq_thumb_scaled(b * f->k20 + f->cb, f->mult_b, form, products);
    const int32_t t = a * f->ka + (f->ca + f->kb * ((of_b + f->round_b) >> f->right_b));
    const int32_t sum = eq_thumb_scaled(t, f->mult_y, form, products);
    return eq_thumb_int8((sum + f->round_y) >> f->right_y, products);
}

/* Four elements, b rescaled first; the factors are read again for every four. */
static inline void eq_thumb_add_four(const int8_t *a, const int8_t *b, int8_t *y,
                                     const volatile eq_thumb_sum *f, int32_t form,
                                     int32_t products)
{
    const int32_t k20 = f->k20, cb = f->cb, mult_b = f->mult_b;
    int32_t v0 = eq_thumb_scaled(b[0] * k20 + cb, mult_b, form, products);
    int32_t v1 = eq_thumb_scaled(b[1] * k20 + cb, mult_b, form, products);
    int32_t v2 = eq_thumb_scaled(b[2] * k20 + cb, mult_b, form, products);
    int32_t v3 = eq_thumb_scaled(b[3] * k20 + cb, mult_b, form, products);
    const int32_t round_b = f->round_b, right_b = f->right_b;
    const int32_t kb = f->kb, ca = f->ca, ka = f->ka;
    v0 = ((v0 + round_b) >> right_b) * kb + ca + a[0] * ka;
    v1 = ((v1 + round_b) >> right_b) * kb + ca + a[1] * ka;
    v2 = ((v2 + round_b) >> right_b) * kb + ca + a[2] * ka;
    v3 = ((v3 + round_b) >> right_b) * kb + ca + a[3] * ka;
    const int32_t mult_y = f->mult_y, round_y = f->round_y, right_y = f->right_y;
    v0 = eq_thumb_scaled(v0, mult_y, form, products);
    v1 = eq_thumb_scaled(v1, mult_y, form, products);
    v2 = eq_thumb_scaled(v2, mult_y, form, products);
    v3 = eq_thumb_scaled(v3, mult_y, form, products);
    y[0] = eq_thumb_int8((v0 + round_y) >> right_y, products);
    y[1] = eq_thumb_int8((v1 + round_y) >> right_y, products);
    y[2] = eq_thumb_int8((v2 + round_y) >> right_y, products);
    y[3] = eq_thumb_int8((v3 + round_y) >> right_y, products);
}

static inline void eq_thumb_add_row(const int8_t *a, const int8_t *b, int8_t *y,
                                    const eq_thumb_sum *f, int32_t form, int32_t products,
                                    const eq_add_s8_params *restrict p)
{
    const int32_t a3 = p->a3, b3 = p->b3;
    const int8_t *const end = y + p->d3;
    if (a3 == 1 && b3 == 1) {
        for (; end - y >= 4; y += 4) {
            eq_thumb_add_four(a, b, y, f, form, products);
            a += 4;
            b += 4;
        }
    }
    for (; y != end; ++y) {
        *y = eq_thumb_add_one(*a, *b, f, form, products);
        a += a3;
        b += b3;
    }
}

static inline void eq_thumb_add(const int8_t *a, const int8_t *b, int8_t *y, int32_t form,
                                int32_t products, const eq_add_s8_params *restrict p)
{
    const eq_thumb_sum f = eq_thumb_sum_of(p);
    for (int32_t i0 = 0; i0 < p->d0; ++i0) {
        for (int32_t i1 = 0; i1 < p->d1; ++i1) {
            const int8_t *a2 = a + i0 * p->a0 + i1 * p->a1;
            const int8_t *b2 = b + i0 * p->b0 + i1 * p->b1;
            for (int32_t i2 = 0; i2 < p->d2; ++i2) {
                eq_thumb_add_row(a2, b2, y, &f, form, products, p);
                a2 += p->a2;
                b2 += p->b2;
                y += p->d3;
            }
        }
    }
}

#endif
