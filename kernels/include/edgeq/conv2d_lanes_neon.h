/* Convolutions of few taps for NEON: two pixels by 32 channels, or four by sixteen or eight, the
 * channels in lanes.
 *
 * A window is `taps` contiguous bytes, a multiple of 4.  Weights are packed
 * (o/8, khkwi/4, khkwi%4/2, o%8, khkwi%2).  LD1R puts two bytes of x into all pairs of lanes; SMULL
 * and SMLAL make two products in each int16 lane, and SADALP adds pairs of lanes, which belong to
 * one channel, to sums that begin with the biases.  So nothing is left to be added across lanes,
 * and sixteen channels of a pixel are rescaled and stored together: of few taps that is most of
 * the work.
 *
 * In assembly, for gcc 12 does not move pointers on with LD1R: 57 instructions for four taps of
 * 32 channels by two pixels instead of 61, 59 of sixteen by four instead of 67.
 *
 * Exact: weights are at least -127, so a lane is within 2 * 128 * 127 < 2^15.  Partial sums in
 * any order fit int32 by the contract's proof.
 */
#ifndef EDGEQ_CONV2D_LANES_NEON_H
#define EDGEQ_CONV2D_LANES_NEON_H

#include "edgeq/conv2d_neon.h"
#include "edgeq/conv2d_sums_neon.h"

// clang-format off
/* x9 to x12 are pixels, x13, x14, x11 and x12 weights of eight channels each.  eq_two adds two
 * products a lane of one pixel, x u and v, to the sums s and t of eight channels, weights p, q. */
#define EQ_LANES_MACROS                                                                    \
    ".macro eq_dup x, u, v\n"                                                              \
    "ld1r {v\\u\\().8h}, [\\x], 2\n"                                                       \
    "ld1r {v\\v\\().8h}, [\\x], 2\n"                                                       \
    ".endm\n"                                                                              \
    ".macro eq_dups\n"                                                                     \
    "eq_dup x9, 16, 17\n"                                                                  \
    "eq_dup x10, 18, 19\n"                                                                 \
    "eq_dup x11, 20, 21\n"                                                                 \
    "eq_dup x12, 22, 23\n"                                                                 \
    ".endm\n"                                                                              \
    ".macro eq_two s, t, u, v, p, q, m, n\n"                                               \
    "smull v\\m\\().8h, v\\u\\().8b, v\\p\\().8b\n"                                        \
    "smull2 v\\n\\().8h, v\\u\\().16b, v\\p\\().16b\n"                                     \
    "smlal v\\m\\().8h, v\\v\\().8b, v\\q\\().8b\n"                                        \
    "smlal2 v\\n\\().8h, v\\v\\().16b, v\\q\\().16b\n"                                     \
    "sadalp v\\s\\().4s, v\\m\\().8h\n"                                                    \
    "sadalp v\\t\\().4s, v\\n\\().8h\n"                                                    \
    ".endm\n"                                                                              \
    "mov x9, %[x]\n"                                                                       \
    "add x10, %[x], %[step]\n"                                                             \
    "mov x13, %[w]\n"                                                                      \
    "mov w15, %w[taps]\n"
/* Four taps first where their number is odd, then eight by eight. */
#define EQ_LANES_LOOP                                                                      \
    "tbz w15, 2, 1f\n"                                                                     \
    "eq_step\n"                                                                            \
    "sub w15, w15, 4\n"                                                                    \
    "cbz w15, 2f\n"                                                                        \
    "1:\n"                                                                                 \
    "eq_step\n"                                                                            \
    "eq_step\n"                                                                            \
    "subs w15, w15, 8\n"                                                                   \
    "b.ne 1b\n"                                                                            \
    "2:\n"                                                                                 \
    ".irp m, dup, dups, two, step\n"                                                       \
    ".purgem eq_\\m\n"                                                                     \
    ".endr\n"

/* The sums of four windows, `step` apart, with the sixteen channels at w, eight of which take
 * 8 * taps bytes. */
