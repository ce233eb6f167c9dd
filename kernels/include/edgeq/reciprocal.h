/* 1 / x in fixed point: the C twin of `reciprocal` in edgeq/numerics/gemmlowp.py.
 *
 * "Qm" is an int32 with m integer bits: real = raw * 2^-(31 - m).
 */
#ifndef EDGEQ_RECIPROCAL_H
#define EDGEQ_RECIPROCAL_H

#include <stdint.h>

typedef struct {
    int32_t value; /* Q0 */
    int32_t bits;  /* 1 / x = value * 2^-bits */
} eq_reciprocal;

/* round(a * b / 2^31), ties toward +infinity; a * b < 2^62. */
static inline int32_t eq_product_q0(int32_t a, int32_t b)
{
    return (int32_t)(((int64_t)a * b + ((int64_t)1 << 30)) >> 31);
}

/* 1 / (1 + a) in Q0 for a in [0, 1) in Q0, by three Newton-Raphson steps for d = (1 + a) / 2
 * from 48/17 - 32/17 d.  The estimate x stays within Q2: 1 <= 1 / d <= 2, and its error is
 * below 1/17 at the start and falls; |x * error| < 2^28 in Q2, so shifting it left by two
 * stays within int32.  The doubled result is at most 2^31 and saturates. */
static inline int32_t eq_one_over_one_plus_x(int32_t a)
{
    const int32_t d = (int32_t)(((int64_t)a + INT32_MAX + 1) >> 1);
    int32_t x = 1515870810 + eq_product_q0(d, -1010580540);
    for (int32_t step = 0; step < 3; ++step) {
        const int32_t error = (1 << 29) - eq_product_q0(d, x);
        x += eq_product_q0(x, error) * 4;
    }
    return x >= 1 << 30 ? INT32_MAX : x * 2;
}

/* 1 / x for x in Q`integer_bits`, x >= 1. */
static inline eq_reciprocal eq_reciprocal_of(uint32_t x, int32_t integer_bits)
{
    int32_t zeros = 0;
    for (; x < 1U << 31; x <<= 1)
        ++zeros;
    const int32_t a = (int32_t)(x - (1U << 31));
    const eq_reciprocal r = {eq_one_over_one_plus_x(a), integer_bits - zeros};
    return r;
}

#endif
