/* Sixteen channels of a pixel for NEON, of AArch64 and of 32-bit Arm; of pixels that have
 * fewer, but eight at least, the first and the last eight. */
#ifndef EDGEQ_CHANNELS_NEON_H
#define EDGEQ_CHANNELS_NEON_H

#include <arm_neon.h>
#include <stdint.h>

/* `few` when there are fewer than sixteen: a constant, like every argument of that name. */
static inline int8x16_t eq_load_channels_neon(const int8_t *x, int32_t channels, int few)
{
    return few ? vcombine_s8(vld1_s8(x), vld1_s8(x + channels - 8)) : vld1q_s8(x);
}

static inline void eq_store_channels_neon(int8_t *y, int8x16_t v, int32_t channels, int few)
{
    if (few) {
        vst1_s8(y, vget_low_s8(v));
        vst1_s8(y + channels - 8, vget_high_s8(v));
    } else {
        vst1q_s8(y, v);
    }
}

/* Sums of sixteen channels: of up to EQ_SUM_TERMS values in int16, then in int32.  Exact, as
 * 252 * 128 fits int16. */
enum { EQ_SUM_TERMS = 252 };

typedef struct {
    int16x8_t low, high;
    int32x4_t a, b, c, d;
    int32_t room; /* values that the int16 still hold */
} eq_sums_neon;

static inline eq_sums_neon eq_sums_from_neon(int32_t start)
{
    const int16x8_t none = vdupq_n_s16(0);
    const int32x4_t all = vdupq_n_s32(start);
    const eq_sums_neon s = {none, none, all, all, all, all, EQ_SUM_TERMS};
    return s;
}

static inline void eq_sums_widen_neon(eq_sums_neon *s)
{
    s->a = vaddw_s16(s->a, vget_low_s16(s->low));
    s->b = vaddw_high_s16(s->b, s->low);
    s->c = vaddw_s16(s->c, vget_low_s16(s->high));
    s->d = vaddw_high_s16(s->d, s->high);
    s->low = s->high = vdupq_n_s16(0);
    s->room = EQ_SUM_TERMS;
}

static inline void eq_sums_one_neon(eq_sums_neon *s, int8x16_t v)
{
    s->low = vaddw_s8(s->low, vget_low_s8(v));
    s->high = vaddw_high_s8(s->high, v);
}

/* Adds n pixels, `step` apart. */
static inline __attribute__((always_inline)) void
eq_sums_add_neon(eq_sums_neon *s, const int8_t *x, int32_t step, int32_t n,
                 int32_t channels, int few)
{
    while (n > 0) {
        int32_t left = n < s->room ? n : s->room;
        n -= left;
        s->room -= left;
        for (; left >= 4; left -= 4) {
            eq_sums_one_neon(s, eq_load_channels_neon(x, channels, few));
            eq_sums_one_neon(s, eq_load_channels_neon(x + step, channels, few));
            eq_sums_one_neon(s, eq_load_channels_neon(x + 2 * step, channels, few));
            eq_sums_one_neon(s, eq_load_channels_neon(x + 3 * step, channels, few));
            x += 4 * step;
        }
        for (; left > 0; --left) {
            eq_sums_one_neon(s, eq_load_channels_neon(x, channels, few));
            x += step;
        }
        if (!s->room)
            eq_sums_widen_neon(s);
    }
}

#endif
