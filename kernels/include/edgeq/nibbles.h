/* int4 weights: two in a byte, the first in the low nibble, both two's complement.
 *
 * A run of weights starts at any element, so at either nibble of its first byte.  Whole
 * bytes are read once for two products.
 */
#ifndef EDGEQ_NIBBLES_H
#define EDGEQ_NIBBLES_H

#include <stdint.h>

static inline int32_t eq_nibble_low(int8_t pair)
{
    return ((pair & 15) ^ 8) - 8;
}

static inline int32_t eq_nibble_high(int8_t pair)
{
    return pair >> 4;
}

/* The sum of the weights at, ..., at + n - 1. */
static inline int32_t eq_nibbles_sum(const int8_t *w, int32_t at, int32_t n)
{
    int32_t sum = 0;
    w += at >> 1;
    if ((at & 1) != 0 && n > 0) {
        sum = eq_nibble_high(*w++);
        --n;
    }
    for (; n >= 2; n -= 2) {
        sum += eq_nibble_low(*w) + eq_nibble_high(*w);
        ++w;
    }
    return n > 0 ? sum + eq_nibble_low(*w) : sum;
}

/* The dot product of n values with the weights from `at` on; it must fit int32. */
static inline int32_t eq_nibbles_dot(const int8_t *x, const int8_t *w, int32_t at,
                                     int32_t n)
{
    int32_t acc = 0;
    w += at >> 1;
    if ((at & 1) != 0 && n > 0) {
        acc = *x++ * eq_nibble_high(*w++);
        --n;
    }
    for (; n >= 2; n -= 2) {
        acc += x[0] * eq_nibble_low(*w);
        acc += x[1] * eq_nibble_high(*w);
        x += 2;
        ++w;
    }
    return n > 0 ? acc + *x * eq_nibble_low(*w) : acc;
}

/* The same for int16 values: two products of 19 bits fit int32 before they widen. */
static inline int64_t eq_nibbles_dot16(const int16_t *x, const int8_t *w, int32_t at,
                                       int32_t n)
{
    int64_t acc = 0;
    w += at >> 1;
    if ((at & 1) != 0 && n > 0) {
        acc = *x++ * eq_nibble_high(*w++);
        --n;
    }
    for (; n >= 2; n -= 2) {
        acc += x[0] * eq_nibble_low(*w) + x[1] * eq_nibble_high(*w);
        x += 2;
        ++w;
    }
    return n > 0 ? acc + *x * eq_nibble_low(*w) : acc;
}

#endif
