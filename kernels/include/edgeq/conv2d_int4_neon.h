/* The inner part of convolutions with int4 weights for NEON: the dot products of four pixels by
 * four channels.
 *
 * A window is `taps` contiguous bytes, a multiple of 16.  Weights are packed
 * (o/4, taps/32, o%4, taps%16, taps/16%2): a byte holds taps k and k + 16.  16 taps behind the
 * last 32 are taken first, from the low nibbles.
 *
 * Products are added in sixteen vectors of int16 lanes, and those to four of int32 after at most
 * seven times 32 taps.  32 taps of the sixteen take 64 multiplications and 20 more: 4 LDP of x, 2
 * of w, 12 to make bytes of nibbles, 2 of the loop.  In assembly for LDP that moves on, as gcc 12
 * has it not: 84 instructions instead of 93.
 *
 * Exact: a product is within 8 * 128 = 2^10, and 30 times that, two of 16 taps and four of each
 * 32, is below 2^15; int32 holds every partial sum by the contract's proof.
 */
#ifndef EDGEQ_CONV2D_INT4_NEON_H
#define EDGEQ_CONV2D_INT4_NEON_H

#include "edgeq/conv2d_tile_neon.h"

/* The dot products of windows a to d with the four channels at *weights, which moves on behind
 * these. */
static inline __attribute__((always_inline)) eq_tile4_neon
eq_conv2d_int4_neon(const int8_t *a, const int8_t *b, const int8_t *c, const int8_t *d,
                    const int8_t **weights, int32_t taps)
{
    register int32x4_t sa __asm__("v28");
    register int32x4_t sb __asm__("v29");
    register int32x4_t sc __asm__("v30");
    register int32x4_t sd __asm__("v31");
    const int8_t *w = *weights;
    const int32_t parts = taps / 32;
    const int64_t whole = (int64_t)parts * 32;
    const int8_t *const end = w + whole * 2;
    int32_t left = parts, count;
    // clang-format off
    /* eq_x is the product of 16 bytes x and w in s, or added to it; eq_four that of a pixel each,
     * eq_both of low and high nibbles of w. */
    __asm__(
        ".macro eq_x op, s, x, w\n"
        "\\op v\\s\\().8h, v\\x\\().8b, v\\w\\().8b\n"
        "smlal2 v\\s\\().8h, v\\x\\().16b, v\\w\\().16b\n"
        ".endm\n"
        ".macro eq_four op, s, t, u, v, x, y, z, r, w\n"
        "eq_x \\op, \\s, \\x, \\w\n"
        "eq_x \\op, \\t, \\y, \\w\n"
        "eq_x \\op, \\u, \\z, \\w\n"
        "eq_x \\op, \\v, \\r, \\w\n"
        ".endm\n"
        ".macro eq_low op, s, t, u, v, w\n"
        "shl v26.16b, v\\w\\().16b, 4\n"
        "sshr v26.16b, v26.16b, 4\n"
        "eq_four \\op, \\s, \\t, \\u, \\v, 16, 17, 18, 19, 26\n"
        ".endm\n"
        ".macro eq_both op, s, t, u, v, w\n"
        "eq_low \\op, \\s, \\t, \\u, \\v, \\w\n"
        "sshr v26.16b, v\\w\\().16b, 4\n"
        "eq_four smlal, \\s, \\t, \\u, \\v, 20, 21, 22, 23, 26\n"
        ".endm\n"
        ".macro eq_part op\n"
        "ldp q16, q20, [%[a]], 32\n"
        "ldp q17, q21, [%[b]], 32\n"
        "ldp q18, q22, [%[c]], 32\n"
        "ldp q19, q23, [%[d]], 32\n"
        "ldp q24, q25, [%[w]], 32\n"
        "eq_both \\op, 0, 1, 2, 3, 24\n"
        "eq_both \\op, 4, 5, 6, 7, 25\n"
        "ldp q24, q25, [%[w]], 32\n"
        "eq_both \\op, 8, 9, 10, 11, 24\n"
        "eq_both \\op, 12, 13, 14, 15, 25\n"
        ".endm\n"
        ".macro eq_sum to, s, t, u, v\n"
        "saddlp v\\s\\().4s, v\\s\\().8h\n"
        "saddlp v\\t\\().4s, v\\t\\().8h\n"
        "saddlp v\\u\\().4s, v\\u\\().8h\n"
        "saddlp v\\v\\().4s, v\\v\\().8h\n"
        "addp v\\s\\().4s, v\\s\\().4s, v\\t\\().4s\n"
        "addp v\\u\\().4s, v\\u\\().4s, v\\v\\().4s\n"
        "addp v\\s\\().4s, v\\s\\().4s, v\\u\\().4s\n"
        "add v\\to\\().4s, v\\to\\().4s, v\\s\\().4s\n"
        ".endm\n"
        "movi v28.4s, 0\n"
        "movi v29.4s, 0\n"
        "movi v30.4s, 0\n"
        "movi v31.4s, 0\n"
        "tbz %w[taps], 4, 1f\n"
        "ldr q16, [%[a], %[whole]]\n"
        "ldr q17, [%[b], %[whole]]\n"
        "ldr q18, [%[c], %[whole]]\n"
        "ldr q19, [%[d], %[whole]]\n"
        "ldp q24, q25, [%[end]]\n"
        "eq_low smull, 0, 1, 2, 3, 24\n"
        "eq_low smull, 4, 5, 6, 7, 25\n"
        "ldp q24, q25, [%[end], 32]\n"
        "eq_low smull, 8, 9, 10, 11, 24\n"
        "eq_low smull, 12, 13, 14, 15, 25\n"
        "cbz %w[left], 4f\n"
        "mov %w[count], 7\n"
        "b 2f\n"
        "1:\n"
        "eq_part smull\n"
        "mov %w[count], 6\n"
        "subs %w[left], %w[left], 1\n"
        "b.eq 4f\n"
        "2:\n"
        "cmp %w[left], %w[count]\n"
        "csel %w[count], %w[count], %w[left], gt\n"
        "sub %w[left], %w[left], %w[count]\n"
        "3:\n"
        "eq_part smlal\n"
        "subs %w[count], %w[count], 1\n"
        "b.ne 3b\n"
        "4:\n"
        "eq_sum 28, 0, 4, 8, 12\n"
        "eq_sum 29, 1, 5, 9, 13\n"
        "eq_sum 30, 2, 6, 10, 14\n"
        "eq_sum 31, 3, 7, 11, 15\n"
        "cbnz %w[left], 1b\n"
        ".irp m, x, four, low, both, part, sum\n"
        ".purgem eq_\\m\n"
        ".endr\n"
        : "=w"(sa), "=w"(sb), "=w"(sc), "=w"(sd), [a] "+r"(a), [b] "+r"(b), [c] "+r"(c),
          [d] "+r"(d), [w] "+r"(w), [left] "+r"(left), [count] "=&r"(count)
        : [taps] "r"(taps), [whole] "r"(whole), [end] "r"(end)
        : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12",
          "v13", "v14", "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24",
          "v25", "v26", "cc", "memory");
    // clang-format on
    *weights = w + (taps % 32 != 0 ? 64 : 0);
    const eq_tile4_neon sums = {sa, sb, sc, sd};
    return sums;
}

#endif
