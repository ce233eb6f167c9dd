/* Gathers windows from lines (conv2d_lines.h) into contiguous patches, 16 bytes at a time. */
#ifndef EDGEQ_CONV2D_GATHER_NEON_H
#define EDGEQ_CONV2D_GATHER_NEON_H

#include <arm_neon.h>
#include <stdint.h>

/* `rows` runs of `run` bytes, `line` apart in x, side by side to y.  Reads and writes up to 15
 * bytes more than that. */
static inline void eq_gather_runs_neon(int8_t *y, const int8_t *x, int32_t rows,
                                       int32_t run, int32_t line)
{
    for (int32_t r = 0; r < rows; ++r) {
        vst1q_s8(y, vld1q_s8(x));
        for (int32_t i = 16; i < run; i += 16)
            vst1q_s8(y + i, vld1q_s8(x + i));
        x += line;
        y += run;
    }
}

/* Windows whose pixels are not neighbours: `taps` pixels of `run` bytes, `step` apart in each
 * of `rows` lines. */
static inline void eq_gather_taps_neon(int8_t *y, const int8_t *x, int32_t rows,
                                       int32_t taps, int32_t run, int32_t step,
                                       int32_t line)
{
    for (int32_t r = 0; r < rows; ++r)
        eq_gather_runs_neon(y + r * taps * run, x + r * line, taps, run, step);
}

#endif
