/* What becomes of the sums of a tile for NEON, in the assembly of tiles_neon_*.h.
 *
 * Sums of pixel i are v8 + 4 * i and the three registers that follow, of four channels
 * each; v0 to v7 are free, and so are x5, x7, x8 and x15 to x17. x6 is where y lies,
 * %[mult] and %[shift] are read in order. Rescaling is that of rescale_neon.h, where it
 * is proved: the macros eq_scale and eq_narrow are eq_rescale_x4 and eq_narrow_s8_x16.
 *
 * In assembly, for gcc 12 reloads pointers and constants: of a tile of six pixels by
 * sixteen channels these are 112 instructions instead of 137. */
#ifndef EDGEQ_TILES_FINISH_NEON_H
#define EDGEQ_TILES_FINISH_NEON_H

#include "edgeq/conv2d_tiles_neon.h"

/* clang-format off */

/* The forms of rescale_neon.h: eq_scale is eq_rescale_x4, eq_narrow is eq_narrow_s8_x16. */
#define EQ_LIVE_SIXTEEN \
    ".macro eq_narrow p, q, r, s\n" \
    "sqxtn v\\p\\().4h, v\\p\\().4s\n" \
    "sqxtn2 v\\p\\().8h, v\\q\\().4s\n" \
    "sqxtn v\\r\\().4h, v\\r\\().4s\n" \
    "sqxtn2 v\\r\\().8h, v\\s\\().4s\n" \
    "sqxtun v\\p\\().8b, v\\p\\().8h\n" \
    "sqxtun2 v\\p\\().16b, v\\r\\().8h\n" \
    "eor v\\p\\().16b, v\\p\\().16b, v5.16b\n" \
    ".endm\n"
#define EQ_LIVE_EIGHT \
    ".macro eq_narrow p, q\n" \
    "sqxtn v\\p\\().4h, v\\p\\().4s\n" \
    "sqxtn2 v\\p\\().8h, v\\q\\().4s\n" \
    "sqxtun v\\p\\().8b, v\\p\\().8h\n" \
    "eor v\\p\\().8b, v\\p\\().8b, v5.8b\n" \
    ".endm\n"
#define EQ_RANGE_SIXTEEN \
    ".macro eq_narrow p, q, r, s\n" \
    "sqxtn v\\p\\().4h, v\\p\\().4s\n" \
    "sqxtn2 v\\p\\().8h, v\\q\\().4s\n" \
    "sqxtn v\\r\\().4h, v\\r\\().4s\n" \
    "sqxtn2 v\\r\\().8h, v\\s\\().4s\n" \
    "sqadd v\\p\\().8h, v\\p\\().8h, v5.8h\n" \
    "sqadd v\\r\\().8h, v\\r\\().8h, v5.8h\n" \
    "sqxtn v\\p\\().8b, v\\p\\().8h\n" \
    "sqxtn2 v\\p\\().16b, v\\r\\().8h\n" \
    "smax v\\p\\().16b, v\\p\\().16b, v6.16b\n" \
    "smin v\\p\\().16b, v\\p\\().16b, v7.16b\n" \
    ".endm\n"
#define EQ_RANGE_EIGHT \
    ".macro eq_narrow p, q\n" \
    "sqxtn v\\p\\().4h, v\\p\\().4s\n" \
    "sqxtn2 v\\p\\().8h, v\\q\\().4s\n" \
    "sqadd v\\p\\().8h, v\\p\\().8h, v5.8h\n" \
    "sqxtn v\\p\\().8b, v\\p\\().8h\n" \
    "smax v\\p\\().8b, v\\p\\().8b, v6.8b\n" \
    "smin v\\p\\().8b, v\\p\\().8b, v7.8b\n" \
    ".endm\n"
#define EQ_RANGE_LOAD \
    ".macro eq_range\n" \
    "ldp w15, w16, [%[at], #40]\n" \
    "ldr w17, [%[at], #48]\n" \
    "dup v5.8h, w15\n" \
    "dup v6.16b, w16\n" \
    "dup v7.16b, w17\n" \
    ".endm\n"
#define EQ_FORM_LIVE(CHANNELS) \
    ".macro eq_scale a, m, d\n" \
    "sqrdmulh v\\a\\().4s, v\\a\\().4s, v\\m\\().4s\n" \
    "srshl v\\a\\().4s, v\\a\\().4s, v\\d\\().4s\n" \
    ".endm\n" \
    ".macro eq_range\n" \
    "movi v5.16b, #128\n" \
    ".endm\n" \
    EQ_LIVE_##CHANNELS
#define EQ_FORM_DOUBLE(CHANNELS) \
    ".macro eq_scale a, m, d\n" \
    "sqrdmulh v\\a\\().4s, v\\a\\().4s, v\\m\\().4s\n" \
    "ssra v\\a\\().4s, v\\a\\().4s, #31\n" \
    "srshl v\\a\\().4s, v\\a\\().4s, v\\d\\().4s\n" \
    ".endm\n" \
    EQ_RANGE_LOAD EQ_RANGE_##CHANNELS
