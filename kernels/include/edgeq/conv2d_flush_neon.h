/* The inner part of convolutions for NEON: the dot products of four pixels by four channels.
 *
 * A window is `taps` contiguous bytes, a multiple of 8.  Weights are in the order of `@flushes`
 * (edgeq/plan/flushes.py): codes in front of four channels say how many products meet in an int16
 * lane (SMULL, SMLAL2) before SADALP adds pairs of lanes to int32, of sixteen sums held in
 * registers.  64 taps of the sixteen take 128 multiplications, 64, 48 or 32 SADALP, and 24 more.
 *
 * In assembly, for gcc 12 neither loads x and w with LDP that moves the pointer on nor jumps from
 * part to part without one more: 212, 198 and 178 instructions for 64 taps, not 224 of pairs.
 * v28 to v31 and v16 to v27 hold weights, products and x.
 *
 * Exact: the codes are proofs, made from the weights: the magnitudes of those that meet in a lane
 * have a sum of at most 255, and 128 * 255 < 2^15.  Partial sums in any order fit int32 by the
 * contract's proof.
 */
#ifndef EDGEQ_CONV2D_FLUSH_NEON_H
#define EDGEQ_CONV2D_FLUSH_NEON_H

#include "edgeq/conv2d_tile_neon.h"

/* Bytes of codes in front of four channels: one, one for each 64 taps, and a zero. */
static inline int32_t eq_codes_neon(int32_t taps)
{
    return (taps / 64 + 2 + 15) / 16 * 16;
}

/* The dot products of windows a to d with the four channels at *weights, which moves on behind
 * these. */
