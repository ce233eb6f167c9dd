/* Rescales of whole tensors for NEON, of AArch64 and of 32-bit Arm: eight elements at once.
 *
 * Exact: fixed_point_neon.h rescales the differences to zx, which fit int32.  The sums with zy,
 * and narrowing to int16 and on to int8, saturate beyond the clamp.
 */
#ifndef EDGEQ_REQUANTIZE_NEON_H
#define EDGEQ_REQUANTIZE_NEON_H

#include "edgeq/fixed_point_neon.h"

typedef struct {
    int32x4_t zx, mult, shift, zy;
    int16x8_t lo, hi;
} eq_requantize_numbers_neon;

/* Of the params of any of the contracts. */
#define EQ_REQUANTIZE_NEON(p)                                                              \
    {vdupq_n_s32((p)->zx),                                                                 \
     vdupq_n_s32((p)->mult),                                                               \
     vdupq_n_s32((p)->shift),                                                              \
     vdupq_n_s32((p)->zy),                                                                 \
     vdupq_n_s16((int16_t)(p)->act_min),                                                   \
     vdupq_n_s16((int16_t)(p)->act_max)}

/* What x and y are made of. */
enum { EQ_BYTES = 1, EQ_HALVES = 2, EQ_WORDS = 4 };

static inline __attribute__((always_inline)) int16x8_t eq_requantize_eight_neon(
    const void *x, const eq_requantize_numbers_neon *n, int from, int single)
{
    int32x4_t low, high;
    if (from == EQ_WORDS) {
        low = vld1q_s32(x);
        high = vld1q_s32((const int32_t *)x + 4);
    } else {
        const int16x8_t v = from == EQ_BYTES ? vmovl_s8(vld1_s8(x)) : vld1q_s16(x);
        low = vmovl_s16(vget_low_s16(v));
        high = vmovl_s16(vget_high_s16(v));
    }
    low = vsubq_s32(low, n->zx);
    high = vsubq_s32(high, n->zx);
    low = single ? eq_requantize_x4_single(low, n->mult, n->shift)
                 : eq_requantize_x4_double(low, n->mult, n->shift);
    high = single ? eq_requantize_x4_single(high, n->mult, n->shift)
                  : eq_requantize_x4_double(high, n->mult, n->shift);
    const int16x8_t v = vcombine_s16(vqmovn_s32(vqaddq_s32(low, n->zy)),
                                     vqmovn_s32(vqaddq_s32(high, n->zy)));
    return vminq_s16(vmaxq_s16(v, n->lo), n->hi);
}

static inline __attribute__((always_inline)) void
eq_requantize_store_neon(void *y, int16x8_t v, int to)
{
    if (to == EQ_BYTES)
        vst1_s8(y, vmovn_s16(v));
    else
        vst1q_s16(y, v);
}

/* `count` elements; y may be x where neither's are larger. */
static inline __attribute__((always_inline)) void
eq_requantize_neon(const void *from_x, void *to_y, int32_t count,
                   const eq_requantize_numbers_neon *n, int from, int to, int single)
{
    const int8_t *x = from_x;
    int8_t *y = to_y;
    for (; count >= 8; count -= 8) {
        eq_requantize_store_neon(y, eq_requantize_eight_neon(x, n, from, single), to);
        x += 8 * from;
        y += 8 * to;
    }
    if (count > 0) {
        int32_t some[8] = {0};
        memcpy(some, x, (size_t)(count * from));
        eq_requantize_store_neon(some, eq_requantize_eight_neon(some, n, from, single), to);
        memcpy(y, some, (size_t)(count * to));
    }
}

#endif
