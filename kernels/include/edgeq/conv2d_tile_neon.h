/* The inner part of convolutions for NEON: the dot products of four pixels by four channels.
 *
 * A window is `taps` contiguous bytes, those of the pixels of a tile are `step` bytes apart.
 * Weights are packed (o/4, taps/32, o%4, taps%32), so they are read in order.  The part of a
 * window behind its last whole 32 bytes is taken first.
 *
 * SMULL and SMLAL2 put products into int16 lanes, SADALP adds pairs of lanes to int32, of
 * sixteen sums held in registers: in pairs three instructions for 16 products, in fours five
 * for 32.  The first taps begin the sums, so that nothing is set to zero.
 *
 * Exact: in pairs weights are at least -127, so a lane is within 2 * 128 * 127 < 2^15; in fours
 * the magnitudes of the weights that meet in a lane have a sum of at most 255, and 128 * 255 <
 * 2^15.  Partial sums in any order fit int32 by the contract's proof.
 */
#ifndef EDGEQ_CONV2D_TILE_NEON_H
#define EDGEQ_CONV2D_TILE_NEON_H

#include <arm_neon.h>
#include <stdint.h>

typedef struct {
    int32_t taps;  /* bytes of a window, a multiple of 8 */
    int32_t step;  /* from window to window */
    int32_t fours; /* four products in a lane, else two */
} eq_window_neon;

/* Sums of four channels by pixels. */
typedef struct {
    int32x4_t a, b, c, d;
} eq_tile4_neon;

/* 32 bytes. */
typedef struct {
    int8x16_t low, high;
} eq_pair_neon;

static inline eq_pair_neon eq_load32_neon(const int8_t *x)
{
    const eq_pair_neon v = {vld1q_s8(x), vld1q_s8(x + 16)};
    return v;
}

static inline int16x8_t eq_mul16_neon(int8x16_t x, int8x16_t w)
{
    return vmlal_high_s8(vmull_s8(vget_low_s8(x), vget_low_s8(w)), x, w);
}

static inline int16x8_t eq_mla16_neon(int16x8_t t, int8x16_t x, int8x16_t w)
{
    return vmlal_high_s8(vmlal_s8(t, vget_low_s8(x), vget_low_s8(w)), x, w);
}

/* Dot products of 32, 16 or 8 bytes, lane by lane; `begin` a sum, or add to it. */
static inline int32x4_t eq_dot32_neon(int32x4_t acc, eq_pair_neon x, eq_pair_neon w,
                                      int begin, int fours)
{
    int16x8_t t = eq_mul16_neon(x.low, w.low);
    if (fours) {
        t = eq_mla16_neon(t, x.high, w.high);
        return begin ? vpaddlq_s16(t) : vpadalq_s16(acc, t);
    }
    acc = begin ? vpaddlq_s16(t) : vpadalq_s16(acc, t);
    return vpadalq_s16(acc, eq_mul16_neon(x.high, w.high));
}

static inline int32x4_t eq_dot16_neon(int32x4_t acc, int8x16_t x, int8x16_t w, int begin)
{
    const int16x8_t t = eq_mul16_neon(x, w);
    return begin ? vpaddlq_s16(t) : vpadalq_s16(acc, t);
}

static inline int32x4_t eq_dot8_neon(int32x4_t acc, int8x8_t x, int8x8_t w, int begin)
{
    const int16x8_t t = vmull_s8(x, w);
    return begin ? vpaddlq_s16(t) : vpadalq_s16(acc, t);
}

#endif