static inline __attribute__((always_inline)) eq_tile4_neon
eq_conv2d_tile_neon(const int8_t *a, const int8_t *b, const int8_t *c, const int8_t *d,
                    const int8_t **weights, int32_t taps)
{
    register int32x4_t sa __asm__("v0");
    register int32x4_t sb __asm__("v1");
    register int32x4_t sc __asm__("v2");
    register int32x4_t sd __asm__("v3");
    const int8_t *codes = *weights, *w = codes + eq_codes_neon(taps);
    uint32_t code;
    // clang-format off
    /* eq_two and eq_more take two and three or four products of one pixel to a lane; k2, k4 and
     * 64k3 parts of weights with two, four and three; `add` is saddlp, which begins a sum, or
     * sadalp. */
    __asm__(
        ".macro eq_two add, s, x, w, t\n"
        "smull v\\t\\().8h, v\\x\\().8b, v\\w\\().8b\n"
        "smlal2 v\\t\\().8h, v\\x\\().16b, v\\w\\().16b\n"
        "\\add v\\s\\().4s, v\\t\\().8h\n"
        ".endm\n"
        ".macro eq_twos add, a, b, c, d, w, x=16, y=17, z=18, u=19\n"
        "eq_two \\add, \\a, \\x, \\w, 30\n"
        "eq_two \\add, \\b, \\y, \\w, 31\n"
        "eq_two \\add, \\c, \\z, \\w, 30\n"
        "eq_two \\add, \\d, \\u, \\w, 31\n"
        ".endm\n"
        ".macro eq_more k, add, s, x, y, t\n"
        ".ifc \\k, last\n"
        "smull2 v\\t\\().8h, v\\x\\().16b, v28.16b\n"
        ".else\n"
        "smull v\\t\\().8h, v\\x\\().8b, v28.8b\n"
        "smlal2 v\\t\\().8h, v\\x\\().16b, v28.16b\n"
        ".endif\n"
        "smlal v\\t\\().8h, v\\y\\().8b, v29.8b\n"
        ".ifnc \\k, first\n"
        "smlal2 v\\t\\().8h, v\\y\\().16b, v29.16b\n"
        ".endif\n"
        "\\add v\\s\\().4s, v\\t\\().8h\n"
        ".endm\n"
        ".macro eq_mores k, add, a, b, c, d, x, y, z, u, e, f, g, h\n"
        "eq_more \\k, \\add, \\a, \\x, \\e, 30\n"
        "eq_more \\k, \\add, \\b, \\y, \\f, 31\n"
        "eq_more \\k, \\add, \\c, \\z, \\g, 30\n"
        "eq_more \\k, \\add, \\d, \\u, \\h, 31\n"
        ".endm\n"
        ".macro eq_k2 add, a, b, c, d\n"
        "ldp q28, q29, [%[w]], 32\n"
        "eq_twos \\add, \\a, \\b, \\c, \\d, 28\n"
        "eq_twos sadalp, \\a, \\b, \\c, \\d, 29, 20, 21, 22, 23\n"
        ".endm\n"
        ".macro eq_k4 add, a, b, c, d\n"
        "ldp q28, q29, [%[w]], 32\n"
        "eq_mores all, \\add, \\a, \\b, \\c, \\d, 16, 17, 18, 19, 20, 21, 22, 23\n"
        ".endm\n"
        ".macro eq_first at, add, a, b, c, d\n"
        "ldp q28, q29, [%[w], \\at]\n"
        "eq_mores first, \\add, \\a, \\b, \\c, \\d, 16, 17, 18, 19, 20, 21, 22, 23\n"
        ".endm\n"
        ".macro eq_last at, a, b, c, d\n"
        "ldp q28, q29, [%[w], \\at]\n"
        "eq_mores last, sadalp, \\a, \\b, \\c, \\d, 20, 21, 22, 23, 16, 17, 18, 19\n"
        ".endm\n"
        ".macro eq_next e, f, g, h\n"
        "ldp q16, q\\e, [%[a]], 32\n"
        "ldp q17, q\\f, [%[b]], 32\n"
        "ldp q18, q\\g, [%[c]], 32\n"
        "ldp q19, q\\h, [%[d]], 32\n"
        ".endm\n"
        "\n"
        ".macro eq_all k, add\n"
        "eq_\\k \\add, 0, 1, 2, 3\n"
        "eq_\\k \\add, 4, 5, 6, 7\n"
        "eq_\\k \\add, 8, 9, 10, 11\n"
        "eq_\\k \\add, 12, 13, 14, 15\n"
        ".endm\n"
        ".macro eq_32 k, add\n"
        "eq_next 20, 21, 22, 23\n"
        "eq_all \\k, \\add\n"
        ".endm\n"
        ".macro eq_64 k, add\n"
        "eq_32 \\k, \\add\n"
        "eq_32 \\k, sadalp\n"
        ".endm\n"
        ".macro eq_64k3 add\n"
        "eq_next 20, 21, 22, 23\n"
        "eq_first 0, \\add, 0, 1, 2, 3\n"
        "eq_first 48, \\add, 4, 5, 6, 7\n"
        "eq_first 96, \\add, 8, 9, 10, 11\n"
        "eq_first 144, \\add, 12, 13, 14, 15\n"
        "eq_next 24, 25, 26, 27\n"
        "eq_last 16, 0, 1, 2, 3\n"
        "eq_last 64, 4, 5, 6, 7\n"
        "eq_last 112, 8, 9, 10, 11\n"
        "eq_last 160, 12, 13, 14, 15\n"
        "ldp q28, q29, [%[w], 192]\n"
        "eq_twos sadalp, 0, 1, 2, 3, 28, 24, 25, 26, 27\n"
        "eq_twos sadalp, 4, 5, 6, 7, 29, 24, 25, 26, 27\n"
        "ldp q28, q29, [%[w], 224]\n"
        "eq_twos sadalp, 8, 9, 10, 11, 28, 24, 25, 26, 27\n"
        "eq_twos sadalp, 12, 13, 14, 15, 29, 24, 25, 26, 27\n"
        "add %[w], %[w], 256\n"
        ".endm\n"
        ".macro eq_x r, n\n"
        "ldr \\r\\()16, [%[a]], \\n\n"
        "ldr \\r\\()17, [%[b]], \\n\n"
        "ldr \\r\\()18, [%[c]], \\n\n"
        "ldr \\r\\()19, [%[d]], \\n\n"
        ".endm\n"
        ".macro eq_16 add\n"
        "eq_x q, 16\n"
        "ldp q28, q29, [%[w]], 32\n"
        "eq_twos \\add, 0, 1, 2, 3, 28\n"
        "eq_twos \\add, 4, 5, 6, 7, 29\n"
        "ldp q28, q29, [%[w]], 32\n"
        "eq_twos \\add, 8, 9, 10, 11, 28\n"
        "eq_twos \\add, 12, 13, 14, 15, 29\n"
        ".endm\n"
        ".macro eq_sum a, b\n"
        "addp v\\a\\().4s, v\\a\\().4s, v\\b\\().4s\n"
        ".endm\n"
        ".macro eq_8s s, x, w, t\n"
        "smull v\\t\\().8h, v\\x\\().8b, v\\w\\().8b\n"
        "saddlp v\\s\\().4s, v\\t\\().8h\n"
        ".endm\n"
        ".macro eq_8 w, a, b, c, d\n"
        "eq_8s \\a, 16, \\w, 30\n"
        "eq_8s \\b, 17, \\w, 31\n"
        "eq_8s \\c, 18, \\w, 30\n"
        "eq_8s \\d, 19, \\w, 31\n"
        ".endm\n"
        ".macro eq_code two, three, four\n"
        "ldrb %w[k], [%[f], 1]!\n"
        "tbnz %w[k], 0, \\four\n"
        "tbnz %w[k], 1, \\three\n"
        "cbnz %w[k], \\two\n"
        ".endm\n"
        "tst %w[n], 63\n"
        "b.eq 10f\n"
        "tbz %w[n], 3, 2f\n"
        "eq_x d, 8\n"
        "ldp d28, d29, [%[w]], 16\n"
        "eq_8 28, 0, 1, 2, 3\n"
        "eq_8 29, 4, 5, 6, 7\n"
        "ldp d28, d29, [%[w]], 16\n"
        "eq_8 28, 8, 9, 10, 11\n"
        "eq_8 29, 12, 13, 14, 15\n"
        "tbz %w[n], 4, 1f\n"
        "eq_16 sadalp\n"
        "1:\n"
        "tbz %w[n], 5, 9f\n"
        "ldrb %w[k], [%[f]]\n"
        "tbnz %w[k], 0, 5f\n"
        "eq_32 k2, sadalp\n"
        "b 9f\n"
        "5:\n"
        "eq_32 k4, sadalp\n"
        "b 9f\n"
        "2:\n"
        "tbz %w[n], 4, 3f\n"
        "eq_16 saddlp\n"
        "b 1b\n"
        "3:\n"
        "ldrb %w[k], [%[f]]\n"
        "tbnz %w[k], 0, 4f\n"
        "eq_32 k2, saddlp\n"
        "b 9f\n"
        "4:\n"
        "eq_32 k4, saddlp\n"
        "9:\n"
        "eq_code 22f, 23f, 24f\n"
        "b 30f\n"
        "10:\n"
        "eq_code 12f, 13f, 14f\n"
        "12:\n"
        "eq_64 k2, saddlp\n"
        "eq_code 22f, 23f, 24f\n"
        "b 30f\n"
        "13:\n"
        "eq_64k3 saddlp\n"
        "eq_code 22f, 23f, 24f\n"
        "b 30f\n"
        "14:\n"
        "eq_64 k4, saddlp\n"
        "eq_code 22f, 23f, 24f\n"
        "b 30f\n"
        "22:\n"
        "eq_64 k2, sadalp\n"
        "eq_code 22b, 23f, 24f\n"
        "b 30f\n"
        "23:\n"
        "eq_64k3 sadalp\n"
        "eq_code 22b, 23b, 24f\n"
        "b 30f\n"
        "24:\n"
        "eq_64 k4, sadalp\n"
        "eq_code 22b, 23b, 24b\n"
        "30:\n"
        "eq_sum 0, 4\n"
        "eq_sum 1, 5\n"
        "eq_sum 2, 6\n"
        "eq_sum 3, 7\n"
        "eq_sum 8, 12\n"
        "eq_sum 9, 13\n"
        "eq_sum 10, 14\n"
        "eq_sum 11, 15\n"
        "eq_sum 0, 8\n"
        "eq_sum 1, 9\n"
        "eq_sum 2, 10\n"
        "eq_sum 3, 11\n"
        ".irp m, x, two, twos, more, mores, k2, k4, first, last, next, all, 32, 64, 64k3, "
        "16, 8s, 8, code, sum\n"
        ".purgem eq_\\m\n"
        ".endr\n"
        : "=w"(sa), "=w"(sb), "=w"(sc), "=w"(sd), [a] "+r"(a), [b] "+r"(b), [c] "+r"(c),
          [d] "+r"(d), [w] "+r"(w), [f] "+r"(codes), [k] "=&r"(code)
        : [n] "r"(taps)
        : "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15",
          "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26",
          "v27", "v28", "v29", "v30", "v31", "cc", "memory");
    // clang-format on
    *weights = w;
    const eq_tile4_neon sums = {sa, sb, sc, sd};
    return sums;
}

#endif