#define EQ_FORM_SINGLE(CHANNELS) \
    ".macro eq_scale a, m, d\n" \
    "sqdmulh v\\a\\().4s, v\\a\\().4s, v\\m\\().4s\n" \
    "srshl v\\a\\().4s, v\\a\\().4s, v\\d\\().4s\n" \
    ".endm\n" \
    EQ_RANGE_LOAD EQ_RANGE_##CHANNELS
#define EQ_FORM_END \
    ".purgem eq_scale\n" \
    ".purgem eq_narrow\n" \
    ".purgem eq_range\n"

/* Registers of six pixels, and of four, column by column. */
#define EQ_SIX_P "8,12,16,20,24,28"
#define EQ_SIX_Q "9,13,17,21,25,29"
#define EQ_SIX_R "10,14,18,22,26,30"
#define EQ_SIX_S "11,15,19,23,27,31"
#define EQ_FOUR_P "8,12,16,20"
#define EQ_FOUR_Q "9,13,17,21"
#define EQ_FOUR_R "10,14,18,22"
#define EQ_FOUR_S "11,15,19,23"

/* Channels of two columns, rescaled. */
#define EQ_SCALE_COLUMNS(FIRST, SECOND) \
    "ldp q0, q1, [%[mult]], #32\n" \
    "ldp q2, q3, [%[shift]], #32\n" \
    "sub v2.4s, v4.4s, v2.4s\n" \
    "sub v3.4s, v4.4s, v3.4s\n" \
    ".irp a, " FIRST "\n" \
    "eq_scale \\a, 0, 2\n" \
    ".endr\n" \
    ".irp a, " SECOND "\n" \
    "eq_scale \\a, 1, 3\n" \
    ".endr\n"

/* What a zero point of weights adds to each pixel, where there is one. */
#define EQ_OFFSETS(LAST) \
    "ldr w5, [%[at], #56]\n" \
    "cbz w5, 7f\n" \
    "add x5, %[at], #60\n" \
    ".macro eq_shift p, q, r, s\n" \
    "ld1r {v0.4s}, [x5], #4\n" \
    "add v\\p\\().4s, v\\p\\().4s, v0.4s\n" \
    "add v\\q\\().4s, v\\q\\().4s, v0.4s\n" \
    "add v\\r\\().4s, v\\r\\().4s, v0.4s\n" \
    "add v\\s\\().4s, v\\s\\().4s, v0.4s\n" \
    ".endm\n" \
    "eq_shift 8, 9, 10, 11\n" \
    "eq_shift 12, 13, 14, 15\n" \
    "eq_shift 16, 17, 18, 19\n" \
    "eq_shift 20, 21, 22, 23\n" LAST \
    ".purgem eq_shift\n" \
    "7:\n"
#define EQ_LAST_FOUR ""
#define EQ_LAST_SIX \
    "eq_shift 24, 25, 26, 27\n" \
    "eq_shift 28, 29, 30, 31\n"

/* y of the pixels, as far from x6 as x7, x8, x15, x16, x17 and x5. */
#define EQ_Y_OFFSETS \
    "ldr x5, [%[at], #16]\n" \
    "ldp x7, x8, [x5, #48]\n" \
    "ldp x15, x16, [x5, #64]\n" \
    "ldp x17, x5, [x5, #80]\n"

/* Sixteen channels, or eight, of six pixels, or four. */
#define EQ_FINISH_SIX_SIXTEEN\
    EQ_OFFSETS(EQ_LAST_SIX) \
    "movi v4.4s, #31\n" \
    EQ_SCALE_COLUMNS(EQ_SIX_P, EQ_SIX_Q) \
    EQ_SCALE_COLUMNS(EQ_SIX_R, EQ_SIX_S) \
    "eq_range\n" \
    EQ_Y_OFFSETS \
    "eq_narrow 8, 9, 10, 11\n" \
    "str q8, [x6, x7]\n" \
    "eq_narrow 12, 13, 14, 15\n" \
    "str q12, [x6, x8]\n" \
    "eq_narrow 16, 17, 18, 19\n" \
    "str q16, [x6, x15]\n" \
    "eq_narrow 20, 21, 22, 23\n" \
    "str q20, [x6, x16]\n" \
    "eq_narrow 24, 25, 26, 27\n" \
    "str q24, [x6, x17]\n" \
    "eq_narrow 28, 29, 30, 31\n" \
    "str q28, [x6, x5]\n"
