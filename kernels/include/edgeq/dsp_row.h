/* Four dot products with one row of x, with the DSP extension: what fully connected layers of int16
 * activations, of int4 weights and of weights with a zero point share.
 *
 * In a word of int8 weights bytes 0 and 2 are the taps k and k + 1 for int16 x, and lie in order
 * for int8 x, whose words SXTB16 takes apart in the same way.  int4 weights are computed with
 * times 16 (dsp_plain.h).  Taps behind the last whole step are copied, filled with zeros.
 */
#ifndef EDGEQ_DSP_ROW_H
#define EDGEQ_DSP_ROW_H

#include "edgeq/dsp_plain.h"

/* Accumulators of four channels. */
typedef struct {
    int32_t a0, a1, a2, a3;
} eq_dsp_four;

/* acc and four products: two words of x, each of two taps, and four weights. */
static inline int32_t eq_dsp_row_dot(int32_t acc, int32_t w, int32_t x0, int32_t x1)
{
    return __smlad(eq_dsp_odd(w), x1, __smlad(eq_dsp_even(w), x0, acc));
}

/* Two words of x with int8 weights of four channels at w. */
static inline void eq_dsp_row_bytes(eq_dsp_four *t, const int8_t *w, int32_t x0, int32_t x1)
{
    t->a0 = eq_dsp_row_dot(t->a0, eq_dsp_load(w), x0, x1);
    t->a1 = eq_dsp_row_dot(t->a1, eq_dsp_load(w + 4), x0, x1);
    t->a2 = eq_dsp_row_dot(t->a2, eq_dsp_load(w + 8), x0, x1);
    t->a3 = eq_dsp_row_dot(t->a3, eq_dsp_load(w + 12), x0, x1);
}

/* The same with the lower nibbles, times 16, and with the upper ones. */
static inline void eq_dsp_row_low(eq_dsp_four *t, const int8_t *w, int32_t x0, int32_t x1)
{
    t->a0 = eq_dsp_row_dot(t->a0, eq_dsp_low_nibbles(w), x0, x1);
    t->a1 = eq_dsp_row_dot(t->a1, eq_dsp_low_nibbles(w + 4), x0, x1);
    t->a2 = eq_dsp_row_dot(t->a2, eq_dsp_low_nibbles(w + 8), x0, x1);
    t->a3 = eq_dsp_row_dot(t->a3, eq_dsp_low_nibbles(w + 12), x0, x1);
}

static inline void eq_dsp_row_high(eq_dsp_four *t, const int8_t *w, int32_t x0, int32_t x1)
{
    t->a0 = eq_dsp_row_dot(t->a0, eq_dsp_high_nibbles(w), x0, x1);
    t->a1 = eq_dsp_row_dot(t->a1, eq_dsp_high_nibbles(w + 4), x0, x1);
    t->a2 = eq_dsp_row_dot(t->a2, eq_dsp_high_nibbles(w + 8), x0, x1);
    t->a3 = eq_dsp_row_dot(t->a3, eq_dsp_high_nibbles(w + 12), x0, x1);
}

/* Adds x[0, n) * w for int8 x and weights, n a multiple of 4. */
static inline void eq_dsp_row_s8s8(eq_dsp_four *t, const int8_t *x, const int8_t *w,
                                   int32_t n)
{
    for (const int8_t *const end = x + n; x != end; x += 4) {
        const int32_t bytes = eq_dsp_load(x);
        eq_dsp_row_bytes(t, w, eq_dsp_even(bytes), eq_dsp_odd(bytes));
        w += 16;
    }
}

/* For int16 x, n a multiple of 4. */
static inline void eq_dsp_row_s16s8(eq_dsp_four *t, const int16_t *x, const int8_t *w,
                                    int32_t n)
{
    for (const int16_t *const end = x + n; x != end; x += 4) {
        eq_dsp_row_bytes(t, w, eq_dsp_load((const int8_t *)x),
                         eq_dsp_load((const int8_t *)(x + 2)));
        w += 16;
    }
}

/* For int4 weights, times 16, n a multiple of 8. */
static inline void eq_dsp_row_s8s4(eq_dsp_four *t, const int8_t *x, const int8_t *w,
                                   int32_t n)
{
    for (const int8_t *const end = x + n; x != end; x += 8) {
        int32_t bytes = eq_dsp_load(x);
        eq_dsp_row_low(t, w, eq_dsp_even(bytes), eq_dsp_odd(bytes));
        bytes = eq_dsp_load(x + 4);
        eq_dsp_row_high(t, w, eq_dsp_even(bytes), eq_dsp_odd(bytes));
        w += 16;
    }
}

static inline void eq_dsp_row_s16s4(eq_dsp_four *t, const int16_t *x, const int8_t *w,
                                    int32_t n)
{
    for (const int16_t *const end = x + n; x != end; x += 8) {
        const int8_t *const at = (const int8_t *)x;
        eq_dsp_row_low(t, w, eq_dsp_load(at), eq_dsp_load(at + 4));
        eq_dsp_row_high(t, w, eq_dsp_load(at + 8), eq_dsp_load(at + 12));
        w += 16;
    }
}

#endif
