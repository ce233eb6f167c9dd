/* mul_s8 for the DSP extension: four elements at a time where both operands are dense.
 *
 * Zero points are subtracted while bytes are widened, two at a time; b is doubled, as the
 * rescale wants its accumulator (dsp_rescale.h).
 *
 * Exact: |a - za| <= 255 and |2 * (b - zb)| <= 510 fit 16 bits, their product 18; with shift
 * in [32, 53] the high word is below 2^17 and the rounding, zero point included, below 2^30.
 *
 * @requires act_min == -128 and act_max == 127 and shift >= 32 and shift <= 53
 * @inplace a b
 */
#include <arm_acle.h>
#include <string.h>

#include "edgeq/dsp_rescale.h"
#include "edgeq/mul_s8.h"

eq_mul_s8_fn EQ_SYM(eq_mul_s8__dsp);

typedef struct {
    int32_t za, zb; /* minus the zero point in both halves */
    int32_t mult, round, right;
} EQ_SYM(mul_s8_dsp_factors);

static inline int32_t EQ_SYM(mul_s8_dsp_minus)(int32_t z)
{
    return (int32_t)((uint32_t)-z << 16 | ((uint32_t)-z & 0xFFFF));
}

static inline int8_t EQ_SYM(mul_s8_dsp_rescale)(int32_t twice, EQ_SYM(mul_s8_dsp_factors) f)
{
    return eq_dsp_int8(eq_dsp_scaled(twice, f.mult, f.round, eq_dsp_form) >> f.right);
}

static inline void EQ_SYM(mul_s8_dsp_four)(const int8_t *a, const int8_t *b, int8_t *y,
                                           EQ_SYM(mul_s8_dsp_factors) f)
{
    int32_t of_a, of_b;
    memcpy(&of_a, a, 4);
    memcpy(&of_b, b, 4);
    const int32_t rest_a = (int32_t)((uint32_t)of_a >> 8),
                  rest_b = (int32_t)((uint32_t)of_b >> 8);
    const int32_t a02 = __sxtab16(f.za, of_a), a13 = __sxtab16(f.za, rest_a);
    int32_t b02 = __sxtab16(f.zb, of_b), b13 = __sxtab16(f.zb, rest_b);
    b02 = (int32_t)__sadd16(b02, b02);
    b13 = (int32_t)__sadd16(b13, b13);
    y[0] = EQ_SYM(mul_s8_dsp_rescale)((int16_t)a02 * (int16_t)b02, f);
    y[1] = EQ_SYM(mul_s8_dsp_rescale)((int16_t)a13 * (int16_t)b13, f);
    y[2] = EQ_SYM(mul_s8_dsp_rescale)((a02 >> 16) * (b02 >> 16), f);
    y[3] = EQ_SYM(mul_s8_dsp_rescale)((a13 >> 16) * (b13 >> 16), f);
}

static inline void EQ_SYM(mul_s8_dsp_row)(const int8_t *a, const int8_t *b, int8_t *y,
                                          EQ_SYM(mul_s8_dsp_factors) f,
                                          const eq_mul_s8_params *restrict p)
{
    const int8_t *end = y + p->d3;
    if (p->a3 == 1 && p->b3 == 1) {
        for (; end - y >= 4; y += 4) {
            EQ_SYM(mul_s8_dsp_four)(a, b, y, f);
            a += 4;
            b += 4;
        }
    }
    for (; y != end; ++y) {
        *y = EQ_SYM(mul_s8_dsp_rescale)((*a - p->za) * (*b - p->zb) * 2, f);
        a += p->a3;
        b += p->b3;
    }
}

void EQ_SYM(eq_mul_s8__dsp)(const int8_t *a, const int8_t *b, int8_t *y,
                            const eq_mul_s8_params *restrict p)
{
    const int32_t right = p->shift - 31;
    const EQ_SYM(mul_s8_dsp_factors) f = {
        EQ_SYM(mul_s8_dsp_minus)(p->za),
        EQ_SYM(mul_s8_dsp_minus)(p->zb),
        p->mult,
        (2 * p->zy + 1) * (1 << (right - 1)),
        right,
    };
    for (int32_t i0 = 0; i0 < p->d0; ++i0) {
        for (int32_t i1 = 0; i1 < p->d1; ++i1) {
            const int8_t *a2 = a + i0 * p->a0 + i1 * p->a1;
            const int8_t *b2 = b + i0 * p->b0 + i1 * p->b1;
            for (int32_t i2 = 0; i2 < p->d2; ++i2) {
                EQ_SYM(mul_s8_dsp_row)(a2, b2, y, f, p);
                a2 += p->a2;
                b2 += p->b2;
                y += p->d3;
            }
        }
    }
}