#define EQ_FINISH_SIX_EIGHT\
    EQ_OFFSETS(EQ_LAST_SIX) \
    "movi v4.4s, #31\n" \
    EQ_SCALE_COLUMNS(EQ_SIX_P, EQ_SIX_Q) \
    "eq_range\n" \
    EQ_Y_OFFSETS \
    "eq_narrow 8, 9\n" \
    "str d8, [x6, x7]\n" \
    "eq_narrow 12, 13\n" \
    "str d12, [x6, x8]\n" \
    "eq_narrow 16, 17\n" \
    "str d16, [x6, x15]\n" \
    "eq_narrow 20, 21\n" \
    "str d20, [x6, x16]\n" \
    "eq_narrow 24, 25\n" \
    "str d24, [x6, x17]\n" \
    "eq_narrow 28, 29\n" \
    "str d28, [x6, x5]\n"
#define EQ_FINISH_FOUR_SIXTEEN\
    EQ_OFFSETS(EQ_LAST_FOUR) \
    "movi v4.4s, #31\n" \
    EQ_SCALE_COLUMNS(EQ_FOUR_P, EQ_FOUR_Q) \
    EQ_SCALE_COLUMNS(EQ_FOUR_R, EQ_FOUR_S) \
    "eq_range\n" \
    EQ_Y_OFFSETS \
    "eq_narrow 8, 9, 10, 11\n" \
    "str q8, [x6, x7]\n" \
    "eq_narrow 12, 13, 14, 15\n" \
    "str q12, [x6, x8]\n" \
    "eq_narrow 16, 17, 18, 19\n" \
    "str q16, [x6, x15]\n" \
    "eq_narrow 20, 21, 22, 23\n" \
    "str q20, [x6, x16]\n"
#define EQ_FINISH_FOUR_EIGHT\
    EQ_OFFSETS(EQ_LAST_FOUR) \
    "movi v4.4s, #31\n" \
    EQ_SCALE_COLUMNS(EQ_FOUR_P, EQ_FOUR_Q) \
    "eq_range\n" \
    EQ_Y_OFFSETS \
    "eq_narrow 8, 9\n" \
    "str d8, [x6, x7]\n" \
    "eq_narrow 12, 13\n" \
    "str d12, [x6, x8]\n" \
    "eq_narrow 16, 17\n" \
    "str d16, [x6, x15]\n" \
    "eq_narrow 20, 21\n" \
    "str d20, [x6, x16]\n"

/* The frame of a tile: pixels are x9 to x14, x6 is y, x15 the place in all pixels, w16
 * counts segments, w7 and x8 are run and gap; one round serves a block of channels. */
#define EQ_TILE(FORM, MACROS, BEGIN, WALK, FINISH) \
    FORM MACROS \
    "ldp x17, x6, [%[at]]\n" \
    "ldr x16, [%[at], #16]\n" \
    "ldp x9, x10, [x16]\n" \
    "ldp x11, x12, [x16, #16]\n" \
    "ldp x13, x14, [x16, #32]\n" \
    ".irp a, 9,10,11,12,13,14\n" \
    "add x\\a, x\\a, x17\n" \
    ".endr\n" \
    "0:\n" BEGIN \
    "ldr x8, [%[at], #24]\n" \
    "ldp w16, w7, [%[at], #32]\n" \
    "mov x15, #0\n" WALK FINISH\
    "add x6, x6, #16\n" \
    "subs %w[blocks], %w[blocks], #1\n" \
    "b.ne 0b\n" \
    ".purgem eq_two\n" \
    ".purgem eq_load\n" \
    ".purgem eq_taps\n" EQ_FORM_END

#define EQ_TILE_OPERANDS \
    : [w] "+&r"(w), [bias] "+&r"(bias), [mult] "+&r"(mult), [shift] "+&r"(shift), \
      [blocks] "+&r"(blocks) \
    : [at] "r"(at) \
    : "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", \
      "x17", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", \
      "v13", "v14", "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", \
      "v25", "v26", "v27", "v28", "v29", "v30", "v31", "cc", "memory"

/* What an eq_tile_neon_fn does, by the assembly of TILE(form, pixels, channels). */
#define EQ_TILE_IF(TILE, FORM, N, PIXELS, HALF, CHANNELS) \
    if (form == EQ_##FORM && n == N && half == HALF) \
        __asm__ volatile(TILE(EQ_FORM_##FORM, PIXELS, CHANNELS) EQ_TILE_OPERANDS);
#define EQ_TILE_FORM(TILE, FORM) \
    EQ_TILE_IF(TILE, FORM, 6, SIX, 0, SIXTEEN) \
    EQ_TILE_IF(TILE, FORM, 6, SIX, 1, EIGHT) \
    EQ_TILE_IF(TILE, FORM, 4, FOUR, 0, SIXTEEN) \
    EQ_TILE_IF(TILE, FORM, 4, FOUR, 1, EIGHT)
#define EQ_TILE_BODY(TILE) \
    EQ_TILE_FORM(TILE, LIVE) \
    EQ_TILE_FORM(TILE, DOUBLE) \
    EQ_TILE_FORM(TILE, SINGLE)

/* clang-format on */

#endif
