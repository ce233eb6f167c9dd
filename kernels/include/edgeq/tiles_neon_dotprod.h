/* Tiles for NEON with dot products: six pixels, or four, by sixteen channels or eight.
 *
 * SDOT by lane: four bytes of a pixel, against those of four channels. Weights are
 * packed (o/16, segment, taps/4, o%16, taps%4), so they are read in order; sums begin
 * with the biases and end with channels side by side. A window is read where it lies,
 * segment by segment, up to 7 bytes behind each, which meet weights of zero; none of
 * these if taps are multiples of 8.
 *
 * In assembly, for 24 sums, 6 pixels and 2 blocks of weights take all 32 registers,
 * where gcc 12 spills: 32 taps are 192 SDOT of 224 instructions.
 *
 * Exact: SDOT adds to int32 what int32 holds by the contract's proof.
 */
#ifndef EDGEQ_TILES_NEON_DOTPROD_H
#define EDGEQ_TILES_NEON_DOTPROD_H

#include "edgeq/conv2d_tiles_neon.h"
#include "edgeq/tiles_finish_neon.h"

/* clang-format off */

/* eq_two: four taps, in a lane of pixel x, of eight channels. */
#define EQ_SDOT_TWO \
    ".macro eq_two a, b, x, lane\n" \
    "sdot v\\a\\().4s, v6.16b, v\\x\\().4b[\\lane]\n" \
    "sdot v\\b\\().4s, v7.16b, v\\x\\().4b[\\lane]\n" \
    ".endm\n"

/* eq_taps: four taps, in a lane of each pixel, of all channels of a block, or of the
 * first eight. */
#define EQ_SDOT_SIX_SIXTEEN \
    ".macro eq_taps lane\n" \
    "ldp q6, q7, [%[w]], #32\n" \
    "eq_two 8, 9, 0, \\lane\n" \
    "eq_two 12, 13, 1, \\lane\n" \
    "eq_two 16, 17, 2, \\lane\n" \
    "eq_two 20, 21, 3, \\lane\n" \
    "eq_two 24, 25, 4, \\lane\n" \
    "eq_two 28, 29, 5, \\lane\n" \
    "ldp q6, q7, [%[w]], #32\n" \
    "eq_two 10, 11, 0, \\lane\n" \
    "eq_two 14, 15, 1, \\lane\n" \
    "eq_two 18, 19, 2, \\lane\n" \
    "eq_two 22, 23, 3, \\lane\n" \
    "eq_two 26, 27, 4, \\lane\n" \
    "eq_two 30, 31, 5, \\lane\n" \
    ".endm\n"
#define EQ_SDOT_SIX_EIGHT \
    ".macro eq_taps lane\n" \
    "ldp q6, q7, [%[w]], #64\n" \
    "eq_two 8, 9, 0, \\lane\n" \
    "eq_two 12, 13, 1, \\lane\n" \
    "eq_two 16, 17, 2, \\lane\n" \
    "eq_two 20, 21, 3, \\lane\n" \
    "eq_two 24, 25, 4, \\lane\n" \
    "eq_two 28, 29, 5, \\lane\n" \
    ".endm\n"
#define EQ_SDOT_FOUR_SIXTEEN \
    ".macro eq_taps lane\n" \
    "ldp q6, q7, [%[w]], #32\n" \
    "eq_two 8, 9, 0, \\lane\n" \
    "eq_two 12, 13, 1, \\lane\n" \
    "eq_two 16, 17, 2, \\lane\n" \
    "eq_two 20, 21, 3, \\lane\n" \
    "ldp q6, q7, [%[w]], #32\n" \
    "eq_two 10, 11, 0, \\lane\n" \
    "eq_two 14, 15, 1, \\lane\n" \
    "eq_two 18, 19, 2, \\lane\n" \
    "eq_two 22, 23, 3, \\lane\n" \
    ".endm\n"
#define EQ_SDOT_FOUR_EIGHT \
    ".macro eq_taps lane\n" \
    "ldp q6, q7, [%[w]], #64\n" \
    "eq_two 8, 9, 0, \\lane\n" \
    "eq_two 12, 13, 1, \\lane\n" \
    "eq_two 16, 17, 2, \\lane\n" \
    "eq_two 20, 21, 3, \\lane\n" \
    ".endm\n"

/* Sums begin with the biases. */
#define EQ_SDOT_BEGIN_SIX_SIXTEEN \
    "ldp q8, q9, [%[bias]]\n" "ldp q10, q11, [%[bias], #32]\n" \
    "ldp q12, q13, [%[bias]]\n" "ldp q14, q15, [%[bias], #32]\n" \
    "ldp q16, q17, [%[bias]]\n" "ldp q18, q19, [%[bias], #32]\n" \
    "ldp q20, q21, [%[bias]]\n" "ldp q22, q23, [%[bias], #32]\n" \
    "ldp q24, q25, [%[bias]]\n" "ldp q26, q27, [%[bias], #32]\n" \
    "ldp q28, q29, [%[bias]], #32\n" "ldp q30, q31, [%[bias]], #32\n"
