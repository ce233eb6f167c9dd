/* tiles_neon_dotprod.h for int4 weights, packed (o/16, segment, taps/8, o%16, taps%4,
 * taps/4%2): a byte holds taps k and k + 4.
 *
 * Sixteen taps of six pixels are 96 SDOT of 137 instructions.
 *
 * Exact: SDOT adds to int32 what int32 holds by the contract's proof.
 */
#ifndef EDGEQ_TILES_INT4_NEON_DOTPROD_H
#define EDGEQ_TILES_INT4_NEON_DOTPROD_H

#include "edgeq/tiles_neon_dotprod.h"

/* clang-format off */

/* eq_two: eight taps, in lanes l and h of each pixel, of four channels; then weights are
 * `step` further. */
#define EQ_SDOT4_TWO_SIX \
    ".macro eq_two l, h, step, a, b, c, d, e, f\n" \
    "ldr q6, [%[w]], #\\step\n" \
    "shl v7.16b, v6.16b, #4\n" \
    "sshr v7.16b, v7.16b, #4\n" \
    "sdot v\\a\\().4s, v7.16b, v0.4b[\\l]\n" \
    "sdot v\\b\\().4s, v7.16b, v1.4b[\\l]\n" \
    "sdot v\\c\\().4s, v7.16b, v2.4b[\\l]\n" \
    "sdot v\\d\\().4s, v7.16b, v3.4b[\\l]\n" \
    "sdot v\\e\\().4s, v7.16b, v4.4b[\\l]\n" \
    "sdot v\\f\\().4s, v7.16b, v5.4b[\\l]\n" \
    "sshr v6.16b, v6.16b, #4\n" \
    "sdot v\\a\\().4s, v6.16b, v0.4b[\\h]\n" \
    "sdot v\\b\\().4s, v6.16b, v1.4b[\\h]\n" \
    "sdot v\\c\\().4s, v6.16b, v2.4b[\\h]\n" \
    "sdot v\\d\\().4s, v6.16b, v3.4b[\\h]\n" \
    "sdot v\\e\\().4s, v6.16b, v4.4b[\\h]\n" \
    "sdot v\\f\\().4s, v6.16b, v5.4b[\\h]\n" \
    ".endm\n"
#define EQ_SDOT4_TWO_FOUR \
    ".macro eq_two l, h, step, a, b, c, d\n" \
    "ldr q6, [%[w]], #\\step\n" \
    "shl v7.16b, v6.16b, #4\n" \
    "sshr v7.16b, v7.16b, #4\n" \
    "sdot v\\a\\().4s, v7.16b, v0.4b[\\l]\n" \
    "sdot v\\b\\().4s, v7.16b, v1.4b[\\l]\n" \
    "sdot v\\c\\().4s, v7.16b, v2.4b[\\l]\n" \
    "sdot v\\d\\().4s, v7.16b, v3.4b[\\l]\n" \
    "sshr v6.16b, v6.16b, #4\n" \
    "sdot v\\a\\().4s, v6.16b, v0.4b[\\h]\n" \
    "sdot v\\b\\().4s, v6.16b, v1.4b[\\h]\n" \
    "sdot v\\c\\().4s, v6.16b, v2.4b[\\h]\n" \
    "sdot v\\d\\().4s, v6.16b, v3.4b[\\h]\n" \
    ".endm\n"

/* eq_taps: eight taps, in lanes l and h of each pixel, of all channels of a block, or of
 * the first eight. */
#define EQ_SDOT4_SIX_SIXTEEN \
    ".macro eq_taps l, h\n" \
    "eq_two \\l, \\h, 16, 8, 12, 16, 20, 24, 28\n" \
    "eq_two \\l, \\h, 16, 9, 13, 17, 21, 25, 29\n" \
    "eq_two \\l, \\h, 16, 10, 14, 18, 22, 26, 30\n" \
    "eq_two \\l, \\h, 16, 11, 15, 19, 23, 27, 31\n" \
    ".endm\n"
#define EQ_SDOT4_SIX_EIGHT \
    ".macro eq_taps l, h\n" \
    "eq_two \\l, \\h, 16, 8, 12, 16, 20, 24, 28\n" \
    "eq_two \\l, \\h, 48, 9, 13, 17, 21, 25, 29\n" \
    ".endm\n"
#define EQ_SDOT4_FOUR_SIXTEEN \
    ".macro eq_taps l, h\n" \
    "eq_two \\l, \\h, 16, 8, 12, 16, 20\n" \
    "eq_two \\l, \\h, 16, 9, 13, 17, 21\n" \
    "eq_two \\l, \\h, 16, 10, 14, 18, 22\n" \
    "eq_two \\l, \\h, 16, 11, 15, 19, 23\n" \
    ".endm\n"
#define EQ_SDOT4_FOUR_EIGHT \
    ".macro eq_taps l, h\n" \
    "eq_two \\l, \\h, 16, 8, 12, 16, 20\n" \
    "eq_two \\l, \\h, 48, 9, 13, 17, 21\n" \
    ".endm\n"

/* The walk over a window: 16 taps at a time, then 8. */
#define EQ_SDOT4_WALK \
    "1: lsr w17, w7, #4\n" \
    "cbz w17, 3f\n" \
    "2: eq_load q, 16\n" \
    "eq_taps 0, 1\n" \
    "eq_taps 2, 3\n" \
    "subs w17, w17, #1\n" \
    "b.ne 2b\n" \
    "3: tbz w7, #3, 6f\n" \
    "eq_load d, 8\n" \
    "eq_taps 0, 1\n" \
    "6: add x15, x15, x8\n" \
    "subs w16, w16, #1\n" \
    "b.ne 1b\n"

#define EQ_SDOT4_TILE(FORM, PIXELS, CHANNELS) \
    EQ_TILE(FORM(CHANNELS), \
            EQ_SDOT4_TWO_##PIXELS EQ_SDOT_LOAD_##PIXELS EQ_SDOT4_##PIXELS##_##CHANNELS, \
            EQ_SDOT_BEGIN_##PIXELS##_##CHANNELS, \
            EQ_SDOT4_WALK, EQ_FINISH_##PIXELS##_##CHANNELS)

/* clang-format on */

/* An eq_tile_neon_fn. */
static inline __attribute__((always_inline)) void
eq_tile_int4_dotprod(const eq_tile_neon *at, const int8_t *w, const int32_t *bias,
                     const int32_t *mult, const int32_t *shift, int32_t blocks, int32_t n,
                     int half, int form)
{
    EQ_TILE_BODY(EQ_SDOT4_TILE)
}

#endif
