/* Tiles for NEON with int8 matrix products: six pixels, or four, by sixteen channels or
 * eight.
 *
 * SMMLA: eight bytes of two pixels against those of two channels. Weights are packed
 * (o/16, segment, taps/8, o%16, taps%8), so they are read in order; sums begin with the
 * biases and end with channels side by side. A window is read where it lies, segment by
 * segment, up to 7 bytes behind each, which meet weights of zero; none of these if taps
 * are multiples of 8.
 *
 * In assembly, for 24 sums, 6 pixels and 2 blocks of weights take all 32 registers,
 * where gcc 12 spills: sixteen taps are 48 SMMLA of 71 instructions.
 *
 * Exact: SMMLA adds to int32 what int32 holds by the contract's proof.
 */
#ifndef EDGEQ_TILES_NEON_I8MM_H
#define EDGEQ_TILES_NEON_I8MM_H

#include "edgeq/conv2d_tiles_neon.h"
#include "edgeq/tiles_finish_neon.h"

/* clang-format off */

/* The sums of pixels 2 k and 2 k + 1 by channels 2 j and 2 j + 1, j = 0 to 7, are, from
 * v8 + 8 * k on, the registers 1, 4, 2, 5, 3, 6, 0, 7. Where eq_bring loaded 16 taps of
 * all pixels, the first eight of pairs of pixels are in v6, v0 and v2, the others in v1,
 * v3 and v5. */

/* eq_two: eight taps, a, b and c, of all pairs of pixels by two channels. */
#define EQ_SMMLA_TWO_SIX \
    ".macro eq_two p, q, r, w, a, b, c\n" \
    "smmla v\\p\\().4s, v\\a\\().16b, v\\w\\().16b\n" \
    "smmla v\\q\\().4s, v\\b\\().16b, v\\w\\().16b\n" \
    "smmla v\\r\\().4s, v\\c\\().16b, v\\w\\().16b\n" \
    ".endm\n"
#define EQ_SMMLA_TWO_FOUR \
    ".macro eq_two p, q, r, w, a, b, c\n" \
    "smmla v\\p\\().4s, v\\a\\().16b, v\\w\\().16b\n" \
    "smmla v\\q\\().4s, v\\b\\().16b, v\\w\\().16b\n" \
    ".endm\n"

/* eq_taps: eight taps, a, b and c, by all channels of a block, or by the first eight. */
#define EQ_SMMLA_SIXTEEN \
    ".macro eq_taps a, b, c\n" \
    "ldp q4, q7, [%[w]], #32\n" \
    "eq_two 9, 17, 25, 4, \\a, \\b, \\c\n" \
    "eq_two 12, 20, 28, 7, \\a, \\b, \\c\n" \
    "ldp q4, q7, [%[w]], #32\n" \
    "eq_two 10, 18, 26, 4, \\a, \\b, \\c\n" \
    "eq_two 13, 21, 29, 7, \\a, \\b, \\c\n" \
    "ldp q4, q7, [%[w]], #32\n" \
    "eq_two 11, 19, 27, 4, \\a, \\b, \\c\n" \
    "eq_two 14, 22, 30, 7, \\a, \\b, \\c\n" \
    "ldp q4, q7, [%[w]], #32\n" \
    "eq_two 8, 16, 24, 4, \\a, \\b, \\c\n" \
    "eq_two 15, 23, 31, 7, \\a, \\b, \\c\n" \
    ".endm\n"
#define EQ_SMMLA_EIGHT \
    ".macro eq_taps a, b, c\n" \
    "ldp q4, q7, [%[w]], #32\n" \
    "eq_two 9, 17, 25, 4, \\a, \\b, \\c\n" \
    "eq_two 12, 20, 28, 7, \\a, \\b, \\c\n" \
    "ldp q4, q7, [%[w]], #96\n" \
    "eq_two 10, 18, 26, 4, \\a, \\b, \\c\n" \
    "eq_two 13, 21, 29, 7, \\a, \\b, \\c\n" \
    ".endm\n"

