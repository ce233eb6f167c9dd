/* add_s16 for the DSP extension: two elements at a time where both operands are dense.
 *
 * Each of the two rescales is one multiplication, an addition and a shift (dsp_rescale.h).
 *
 * Exact: 2^16 * b and 2 * t are in [-2^31, 2^31), as the contract says, and are rescaled doubled;
 * with zy = 0 the rounding is at most 2^30, and a product's high word is below 2^30.
 *
 * @requires shift_b >= 32 and zy == 0 and act_max == 32767
 * @requires act_min == -32768 or act_min == 0
 * @inplace a b
 */
#include <string.h>

#include "edgeq/add_s16.h"
#include "edgeq/dsp_rescale.h"

eq_add_s16_fn EQ_SYM(eq_add_s16__dsp);

typedef struct {
    int32_t mult_b, round_b, right_b, ka, kb, mult_y, round_y, right_y;
} EQ_SYM(add_s16_dsp_factors);

/* Clamped to [-32768, 32767], or to what of it is not below zero. */
static inline int16_t EQ_SYM(add_s16_dsp_clamp)(int32_t v, int32_t live)
{
    int32_t y;
    if (live)
        __asm__("usat %0, #15, %1" : "=r"(y) : "r"(v));
    else
        __asm__("ssat %0, #16, %1" : "=r"(y) : "r"(v));
    return (int16_t)y;
}

/* An element, given b times 2^16; `live` when the clamp begins at zero. */
static inline __attribute__((always_inline)) int16_t EQ_SYM(add_s16_dsp_one)(
    int32_t a, int32_t high_b, const EQ_SYM(add_s16_dsp_factors) * f, int32_t live)
{
    const int32_t scaled =
        eq_dsp_scaled(high_b, f->mult_b, f->round_b, eq_dsp_form) >> f->right_b;
    const int32_t twice =
        (int32_t)((uint32_t)a * (uint32_t)f->ka + (uint32_t)f->kb * (uint32_t)scaled);
    const int32_t is_double = eq_dsp_form == eq_dsp_form_double;
    const int32_t form = live && is_double ? eq_dsp_form_live : eq_dsp_form;
    const int32_t sum = eq_dsp_scaled(twice, f->mult_y, f->round_y, form);
    return EQ_SYM(add_s16_dsp_clamp)(sum >> f->right_y, live);
}

static inline __attribute__((always_inline)) void
EQ_SYM(add_s16_dsp_row)(const int16_t *a, const int16_t *b, int16_t *y,
                        const EQ_SYM(add_s16_dsp_factors) * f,
                        const eq_add_s16_params *restrict p, int32_t live)
{
    const int16_t *const end = y + p->d3;
    if (p->a3 == 1 && p->b3 == 1)
        for (; end - y >= 2; y += 2) {
            int32_t two_a, two_b;
            memcpy(&two_a, a, 4);
            memcpy(&two_b, b, 4);
            const int32_t low_b = (int32_t)((uint32_t)two_b << 16);
            const int32_t high_b = (int32_t)((uint32_t)two_b & 0xffff0000U);
            y[0] = EQ_SYM(add_s16_dsp_one)((int16_t)two_a, low_b, f, live);
            y[1] = EQ_SYM(add_s16_dsp_one)(two_a >> 16, high_b, f, live);
            a += 2;
            b += 2;
        }
    for (; y != end; ++y) {
        *y = EQ_SYM(add_s16_dsp_one)(*a, *b * (1 << 16), f, live);
        a += p->a3;
        b += p->b3;
    }
}

static inline __attribute__((always_inline)) void
EQ_SYM(add_s16_dsp_rows)(const int16_t *a, const int16_t *b, int16_t *y,
                         const EQ_SYM(add_s16_dsp_factors) * f,
                         const eq_add_s16_params *restrict p, int32_t live)
{
    for (int32_t i0 = 0; i0 < p->d0; ++i0)
        for (int32_t i1 = 0; i1 < p->d1; ++i1)
            for (int32_t i2 = 0; i2 < p->d2; ++i2) {
                EQ_SYM(add_s16_dsp_row)(a + i0 * p->a0 + i1 * p->a1 + i2 * p->a2,
                                        b + i0 * p->b0 + i1 * p->b1 + i2 * p->b2, y, f, p,
                                        live);
                y += p->d3;
            }
}

void EQ_SYM(eq_add_s16__dsp)(const int16_t *a, const int16_t *b, int16_t *y,
                             const eq_add_s16_params *restrict p)
{
    const int32_t right_b = p->shift_b - 31, right_y = p->shift_y - 31;
    const EQ_SYM(add_s16_dsp_factors) f = {
        p->mult_b, 1 << (right_b - 1), right_b, 2 * p->ka, 2 * p->kb,
        p->mult_y, 1 << (right_y - 1), right_y,
    };
    if (p->act_min == 0)
        EQ_SYM(add_s16_dsp_rows)(a, b, y, &f, p, 1);
    else
        EQ_SYM(add_s16_dsp_rows)(a, b, y, &f, p, 0);
}