EQ_INLINE_NEON eq_tile16_neon eq_lanes16_neon(const int8_t *x, int64_t step, const int8_t *w,
                                              const int32_t *bias, int32_t taps)
{
    register int32x4_t s0 __asm__("v0"), s1 __asm__("v1"), s2 __asm__("v2"), s3 __asm__("v3");
    register int32x4_t s4 __asm__("v4"), s5 __asm__("v5"), s6 __asm__("v6"), s7 __asm__("v7");
    register int32x4_t s8 __asm__("v8"), s9 __asm__("v9"), sa __asm__("v10"), sb __asm__("v11");
    register int32x4_t sc __asm__("v12"), sd __asm__("v13"), se __asm__("v14"),
        sf __asm__("v15");
    __asm__(EQ_LANES_MACROS
            ".macro eq_step\n"
            "eq_dups\n"
            "ldp q24, q25, [x13], 32\n"
            "ldp q26, q27, [x14], 32\n"
            "eq_two 0, 1, 16, 17, 24, 25, 28, 29\n"
            "eq_two 2, 3, 16, 17, 26, 27, 30, 31\n"
            "eq_two 4, 5, 18, 19, 24, 25, 28, 29\n"
            "eq_two 6, 7, 18, 19, 26, 27, 30, 31\n"
            "eq_two 8, 9, 20, 21, 24, 25, 28, 29\n"
            "eq_two 10, 11, 20, 21, 26, 27, 30, 31\n"
            "eq_two 12, 13, 22, 23, 24, 25, 28, 29\n"
            "eq_two 14, 15, 22, 23, 26, 27, 30, 31\n"
            ".endm\n"
            "add x11, x10, %[step]\n"
            "add x12, x11, %[step]\n"
            "add x14, %[w], %w[taps], sxtw 3\n"
            "ldp q0, q1, [%[bias]]\n"
            "ldp q2, q3, [%[bias], 32]\n"
            "ldp q4, q5, [%[bias]]\n"
            "ldp q6, q7, [%[bias], 32]\n"
            "ldp q8, q9, [%[bias]]\n"
            "ldp q10, q11, [%[bias], 32]\n"
            "ldp q12, q13, [%[bias]]\n"
            "ldp q14, q15, [%[bias], 32]\n"
            EQ_LANES_LOOP
            : "=w"(s0), "=w"(s1), "=w"(s2), "=w"(s3), "=w"(s4), "=w"(s5), "=w"(s6), "=w"(s7),
              "=w"(s8), "=w"(s9), "=w"(sa), "=w"(sb), "=w"(sc), "=w"(sd), "=w"(se), "=w"(sf)
            : [x] "r"(x), [step] "r"(step), [w] "r"(w), [bias] "r"(bias), [taps] "r"(taps)
            : "x9", "x10", "x11", "x12", "x13", "x14", "x15", "v16", "v17", "v18", "v19",
              "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30",
              "v31", "cc", "memory");
    const eq_tile16_neon sums = {
        {s0, s1, s2, s3}, {s4, s5, s6, s7}, {s8, s9, sa, sb}, {sc, sd, se, sf}};
    return sums;
}