/* Sums begin with the biases, those of two channels in each half of p, q and r. */
#define EQ_SMMLA_BIAS_SIX \
    ".macro eq_bias p, q, r\n" \
    "ld1r {v\\p\\().2d}, [%[bias]], #8\n" \
    "mov v\\q\\().16b, v\\p\\().16b\n" \
    "mov v\\r\\().16b, v\\p\\().16b\n" \
    ".endm\n"
#define EQ_SMMLA_BIAS_FOUR \
    ".macro eq_bias p, q, r\n" \
    "ld1r {v\\p\\().2d}, [%[bias]], #8\n" \
    "mov v\\q\\().16b, v\\p\\().16b\n" \
    ".endm\n"
#define EQ_SMMLA_BEGIN_SIXTEEN \
    "eq_bias 9, 17, 25\n" \
    "eq_bias 12, 20, 28\n" \
    "eq_bias 10, 18, 26\n" \
    "eq_bias 13, 21, 29\n" \
    "eq_bias 11, 19, 27\n" \
    "eq_bias 14, 22, 30\n" \
    "eq_bias 8, 16, 24\n" \
    "eq_bias 15, 23, 31\n"
#define EQ_SMMLA_BEGIN_EIGHT \
    "eq_bias 9, 17, 25\n" \
    "eq_bias 12, 20, 28\n" \
    "eq_bias 10, 18, 26\n" \
    "eq_bias 13, 21, 29\n"

/* eq_load: taps of each pixel, 16 or 8 as s is q or d, and halves of them by pairs. */
#define EQ_SMMLA_LOAD(LAST) \
    ".macro eq_load s, n\n" \
    "ldr \\s\\()0, [x9, x15]\n" \
    "ldr \\s\\()1, [x10, x15]\n" \
    "zip1 v6.2d, v0.2d, v1.2d\n" \
    ".if \\n > 8\n" \
    "zip2 v1.2d, v0.2d, v1.2d\n" \
    ".endif\n" \
    "ldr \\s\\()2, [x11, x15]\n" \
    "ldr \\s\\()3, [x12, x15]\n" \
    "zip1 v0.2d, v2.2d, v3.2d\n" \
    ".if \\n > 8\n" \
    "zip2 v3.2d, v2.2d, v3.2d\n" \
    ".endif\n" LAST \
    "add x15, x15, #\\n\n" \
    ".endm\n"
#define EQ_SMMLA_LOAD_FOUR EQ_SMMLA_LOAD("")
#define EQ_SMMLA_LOAD_SIX \
    EQ_SMMLA_LOAD("ldr \\s\\()4, [x13, x15]\n" \
                  "ldr \\s\\()5, [x14, x15]\n" \
                  "zip1 v2.2d, v4.2d, v5.2d\n" \
                  ".if \\n > 8\n" \
                  "zip2 v5.2d, v4.2d, v5.2d\n" \
                  ".endif\n")

/* The walk over a window: 16 taps at a time, then 8. */
#define EQ_SMMLA_WALK \
    "1: lsr w17, w7, #4\n" \
    "cbz w17, 3f\n" \
    "2: eq_load q, 16\n" \
    "eq_taps 6, 0, 2\n" \
    "eq_taps 1, 3, 5\n" \
    "subs w17, w17, #1\n" \
    "b.ne 2b\n" \
    "3: tbz w7, #3, 6f\n" \
    "eq_load d, 8\n" \
    "eq_taps 6, 0, 2\n" \
    "6: add x15, x15, x8\n" \
    "subs w16, w16, #1\n" \
    "b.ne 1b\n"

/* Channels of a pixel side by side: eq_rows for the pair of pixels whose registers are
 * base to base + 7. */
