/* Runs of bytes for NEON, of AArch64 and of 32-bit Arm: sixteen at once, of short runs eight, of
 * which the last go back to be whole.
 */
#ifndef EDGEQ_RUNS_NEON_H
#define EDGEQ_RUNS_NEON_H

#include "edgeq/copy_s8.h"
#include "edgeq/fill_s8.h"

#include <arm_neon.h>

/* n >= 8 bytes from x to y, which do not overlap. */
static inline __attribute__((always_inline)) void eq_copy_run_neon(const int8_t *x,
                                                                   int8_t *y, int32_t n)
{
    if (n < 16) {
        const int8x8_t end = vld1_s8(x + n - 8);
        vst1_s8(y, vld1_s8(x));
        vst1_s8(y + n - 8, end);
        return;
    }
    const int8x16_t last = vld1q_s8(x + n - 16);
    for (int32_t i = 0; i < n - 16; i += 16)
        vst1q_s8(y + i, vld1q_s8(x + i));
    vst1q_s8(y + n - 16, last);
}

/* n >= 8 bytes of v to y. */
static inline __attribute__((always_inline)) void eq_fill_run_neon(int8_t *y, int8x16_t v,
                                                                   int32_t n)
{
    if (n < 16) {
        vst1_s8(y, vget_low_s8(v));
        vst1_s8(y + n - 8, vget_low_s8(v));
        return;
    }
    for (int32_t i = 0; i < n - 16; i += 16)
        vst1q_s8(y + i, v);
    vst1q_s8(y + n - 16, v);
}

static inline void eq_copy_runs_neon(const int8_t *x, int8_t *y, const eq_copy_s8_params *p)
{
    const eq_copy_s8_params q = *p;
    for (int32_t i0 = 0; i0 < q.d0; ++i0)
        for (int32_t i1 = 0; i1 < q.d1; ++i1)
            for (int32_t i2 = 0; i2 < q.d2; ++i2) {
                const int8_t *from = x + (q.x_base + i0 * q.x0 + i1 * q.x1 + i2 * q.x2);
                int8_t *to = y + (i0 * q.y0 + i1 * q.y1 + i2 * q.y2);
                for (int32_t n = q.d3; n > 0; --n) {
                    eq_copy_run_neon(from, to, q.run);
                    from += q.x3;
                    to += q.y3;
                }
            }
}

static inline void eq_fill_runs_neon(int8_t *y, const eq_fill_s8_params *p)
{
    const eq_fill_s8_params q = *p;
    const int8x16_t v = vdupq_n_s8((int8_t)q.value);
    for (int32_t i0 = 0; i0 < q.d0; ++i0)
        for (int32_t i1 = 0; i1 < q.d1; ++i1)
            for (int32_t i2 = 0; i2 < q.d2; ++i2) {
                int8_t *to = y + (i0 * q.y0 + i1 * q.y1 + i2 * q.y2);
                for (int32_t n = q.d3; n > 0; --n) {
                    eq_fill_run_neon(to, v, q.run);
                    to += q.y3;
                }
            }
}

#endif