/* The sums of two windows with the 32 channels at w: of each window sixteen, then sixteen. */
EQ_INLINE_NEON eq_tile16_neon eq_lanes32_neon(const int8_t *x, int64_t step, const int8_t *w,
                                              const int32_t *bias, int32_t taps)
{
    register int32x4_t s0 __asm__("v0"), s1 __asm__("v1"), s2 __asm__("v2"), s3 __asm__("v3");
    register int32x4_t s4 __asm__("v4"), s5 __asm__("v5"), s6 __asm__("v6"), s7 __asm__("v7");
    register int32x4_t s8 __asm__("v8"), s9 __asm__("v9"), sa __asm__("v10"), sb __asm__("v11");
    register int32x4_t sc __asm__("v12"), sd __asm__("v13"), se __asm__("v14"),
        sf __asm__("v15");
    __asm__(EQ_LANES_MACROS
            ".macro eq_step\n"
            "eq_dup x9, 16, 17\n"
            "eq_dup x10, 18, 19\n"
            "ldp q20, q21, [x13], 32\n"
            "ldp q22, q23, [x14], 32\n"
            "eq_two 0, 1, 16, 17, 20, 21, 24, 25\n"
            "eq_two 8, 9, 18, 19, 20, 21, 26, 27\n"
            "eq_two 2, 3, 16, 17, 22, 23, 28, 29\n"
            "eq_two 10, 11, 18, 19, 22, 23, 30, 31\n"
            "ldp q20, q21, [x11], 32\n"
            "ldp q22, q23, [x12], 32\n"
            "eq_two 4, 5, 16, 17, 20, 21, 24, 25\n"
            "eq_two 12, 13, 18, 19, 20, 21, 26, 27\n"
            "eq_two 6, 7, 16, 17, 22, 23, 28, 29\n"
            "eq_two 14, 15, 18, 19, 22, 23, 30, 31\n"
            ".endm\n"
            "add x14, %[w], %w[taps], sxtw 3\n"
            "add x11, x14, %w[taps], sxtw 3\n"
            "add x12, x11, %w[taps], sxtw 3\n"
            "ldp q0, q1, [%[bias]]\n"
            "ldp q2, q3, [%[bias], 32]\n"
            "ldp q4, q5, [%[bias], 64]\n"
            "ldp q6, q7, [%[bias], 96]\n"
            "ldp q8, q9, [%[bias]]\n"
            "ldp q10, q11, [%[bias], 32]\n"
            "ldp q12, q13, [%[bias], 64]\n"
            "ldp q14, q15, [%[bias], 96]\n"
            EQ_LANES_LOOP
            : "=w"(s0), "=w"(s1), "=w"(s2), "=w"(s3), "=w"(s4), "=w"(s5), "=w"(s6), "=w"(s7),
              "=w"(s8), "=w"(s9), "=w"(sa), "=w"(sb), "=w"(sc), "=w"(sd), "=w"(se), "=w"(sf)
            : [x] "r"(x), [step] "r"(step), [w] "r"(w), [bias] "r"(bias), [taps] "r"(taps)
            : "x9", "x10", "x11", "x12", "x13", "x14", "x15", "v16", "v17", "v18", "v19",
              "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30",
              "v31", "cc", "memory");
    const eq_tile16_neon sums = {
        {s0, s1, s2, s3}, {s4, s5, s6, s7}, {s8, s9, sa, sb}, {sc, sd, se, sf}};
    return sums;
}

/* The same with eight channels. */
EQ_INLINE_NEON eq_tile8_neon eq_lanes8_neon(const int8_t *x, int64_t step, const int8_t *w,
                                            const int32_t *bias, int32_t taps)
{
    register int32x4_t s0 __asm__("v0"), s1 __asm__("v1"), s2 __asm__("v2"), s3 __asm__("v3");
    register int32x4_t s4 __asm__("v4"), s5 __asm__("v5"), s6 __asm__("v6"), s7 __asm__("v7");
    __asm__(EQ_LANES_MACROS
            ".macro eq_step\n"
            "eq_dups\n"
            "ldp q24, q25, [x13], 32\n"
            "eq_two 0, 1, 16, 17, 24, 25, 28, 29\n"
            "eq_two 2, 3, 18, 19, 24, 25, 30, 31\n"
            "eq_two 4, 5, 20, 21, 24, 25, 28, 29\n"
            "eq_two 6, 7, 22, 23, 24, 25, 30, 31\n"
            ".endm\n"
            "add x11, x10, %[step]\n"
            "add x12, x11, %[step]\n"
            "ldp q0, q1, [%[bias]]\n"
            "ldp q2, q3, [%[bias]]\n"
            "ldp q4, q5, [%[bias]]\n"
            "ldp q6, q7, [%[bias]]\n"
            EQ_LANES_LOOP
            : "=w"(s0), "=w"(s1), "=w"(s2), "=w"(s3), "=w"(s4), "=w"(s5), "=w"(s6), "=w"(s7)
            : [x] "r"(x), [step] "r"(step), [w] "r"(w), [bias] "r"(bias), [taps] "r"(taps)
            : "x9", "x10", "x11", "x12", "x13", "x15", "v16", "v17", "v18", "v19", "v20",
              "v21", "v22", "v23", "v24", "v25", "v28", "v29", "v30", "v31", "cc", "memory");
    const eq_tile8_neon sums = {{s0, s1}, {s2, s3}, {s4, s5}, {s6, s7}};
    return sums;
}
// clang-format on

#endif
