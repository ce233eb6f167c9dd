/* Average pooling for NEON, of AArch64 and of 32-bit Arm: sixteen channels of a window at once
 * are added in int16, up to 128 of them, then in int32.
 *
 * The last sixteen channels go back to be whole.
 *
 * Exact: sums of integers that the compiler proved to fit, then the contract's division.
 */
#ifndef EDGEQ_AVGPOOL_NEON_H
#define EDGEQ_AVGPOOL_NEON_H

#include "edgeq/avgpool_s8.h"
#include "edgeq/fixed_point.h"

#include <arm_neon.h>

/* The sums of sixteen channels over rows [r0, r1) and `columns` pixels from x on. */
static inline void eq_avgpool_sums_neon(const int8_t *x, int32_t r0, int32_t r1,
                                        int32_t columns, int32_t *sums,
                                        const eq_avgpool_s8_params *p)
{
    int32x4_t a = vdupq_n_s32(0), b = a, c = a, d = a;
    for (int32_t r = r0; r < r1; ++r) {
        const int8_t *from = x + r % p->x_ring * p->x_row;
        for (int32_t n = columns; n > 0; n -= 128) {
            int16x8_t low = vdupq_n_s16(0), high = low;
            for (int32_t i = n < 128 ? n : 128; i > 0; --i) {
                const int8x16_t v = vld1q_s8(from);
                low = vaddw_s8(low, vget_low_s8(v));
                high = vaddw_high_s8(high, v);
                from += p->x_pixel;
            }
            a = vaddw_s16(a, vget_low_s16(low));
            b = vaddw_high_s16(b, low);
            c = vaddw_s16(c, vget_low_s16(high));
            d = vaddw_high_s16(d, high);
        }
    }
    vst1q_s32(sums, a);
    vst1q_s32(sums + 4, b);
    vst1q_s32(sums + 8, c);
    vst1q_s32(sums + 12, d);
}

/* Rows [row0, row1).  `divide` is the rounding form's. */
static inline void eq_avgpool_rows_neon(const int8_t *x, int8_t *y,
                                        const eq_avgpool_s8_params *p,
                                        int32_t (*divide)(int32_t, int32_t))
{
    for (int32_t h = p->row0; h < p->row1; ++h)
        for (int32_t c = 0; c < p->out_w; ++c) {
            const int32_t top = h * p->stride_h - p->pad_top;
            const int32_t left = c * p->stride_w - p->pad_left;
            const int32_t r0 = top > 0 ? top : 0, c0 = left > 0 ? left : 0;
            const int32_t r1 = top + p->kh < p->in_h ? top + p->kh : p->in_h;
            const int32_t c1 = left + p->kw < p->in_w ? left + p->kw : p->in_w;
            const int32_t count = (r1 - r0) * (c1 - c0);
            for (int32_t i = 0; i < p->in_c; i += 16) {
                const int32_t o = i + 16 <= p->in_c ? i : p->in_c - 16;
                int8_t *out = y + h * p->y_row + c * p->y_pixel + o;
                int32_t sums[16];
                eq_avgpool_sums_neon(x + c0 * p->x_pixel + o, r0, r1, c1 - c0, sums, p);
                for (int32_t k = 0; k < 16; ++k)
                    out[k] =
                        (int8_t)eq_clamp(divide(sums[k], count), p->act_min, p->act_max);
            }
        }
}

#endif