#define EQ_SDOT_BEGIN_SIX_EIGHT \
    "ldp q8, q9, [%[bias]]\n" \
    "ldp q12, q13, [%[bias]]\n" \
    "ldp q16, q17, [%[bias]]\n" \
    "ldp q20, q21, [%[bias]]\n" \
    "ldp q24, q25, [%[bias]]\n" \
    "ldp q28, q29, [%[bias]]\n"
#define EQ_SDOT_BEGIN_FOUR_SIXTEEN \
    "ldp q8, q9, [%[bias]]\n" "ldp q10, q11, [%[bias], #32]\n" \
    "ldp q12, q13, [%[bias]]\n" "ldp q14, q15, [%[bias], #32]\n" \
    "ldp q16, q17, [%[bias]]\n" "ldp q18, q19, [%[bias], #32]\n" \
    "ldp q20, q21, [%[bias]], #32\n" "ldp q22, q23, [%[bias]], #32\n"
#define EQ_SDOT_BEGIN_FOUR_EIGHT \
    "ldp q8, q9, [%[bias]]\n" \
    "ldp q12, q13, [%[bias]]\n" \
    "ldp q16, q17, [%[bias]]\n" \
    "ldp q20, q21, [%[bias]]\n"

/* eq_load: taps of each pixel, 16, 8 or 4 as s is q, d or s. */
#define EQ_SDOT_LOAD(LAST) \
    ".macro eq_load s, step\n" \
    "ldr \\s\\()0, [x9, x15]\n" \
    "ldr \\s\\()1, [x10, x15]\n" \
    "ldr \\s\\()2, [x11, x15]\n" \
    "ldr \\s\\()3, [x12, x15]\n" LAST \
    "add x15, x15, #\\step\n" \
    ".endm\n"
#define EQ_SDOT_LOAD_FOUR EQ_SDOT_LOAD("")
#define EQ_SDOT_LOAD_SIX \
    EQ_SDOT_LOAD("ldr \\s\\()4, [x13, x15]\n" \
                 "ldr \\s\\()5, [x14, x15]\n")

/* The walk over a window: 32 taps at a time, then 16, then 12, 8 or 4. */
#define EQ_SDOT_TAPS16 \
    "eq_taps 0\n" \
    "eq_taps 1\n" \
    "eq_taps 2\n" \
    "eq_taps 3\n"
#define EQ_SDOT_WALK \
    "1: lsr w17, w7, #5\n" \
    "cbz w17, 3f\n" \
    "2:\n" "eq_load q, 16\n" EQ_SDOT_TAPS16 "eq_load q, 16\n" EQ_SDOT_TAPS16 \
    "subs w17, w17, #1\n" \
    "b.ne 2b\n" \
    "3: tbz w7, #4, 4f\n" "eq_load q, 16\n" EQ_SDOT_TAPS16 \
    "4: tbz w7, #3, 8f\n" \
    "tbz w7, #2, 5f\n" \
    "eq_load q, 12\n" \
    "eq_taps 0\n" \
    "eq_taps 1\n" \
    "eq_taps 2\n" \
    "b 6f\n" \
    "5: eq_load d, 8\n" \
    "eq_taps 0\n" \
    "eq_taps 1\n" \
    "b 6f\n" \
    "8: tbz w7, #2, 6f\n" \
    "eq_load s, 4\n" \
    "eq_taps 0\n" \
    "6: add x15, x15, x8\n" \
    "subs w16, w16, #1\n" \
    "b.ne 1b\n"

#define EQ_SDOT_TILE(FORM, PIXELS, CHANNELS) \
    EQ_TILE(FORM(CHANNELS), \
            EQ_SDOT_TWO EQ_SDOT_LOAD_##PIXELS EQ_SDOT_##PIXELS##_##CHANNELS, \
            EQ_SDOT_BEGIN_##PIXELS##_##CHANNELS, \
            EQ_SDOT_WALK, EQ_FINISH_##PIXELS##_##CHANNELS)

/* clang-format on */

/* An eq_tile_neon_fn. */
static inline __attribute__((always_inline)) void
eq_tile_dotprod(const eq_tile_neon *at, const int8_t *w, const int32_t *bias,
                const int32_t *mult, const int32_t *shift, int32_t blocks, int32_t n,
                int half, int form)
{
    EQ_TILE_BODY(EQ_SDOT_TILE)
}

#endif
