/* Fixed-point rescaling: the C twin of edgeq/numerics/fixed_point.py.
 *
 * A factor is (mult, shift): real = mult * 2^-shift, mult 0 or in [2^30, 2^31 - 1].
 * A kernel calls eq_requantize and names its symbols with EQ_SYM; the build says by
 * EQ_FORM which rounding that means, so one source gives a kernel for each form.
 */
#ifndef EDGEQ_FIXED_POINT_H
#define EDGEQ_FIXED_POINT_H

#include <stdint.h>

_Static_assert((-1 >> 1) == -1, "edgeq needs an arithmetic right shift");

#define EQ_PASTE_(a, b) a##_##b
#define EQ_PASTE(a, b) EQ_PASTE_(a, b)
#define EQ_SYM(name) EQ_PASTE(name, EQ_FORM)
#define eq_requantize EQ_SYM(eq_requantize)
#define eq_requantize64 EQ_SYM(eq_requantize64)
#define eq_divide EQ_SYM(eq_divide)

static inline int32_t eq_clamp(int32_t x, int32_t lo, int32_t hi)
{
    return x < lo ? lo : (x > hi ? hi : x);
}

/* Two int16 side by side, `first` in the lower half. */
static inline int32_t eq_pair_of_words(int32_t first, int32_t last)
{
    return (int32_t)((uint32_t)last << 16 | (uint16_t)first);
}

/* round(a * b / 2^31), ties toward +infinity; a * b = 2^62 saturates.
 * Adding 2^30 and flooring is the same as nudging by the sign and truncating:
 * below zero, trunc((p + 1 - 2^30) / 2^31) = floor((p + 2^30) / 2^31). */
static inline int32_t eq_high_mul(int32_t a, int32_t b)
{
    const int64_t product = (int64_t)a * b;
    const int64_t rounded = (product + ((int64_t)1 << 30)) >> 31;
    return rounded > INT32_MAX ? INT32_MAX : (int32_t)rounded;
}

/* round(x / 2^shift), ties away from zero; shift in [0, 31].  Rounds up when the bits shifted
 * out are above one half, or are one half of a number that is not negative. */
static inline int32_t eq_shift_right_away(int32_t x, int32_t shift)
{
    const int32_t mask = (int32_t)(((uint32_t)1 << shift) - 1);
    return (x >> shift) + ((x & mask) > (mask >> 1) + (x < 0));
}

/* The same for an int64: |x| < 2^62, shift in [1, 62]. */
static inline int64_t eq_shift_right_away_s64(int64_t x, int32_t shift)
{
    return (x + ((int64_t)1 << (shift - 1)) - (x < 0)) >> shift;
}

/* round(x / n), ties away from zero (odd n have none).  Requires n >= 1 and |x| + n / 2 in
 * int32. */
static inline int32_t eq_divide_away(int32_t x, int32_t n)
{
    return (x < 0 ? x - n / 2 : x + n / 2) / n;
}

/* The same for an int64.  Requires n >= 1 and |x| + n / 2 in int64. */
static inline int64_t eq_divide_away_s64(int64_t x, int64_t n)
{
    return (x < 0 ? x - n / 2 : x + n / 2) / n;
}

/* floor((x + floor(n / 2)) / n): ties toward +infinity.  Requires n >= 1 and |x| + n / 2 in
 * int32. */
static inline int32_t eq_divide_up(int32_t x, int32_t n)
{
    const int32_t t = x + n / 2;
    return t / n - (t % n < 0);
}

/* Two roundings.  Requires acc * 2^max(0, 31 - shift) in int32, mult 0 or >= 2^30,
 * shift in [1, 62]; as mult < 2^31, eq_high_mul cannot saturate. */
static inline int32_t eq_requantize_double(int32_t acc, int32_t mult, int32_t shift)
{
    const int32_t left = shift < 31 ? 31 - shift : 0;
    const int32_t right = shift > 31 ? shift - 31 : 0;
    const int32_t shifted = (int32_t)((uint32_t)acc << left);
    const int64_t product = (int64_t)shifted * mult;
    const int32_t high = (int32_t)((product + ((int64_t)1 << 30)) >> 31);
    return eq_shift_right_away(high, right);
}

/* floor(acc * mult / 2^shift + 1/2).  Requires mult in [0, 2^31 - 1], shift in [1, 62] and a
 * result within int32: |acc * mult| + 2^(shift - 1) < 2^62 + 2^61, so nothing overflows. */
static inline int32_t eq_requantize_single(int32_t acc, int32_t mult, int32_t shift)
{
    const int64_t product = (int64_t)acc * mult;
    return (int32_t)((product + ((int64_t)1 << (shift - 1))) >> shift);
}

/* The same for an int64 accumulator: |acc| < 2^47, mult in [0, 2^15 - 1], shift in [1, 62]. */
static inline int32_t eq_requantize_wide(int64_t acc, int32_t mult, int32_t shift)
{
    const int64_t product = acc * mult;
    return (int32_t)((product + ((int64_t)1 << (shift - 1))) >> shift);
}

/* eq_requantize_single with a mantissa of 56 bits: the low 6 bits of `word` are the shift, in
 * [1, 62], the 25 bits above continue the mantissa below mult.  The sum of two floors is the
 * floor of acc * mantissa / 2^25, as acc * mult is whole. */
static inline int32_t eq_requantize_fine(int32_t acc, int32_t mult, int32_t word)
{
    const int32_t shift = word & 63;
    const int64_t product = (int64_t)acc * mult + (((int64_t)acc * (word >> 6)) >> 25);
    return (int32_t)((product + ((int64_t)1 << (shift - 1))) >> shift);
}

/* eq_requantize64: the form of an int64 accumulator.  All but wide need it within int32. */
static inline int32_t eq_requantize64_double(int64_t acc, int32_t mult, int32_t shift)
{
    return eq_requantize_double((int32_t)acc, mult, shift);
}

static inline int32_t eq_requantize64_single(int64_t acc, int32_t mult, int32_t shift)
{
    return eq_requantize_single((int32_t)acc, mult, shift);
}

static inline int32_t eq_requantize64_wide(int64_t acc, int32_t mult, int32_t shift)
{
    return eq_requantize_wide(acc, mult, shift);
}

static inline int32_t eq_requantize64_fine(int64_t acc, int32_t mult, int32_t word)
{
    return eq_requantize_fine((int32_t)acc, mult, word);
}

#endif
