/* Convolutions of few taps for NEON: four pixels by sixteen or eight channels, the channels in
 * lanes.
 *
 * A window is `taps` contiguous bytes, a multiple of 4.  Weights are packed
 * (o/8, khkwi/4, khkwi%4/2, o%8, khkwi%2).  LD1R puts two bytes of x into all pairs of lanes; SMULL
 * and SMLAL make two products in each int16 lane, and SADALP adds pairs of lanes, which belong to
 * one channel, to sums that begin with the biases.  So nothing is left to be added across lanes,
 * and sixteen channels of a pixel are rescaled and stored together: of few taps that is most of
 * the work.
 *
 * In assembly, for gcc 12 does not move pointers on with LD1R: 59 instructions for four taps of
 * sixteen channels by four pixels instead of 67.
 *
 * Exact: weights are at least -127, so a lane is within 2 * 128 * 127 < 2^15.  Partial sums in
 * any order fit int32 by the contract's proof.
 */
#ifndef EDGEQ_CONV2D_LANES_NEON_H
#define EDGEQ_CONV2D_LANES_NEON_H

#include "edgeq/conv2d_neon.h"
#include "edgeq/conv2d_sums_neon.h"

// clang-format off
/* x9 to x12 are pixels, x13 and x14 weights of eight channels each.  eq_two adds two products a
 * lane of one pixel, x u and v, to the sums s and t of eight channels, weights p and q. */
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
    "add x11, x10, %[step]\n"                                                              \
    "add x12, x11, %[step]\n"                                                              \
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

/* The sums of four windows, `step` apart, with the sixteen channels at w, eight of which take 8 * taps bytes. */
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

enum {
    EQ_LANES_PIXELS = 128
}; /* pixels that all channels pass by together, a multiple of 4 */

/* -zw times the sum of every window, n of them, and of any four at the end. */
static inline void eq_lanes_offsets_neon(int32_t *z, const eq_conv2d_layer_neon *t,
                                         const int8_t *x, int32_t n)
{
    int32_t i = 0;
    for (; i + 4 <= n; i += 4)
        vst1q_s32(z + i,
                  vmulq_n_s32(eq_sums4_neon(x + i * t->step, t->step, t->used), -t->zw));
    for (; i < n; ++i)
        vst1q_s32(z + (n < 4 ? 4 * i : i),
                  vmulq_n_s32(eq_sums4_neon(x + i * t->step, 0, t->used), -t->zw));
}

EQ_INLINE_NEON eq_sums16_neon eq_add_all_x16(eq_sums16_neon s, int32x4_t z)
{
    const eq_sums16_neon sums = {vaddq_s32(s.a, z), vaddq_s32(s.b, z), vaddq_s32(s.c, z),
                                 vaddq_s32(s.d, z)};
    return sums;
}

/* The first n of sixteen channels from o on of four pixels y_pixel apart. */
EQ_INLINE_NEON void eq_lanes_store16_neon(const eq_conv2d_layer_neon *t, eq_tile16_neon s,
                                          int8_t *y, int64_t y_pixel, int32_t o, int32_t n,
                                          int mode)
{
    const eq_factors_x16 f = eq_load_factors_x16(t->bias + o, t->mult + o, t->shift + o);
    const int8x16_t a = eq_finish_x16(s.a, &f, t->range, mode);
    const int8x16_t b = eq_finish_x16(s.b, &f, t->range, mode);
    const int8x16_t c = eq_finish_x16(s.c, &f, t->range, mode);
    const int8x16_t d = eq_finish_x16(s.d, &f, t->range, mode);
    if (n >= 16) {
        vst1q_s8(y, a);
        vst1q_s8(y + y_pixel, b);
        vst1q_s8(y + 2 * y_pixel, c);
        vst1q_s8(y + 3 * y_pixel, d);
    } else {
        eq_store_s8_x16(y, a, n);
        eq_store_s8_x16(y + y_pixel, b, n);
        eq_store_s8_x16(y + 2 * y_pixel, c, n);
        eq_store_s8_x16(y + 3 * y_pixel, d, n);
    }
}

/* The first n of eight. */
EQ_INLINE_NEON void eq_lanes_store8_neon(const eq_conv2d_layer_neon *t, eq_tile8_neon s,
                                         int8_t *y, int64_t y_pixel, int32_t o, int32_t n,
                                         int mode)
{
    const eq_factors_x4 f = eq_load_factors(t->bias + o, t->mult + o, t->shift + o);
    const eq_factors_x4 g =
        eq_load_factors(t->bias + o + 4, t->mult + o + 4, t->shift + o + 4);
    const eq_factors_x16 both = {f, g, f, g};
    const eq_sums16_neon ab = {s.a.a, s.a.b, s.b.a, s.b.b},
                         cd = {s.c.a, s.c.b, s.d.a, s.d.b};
    const int8x16_t p = eq_finish_x16(ab, &both, t->range, mode);
    const int8x16_t q = eq_finish_x16(cd, &both, t->range, mode);
    eq_store_s8_x8(y, vget_low_s8(p), n);
    eq_store_s8_x8(y + y_pixel, vget_high_s8(p), n);
    eq_store_s8_x8(y + 2 * y_pixel, vget_low_s8(q), n);
    eq_store_s8_x8(y + 3 * y_pixel, vget_high_s8(q), n);
}