#define EQ_SMMLA_ROWS_SIXTEEN \
    ".macro eq_rows j0, j1, j2, j3, j4, j5, j6, j7\n" \
    "zip1 v0.2d, v\\j0\\().2d, v\\j1\\().2d\n" \
    "zip2 v\\j1\\().2d, v\\j0\\().2d, v\\j1\\().2d\n" \
    "zip1 v\\j0\\().2d, v\\j2\\().2d, v\\j3\\().2d\n" \
    "zip2 v\\j3\\().2d, v\\j2\\().2d, v\\j3\\().2d\n" \
    "zip1 v\\j2\\().2d, v\\j4\\().2d, v\\j5\\().2d\n" \
    "zip2 v\\j5\\().2d, v\\j4\\().2d, v\\j5\\().2d\n" \
    "zip1 v\\j4\\().2d, v\\j6\\().2d, v\\j7\\().2d\n" \
    "zip2 v\\j7\\().2d, v\\j6\\().2d, v\\j7\\().2d\n" \
    "mov v\\j6\\().16b, v0.16b\n" \
    ".endm\n"
#define EQ_SMMLA_ROWS_EIGHT \
    ".macro eq_rows j0, j1, j2, j3, j6\n" \
    "zip1 v0.2d, v\\j0\\().2d, v\\j1\\().2d\n" \
    "zip2 v\\j1\\().2d, v\\j0\\().2d, v\\j1\\().2d\n" \
    "zip1 v\\j0\\().2d, v\\j2\\().2d, v\\j3\\().2d\n" \
    "zip2 v\\j3\\().2d, v\\j2\\().2d, v\\j3\\().2d\n" \
    "mov v\\j6\\().16b, v0.16b\n" \
    ".endm\n"
#define EQ_SMMLA_ROWS_SIX_SIXTEEN \
    EQ_SMMLA_ROWS_SIXTEEN \
    "eq_rows 9, 12, 10, 13, 11, 14, 8, 15\n" \
    "eq_rows 17, 20, 18, 21, 19, 22, 16, 23\n" \
    "eq_rows 25, 28, 26, 29, 27, 30, 24, 31\n" \
    ".purgem eq_rows\n"
#define EQ_SMMLA_ROWS_SIX_EIGHT \
    EQ_SMMLA_ROWS_EIGHT \
    "eq_rows 9, 12, 10, 13, 8\n" \
    "eq_rows 17, 20, 18, 21, 16\n" \
    "eq_rows 25, 28, 26, 29, 24\n" \
    ".purgem eq_rows\n"
#define EQ_SMMLA_ROWS_FOUR_SIXTEEN \
    EQ_SMMLA_ROWS_SIXTEEN \
    "eq_rows 9, 12, 10, 13, 11, 14, 8, 15\n" \
    "eq_rows 17, 20, 18, 21, 19, 22, 16, 23\n" \
    ".purgem eq_rows\n"
#define EQ_SMMLA_ROWS_FOUR_EIGHT \
    EQ_SMMLA_ROWS_EIGHT \
    "eq_rows 9, 12, 10, 13, 8\n" \
    "eq_rows 17, 20, 18, 21, 16\n" \
    ".purgem eq_rows\n"

#define EQ_SMMLA_TILE(FORM, PIXELS, CHANNELS) \
    EQ_TILE(FORM(CHANNELS), \
            EQ_SMMLA_TWO_##PIXELS EQ_SMMLA_BIAS_##PIXELS EQ_SMMLA_LOAD_##PIXELS \
            EQ_SMMLA_##CHANNELS, \
            EQ_SMMLA_BEGIN_##CHANNELS, \
            EQ_SMMLA_WALK EQ_SMMLA_ROWS_##PIXELS##_##CHANNELS, \
            EQ_FINISH_##PIXELS##_##CHANNELS) ".purgem eq_bias"

/* clang-format on */

/* An eq_tile_neon_fn. */
static inline __attribute__((always_inline)) void
eq_tile_i8mm(const eq_tile_neon *at, const int8_t *w, const int32_t *bias,
             const int32_t *mult, const int32_t *shift, int32_t blocks, int32_t n, int half,
             int form)
{
    EQ_TILE_BODY(EQ_SMMLA_TILE)
}

#endif
