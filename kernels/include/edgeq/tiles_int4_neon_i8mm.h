/* tiles_neon_i8mm.h for int4 weights, packed (o/16, segment, taps/16, o%16, taps%8,
 * taps/8%2): a byte holds taps k and k + 8. Up to 15 bytes behind a segment are read.
 *
 * Sixteen taps of six pixels are 48 SMMLA of 95 instructions.
 *
 * Exact: SMMLA adds to int32 what int32 holds by the contract's proof.
 */
#ifndef EDGEQ_TILES_INT4_NEON_I8MM_H
#define EDGEQ_TILES_INT4_NEON_I8MM_H

#include "edgeq/tiles_neon_i8mm.h"

/* clang-format off */
/* eq_nibbles: sixteen taps by two channels; then weights are `step` further. */
#define EQ_SMMLA4_NIBBLES \
    ".macro eq_nibbles step, p, q, r\n" \
    "ldr q4, [%[w]], #\\step\n" \
    "shl v7.16b, v4.16b, #4\n" \
    "sshr v7.16b, v7.16b, #4\n" \
    "eq_two \\p, \\q, \\r, 7, 6, 0, 2\n" \
    "sshr v4.16b, v4.16b, #4\n" \
    "eq_two \\p, \\q, \\r, 4, 1, 3, 5\n" \
    ".endm\n"

/* eq_taps: sixteen taps by all channels of a block, or by the first eight. */
#define EQ_SMMLA4_SIXTEEN \
    ".macro eq_taps\n" \
    "eq_nibbles 16, 9, 17, 25\n" \
    "eq_nibbles 16, 12, 20, 28\n" \
    "eq_nibbles 16, 10, 18, 26\n" \
    "eq_nibbles 16, 13, 21, 29\n" \
    "eq_nibbles 16, 11, 19, 27\n" \
    "eq_nibbles 16, 14, 22, 30\n" \
    "eq_nibbles 16, 8, 16, 24\n" \
    "eq_nibbles 16, 15, 23, 31\n" \
    ".endm\n"
#define EQ_SMMLA4_EIGHT \
    ".macro eq_taps\n" \
    "eq_nibbles 16, 9, 17, 25\n" \
    "eq_nibbles 16, 12, 20, 28\n" \
    "eq_nibbles 16, 10, 18, 26\n" \
    "eq_nibbles 80, 13, 21, 29\n" \
    ".endm\n"

#define EQ_SMMLA4_WALK \
    "1: lsr w17, w7, #4\n" \
    "2: eq_load q, 16\n" \
    "eq_taps\n" \
    "subs w17, w17, #1\n" \
    "b.ne 2b\n" \
    "add x15, x15, x8\n" \
    "subs w16, w16, #1\n" \
    "b.ne 1b\n"

#define EQ_SMMLA4_TILE(FORM, PIXELS, CHANNELS) \
    EQ_TILE(FORM(CHANNELS), \
            EQ_SMMLA_TWO_##PIXELS EQ_SMMLA_BIAS_##PIXELS EQ_SMMLA_LOAD_##PIXELS \
            EQ_SMMLA4_NIBBLES EQ_SMMLA4_##CHANNELS, \
            EQ_SMMLA_BEGIN_##CHANNELS, \
            EQ_SMMLA4_WALK EQ_SMMLA_ROWS_##PIXELS##_##CHANNELS, \
            EQ_FINISH_##PIXELS##_##CHANNELS) ".purgem eq_bias\n" ".purgem eq_nibbles"

/* clang-format on */

/* An eq_tile_neon_fn. */
static inline __attribute__((always_inline)) void
eq_tile_int4_i8mm(const eq_tile_neon *at, const int8_t *w, const int32_t *bias,
                  const int32_t *mult, const int32_t *shift, int32_t blocks, int32_t n,
                  int half, int form)
{
    EQ_TILE_BODY(EQ_SMMLA4_TILE)
}

#endif