/* Channels [o, o + 16), or as many as there are, of four pixels whose offsets are z. */
EQ_INLINE_NEON void eq_lanes_four16_neon(const eq_conv2d_layer_neon *t, const int8_t *x,
                                         int64_t step, const int32_t *z, int8_t *y,
                                         int64_t y_pixel, int32_t o, int has_zw, int mode)
{
    eq_tile16_neon s = eq_lanes16_neon(x, step, t->w + o * t->taps, t->bias + o, t->taps);
    if (has_zw) {
        const int32x4_t all = vld1q_s32(z);
        s.a = eq_add_all_x16(s.a, vdupq_laneq_s32(all, 0));
        s.b = eq_add_all_x16(s.b, vdupq_laneq_s32(all, 1));
        s.c = eq_add_all_x16(s.c, vdupq_laneq_s32(all, 2));
        s.d = eq_add_all_x16(s.d, vdupq_laneq_s32(all, 3));
    }
    eq_lanes_store16_neon(t, s, y + o, y_pixel, o, t->out_c - o, mode);
}

/* The same of eight. */
EQ_INLINE_NEON void eq_lanes_four8_neon(const eq_conv2d_layer_neon *t, const int8_t *x,
                                        int64_t step, const int32_t *z, int8_t *y,
                                        int64_t y_pixel, int32_t o, int has_zw, int mode)
{
    eq_tile8_neon s = eq_lanes8_neon(x, step, t->w + o * t->taps, t->bias + o, t->taps);
    if (has_zw) {
        const int32x4_t all = vld1q_s32(z);
        s.a.a = vaddq_s32(s.a.a, vdupq_laneq_s32(all, 0));
        s.a.b = vaddq_s32(s.a.b, vdupq_laneq_s32(all, 0));
        s.b.a = vaddq_s32(s.b.a, vdupq_laneq_s32(all, 1));
        s.b.b = vaddq_s32(s.b.b, vdupq_laneq_s32(all, 1));
        s.c.a = vaddq_s32(s.c.a, vdupq_laneq_s32(all, 2));
        s.c.b = vaddq_s32(s.c.b, vdupq_laneq_s32(all, 2));
        s.d.a = vaddq_s32(s.d.a, vdupq_laneq_s32(all, 3));
        s.d.b = vaddq_s32(s.d.b, vdupq_laneq_s32(all, 3));
    }
    eq_lanes_store8_neon(t, s, y + o, y_pixel, o, t->out_c - o, mode);
}

/* n pixels by sixteen (or eight) channels from o on; the last tile goes back to be whole.  Fewer
 * than four are computed one by one, four times each. */
EQ_INLINE_NEON void eq_lanes_column_neon(const eq_conv2d_layer_neon *t, const int8_t *x,
                                         const int32_t *z, int8_t *y, int32_t y_pixel,
                                         int32_t n, int32_t o, int wide, int has_zw,
                                         int mode)
{
    const int few = n < 4;
    const int64_t x_step = few ? 0 : t->step, y_step = few ? 0 : y_pixel;
    const int32_t last = few ? 1 : 4;
    for (;;) {
        if (wide)
            eq_lanes_four16_neon(t, x, x_step, z, y, y_step, o, has_zw, mode);
        else
            eq_lanes_four8_neon(t, x, x_step, z, y, y_step, o, has_zw, mode);
        n -= last;
        if (n <= 0)
            break;
        const int32_t next = n < last ? n : last;
        x += next * t->step;
        y += next * y_pixel;
        z += few ? 4 : next;
    }
}

/* n >= 1 pixels by all channels. */
EQ_INLINE_NEON void eq_lanes_pixels_neon(const eq_conv2d_layer_neon *t, const int8_t *x,
                                         int8_t *y, int32_t y_pixel, int32_t n, int has_zw,
                                         int mode)
{
    int32_t z[EQ_LANES_PIXELS + 4]; /* of fewer than four pixels each has four */
    for (; n > 0; n -= EQ_LANES_PIXELS) {
        const int32_t some = n < EQ_LANES_PIXELS ? n : EQ_LANES_PIXELS;
        int32_t o = 0;
        if (has_zw)
            eq_lanes_offsets_neon(z, t, x, some);
        for (; t->out_c - o > 8; o += 16)
            eq_lanes_column_neon(t, x, z, y, y_pixel, some, o, 1, has_zw, mode);
        if (t->out_c > o)
            eq_lanes_column_neon(t, x, z, y, y_pixel, some, o, 0, has_zw, mode);
        x += EQ_LANES_PIXELS * t->step;
        y += EQ_LANES_PIXELS * y_pixel;
    }
}

#endif
