/* add_s8 along a line for MVE, rows of both operands or of one and a number: sixteen elements
 * at once.
 *
 * Every fourth element is widened to int32, twice multiplied and narrowed again: by VSHRN and
 * VQRSHRN, which put bottom and top elements back to where widening took them from.
 *
 * Exact: the contract says that the line gives the same bytes.  Of the line, less 2^20, 16 bits
 * less fit int16; the last narrowing, by 5 more, adds 2^4 of these and saturates.  (VQSHRN adds
 * nothing, but GNU's assembler encodes it as VQRSHRN up to version 2.40.)
 *
 * @requires line == 1 and a3 <= 1 and b3 <= 1
 * @inplace a b
 */
#include <arm_mve.h>

#include "edgeq/add_s8.h"
#include "edgeq/fixed_point.h"

eq_add_s8_fn EQ_SYM(eq_add_s8__mve_line);

typedef struct {
    int32x4_t la;
    int32_t lb, lc;
} EQ_SYM(add_s8_mve_line_factors);

static inline int32x4_t EQ_SYM(add_s8_mve_line_four)(int32x4_t a, int32x4_t b,
                                                     EQ_SYM(add_s8_mve_line_factors) f)
{
    return vmlaq_n_s32(vmlasq_n_s32(a, f.la, f.lc), b, f.lb);
}

/* Elements that were widened to int16, and int16 of their lines. */
static inline int16x8_t EQ_SYM(add_s8_mve_line_eight)(int16x8_t a, int16x8_t b,
                                                      EQ_SYM(add_s8_mve_line_factors) f)
{
    const int32x4_t bottom =
        EQ_SYM(add_s8_mve_line_four)(vmovlbq_s16(a), vmovlbq_s16(b), f);
    const int32x4_t top = EQ_SYM(add_s8_mve_line_four)(vmovltq_s16(a), vmovltq_s16(b), f);
    return vshrntq_n_s32(vshrnbq_n_s32(vuninitializedq_s16(), bottom, 16), top, 16);
}

static inline __attribute__((always_inline)) int8x16_t
EQ_SYM(add_s8_mve_line_sixteen)(int8x16_t a, int8x16_t b, EQ_SYM(add_s8_mve_line_factors) f)
{
    const int16x8_t even = EQ_SYM(add_s8_mve_line_eight)(vmovlbq_s8(a), vmovlbq_s8(b), f);
    const int16x8_t odd = EQ_SYM(add_s8_mve_line_eight)(vmovltq_s8(a), vmovltq_s8(b), f);
    return vqrshrntq_n_s16(vqrshrnbq_n_s16(vuninitializedq_s8(), even, 5), odd, 5);
}

static inline int8x16_t EQ_SYM(add_s8_mve_line_load)(const int8_t *x, int32_t step,
                                                     mve_pred16_t lanes)
{
    return step ? vldrbq_z_s8(x, lanes) : vdupq_n_s8(*x);
}

/* Any row, sixteen elements or what is left of them at a time. */
static inline void EQ_SYM(add_s8_mve_line_rest)(const int8_t *a, const int8_t *b, int8_t *y,
                                                int32_t left,
                                                EQ_SYM(add_s8_mve_line_factors) f,
                                                const eq_add_s8_params *p)
{
    for (; left > 0; left -= 16) {
        const mve_pred16_t lanes = vctp8q((uint32_t)left);
        const int8x16_t v = EQ_SYM(add_s8_mve_line_sixteen)(
            EQ_SYM(add_s8_mve_line_load)(a, p->a3, lanes),
            EQ_SYM(add_s8_mve_line_load)(b, p->b3, lanes), f);
        const int8x16_t least = vmaxq_s8(v, vdupq_n_s8((int8_t)p->act_min));
        vstrbq_p_s8(y, vminq_s8(least, vdupq_n_s8((int8_t)p->act_max)), lanes);
        a += 16 * p->a3;
        b += 16 * p->b3;
        y += 16;
    }
}

static inline void EQ_SYM(add_s8_mve_line_row)(const int8_t *a, const int8_t *b, int8_t *y,
                                               EQ_SYM(add_s8_mve_line_factors) f,
                                               const eq_add_s8_params *p)
{
    int32_t left = p->d3;
    if (p->a3 == 1 && p->b3 == 1 && p->act_min == -128 && p->act_max == 127)
        for (; left >= 16; left -= 16) {
            vstrbq_s8(y, EQ_SYM(add_s8_mve_line_sixteen)(vldrbq_s8(a), vldrbq_s8(b), f));
            a += 16;
            b += 16;
            y += 16;
        }
    EQ_SYM(add_s8_mve_line_rest)(a, b, y, left, f, p);
}

void EQ_SYM(eq_add_s8__mve_line)(const int8_t *a, const int8_t *b, int8_t *y,
                                 const eq_add_s8_params *restrict p)
{
    const EQ_SYM(add_s8_mve_line_factors)
        f = {vdupq_n_s32(p->la), p->lb, p->lc - (1 << 20)};
    for (int32_t i0 = 0; i0 < p->d0; ++i0)
        for (int32_t i1 = 0; i1 < p->d1; ++i1)
            for (int32_t i2 = 0; i2 < p->d2; ++i2) {
                EQ_SYM(add_s8_mve_line_row)(a + i0 * p->a0 + i1 * p->a1 + i2 * p->a2,
                                            b + i0 * p->b0 + i1 * p->b1 + i2 * p->b2, y, f,
                                            p);
                y += p->d3;
            }
}
