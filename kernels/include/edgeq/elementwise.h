/* Rescaling in loops over elements: cheap forms for accumulators that leave a bit of headroom.
 *
 * A rescale is prepared once per call from (mult, shift) and applied per element.  It gives
 * what eq_requantize gives (edgeq/fixed_point.h), by another route: the accumulator is
 * shifted one bit further left, so that the wanted part of the 64-bit product is its high
 * word, and no 64-bit shift is needed.  Requires acc * 2^(1 + max(0, 31 - shift)) in int32.
 */
#ifndef EDGEQ_ELEMENTWISE_H
#define EDGEQ_ELEMENTWISE_H

#include <stdint.h>

#include "edgeq/fixed_point.h"

#define eq_rescale EQ_SYM(eq_rescale)
#define eq_rescale_twice EQ_SYM(eq_rescale_twice)

typedef struct {
    int32_t mult;  /* 0 or in [2^30, 2^31 - 1] */
    int32_t left;  /* in [1, 31] */
    int32_t right; /* in [0, 31] */
    int32_t half;  /* 2^(right - 1), 0 when right is 0 */
    int32_t away;  /* -1 when right > 0, else 0 */
} eq_scaling;

static inline eq_scaling eq_scaling_of(int32_t mult, int32_t shift)
{
    const int32_t left = shift < 31 ? 32 - shift : 1;
    const int32_t right = shift > 31 ? shift - 31 : 0;
    const int32_t half = (int32_t)((1U << right) >> 1);
    const eq_scaling s = {mult, left, right, half, right > 0 ? -1 : 0};
    return s;
}

/* Two roundings.  high = floor(2 * acc * mult / 2^32 + 1/2), then to nearest, ties away;
 * |high| <= 2^30 and half <= 2^30, so the sum stays within int32. */
static inline int32_t eq_rescale_double(int32_t acc, eq_scaling s)
{
    const int32_t shifted = (int32_t)((uint32_t)acc << s.left);
    const int64_t product = (int64_t)shifted * s.mult;
    const int32_t high = (int32_t)(product >> 32) + (int32_t)((uint32_t)product >> 31);
    return (high + (s.half + ((high >> 31) & s.away))) >> s.right;
}

/* One rounding, ties toward +infinity: |product| < 2^62 and the addend is at most 2^62. */
static inline int32_t eq_rescale_single(int32_t acc, eq_scaling s)
{
    const int32_t shifted = (int32_t)((uint32_t)acc << s.left);
    const int64_t product = (int64_t)shifted * s.mult;
    return (int32_t)((product + ((int64_t)1 << (31 + s.right))) >> 32) >> s.right;
}

/* round(twice / 2 * mult * 2^-shift) for shift = 31 + right, 1 <= right <= 31: the accumulator
 * comes doubled, and the factor is below 1/2.  The same roundings as above. */
static inline int32_t eq_rescale_twice_double(int32_t twice, int32_t mult, int32_t right)
{
    const int64_t product = (int64_t)twice * mult;
    const int32_t high = (int32_t)(product >> 32) + (int32_t)((uint32_t)product >> 31);
    return (high + ((1 << (right - 1)) + (high >> 31))) >> right;
}

static inline int32_t eq_rescale_twice_single(int32_t twice, int32_t mult, int32_t right)
{
    const int64_t product = (int64_t)twice * mult;
    const int64_t half = (int64_t)((uint64_t)(1U << (right - 1)) << 32);
    return (int32_t)((product + half) >> 32) >> right;
}

#endif
