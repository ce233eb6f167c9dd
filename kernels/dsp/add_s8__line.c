/* add_s8 along a line for the DSP extension: four elements at a time where both operands are
 * dense.
 *
 * Bytes stay where they are, in the upper halves of half words: SMLAWB and SMLAWT add the upper
 * 32 of 48 bits of a product, which is that of a byte and the factor when the factor comes
 * times 2^8.
 *
 * Exact: the contract says that the line gives the same bytes.  |la| <= 2^23, so 2^8 * la fits
 * int32, and 2^8 * la * 2^8 * a / 2^16 is whole.
 *
 * @requires line == 1 and act_min == -128 and act_max == 127
 * @inplace a b
 */
#include <arm_acle.h>
#include <string.h>

#include "edgeq/add_line.h"

eq_add_s8_fn EQ_SYM(eq_add_s8__dsp_line);

static inline int32_t EQ_SYM(add_s8_dsp_line_load)(const int8_t *x)
{
    int32_t four;
    memcpy(&four, x, 4);
    return four;
}

/* Clamped to [-128, 127] after the shift: one instruction, which the compiler does not form. */
static inline int8_t EQ_SYM(add_s8_dsp_line_byte)(int32_t sum)
{
    int32_t y;
    __asm__("ssat %0, #8, %1, asr #21" : "=r"(y) : "r"(sum));
    return (int8_t)y;
}

static inline __attribute__((always_inline)) void
EQ_SYM(add_s8_dsp_line_four)(const int8_t *a, const int8_t *b, int8_t *y,
                             const eq_add_s8_params *p)
{
    const uint32_t mask = 0xff00ff00U;
    const uint32_t a4 = (uint32_t)EQ_SYM(add_s8_dsp_line_load)(a);
    const uint32_t b4 = (uint32_t)EQ_SYM(add_s8_dsp_line_load)(b);
    const int32_t a02 = (int32_t)((a4 << 8) & mask), a13 = (int32_t)(a4 & mask);
    const int32_t b02 = (int32_t)((b4 << 8) & mask), b13 = (int32_t)(b4 & mask);
    const int32_t la = (int32_t)((uint32_t)p->la << 8),
                  lb = (int32_t)((uint32_t)p->lb << 8);
    y[0] = EQ_SYM(add_s8_dsp_line_byte)(__smlawb(lb, b02, __smlawb(la, a02, p->lc)));
    y[1] = EQ_SYM(add_s8_dsp_line_byte)(__smlawb(lb, b13, __smlawb(la, a13, p->lc)));
    y[2] = EQ_SYM(add_s8_dsp_line_byte)(__smlawt(lb, b02, __smlawt(la, a02, p->lc)));
    y[3] = EQ_SYM(add_s8_dsp_line_byte)(__smlawt(lb, b13, __smlawt(la, a13, p->lc)));
}

void EQ_SYM(eq_add_s8__dsp_line)(const int8_t *a, const int8_t *b, int8_t *y,
                                 const eq_add_s8_params *restrict p)
{
    eq_line_rows(a, b, y, p, EQ_SYM(add_s8_dsp_line_four));
}
