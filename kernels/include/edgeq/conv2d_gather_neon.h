/* Gathers windows from lines (conv2d_lines.h) into contiguous patches, 16 bytes at a time. */
#ifndef EDGEQ_CONV2D_GATHER_NEON_H
#define EDGEQ_CONV2D_GATHER_NEON_H

#include <arm_neon.h>
#include <stdint.h>

/* A window is `rows` times `parts` runs of `run` bytes: rows are `line` bytes apart and parts
 * `part`.  Windows begin `step` apart, patches `room`, at least 15 bytes more than a window. */
typedef struct {
    int32_t rows, parts, run;
    int32_t line, part, step, room;
} eq_runs_neon;

/* The window at x, and up to 15 more bytes of each run. */
static inline void eq_gather_one_neon(int8_t *y, const int8_t *x, const eq_runs_neon *g)
{
    for (int32_t r = 0; r < g->rows; ++r)
        for (int32_t q = 0; q < g->parts; ++q) {
            const int8_t *from = x + r * g->line + q * g->part;
            for (int32_t i = 0; i < g->run; i += 16)
                vst1q_s8(y + i, vld1q_s8(from + i));
            y += g->run;
        }
}

/* Four windows side by side, of runs of at most 16 bytes. */
static inline void eq_gather_short_neon(int8_t *y, const int8_t *x, const eq_runs_neon *g)
{
    const int64_t s1 = g->step, s2 = 2 * s1, s3 = 3 * s1;
    const int64_t t1 = g->room, t2 = 2 * t1, t3 = 3 * t1;
    for (int32_t r = g->rows; r > 0; --r) {
        vst1q_s8(y, vld1q_s8(x));
        vst1q_s8(y + t1, vld1q_s8(x + s1));
        vst1q_s8(y + t2, vld1q_s8(x + s2));
        vst1q_s8(y + t3, vld1q_s8(x + s3));
        x += g->line;
        y += g->run;
    }
}

/* The same of runs of any length. */
static inline void eq_gather_four_neon(int8_t *y, const int8_t *x, const eq_runs_neon *g)
{
    const int64_t s1 = g->step, s2 = 2 * s1, s3 = 3 * s1;
    const int64_t t1 = g->room, t2 = 2 * t1, t3 = 3 * t1;
    for (int32_t r = g->rows; r > 0; --r) {
        const int8_t *from = x;
        int8_t *to = y;
        for (int32_t i = g->run; i > 0; i -= 16) {
            vst1q_s8(to, vld1q_s8(from));
            vst1q_s8(to + t1, vld1q_s8(from + s1));
            vst1q_s8(to + t2, vld1q_s8(from + s2));
            vst1q_s8(to + t3, vld1q_s8(from + s3));
            from += 16;
            to += 16;
        }
        x += g->line;
        y += g->run;
    }
}

/* The windows of n pixels from x on to y, `room` apart.  Reads and writes up to 15 bytes
 * more than these. */
static inline void eq_gather_neon(int8_t *y, const int8_t *x, const eq_runs_neon *g,
                                  int32_t n)
{
    for (; n >= 4 && g->parts == 1; n -= 4) {
        if (g->run <= 16)
            eq_gather_short_neon(y, x, g);
        else
            eq_gather_four_neon(y, x, g);
        y += 4 * g->room;
        x += 4 * g->step;
    }
    for (; n > 0; --n) {
        eq_gather_one_neon(y, x, g);
        y += g->room;
        x += g->step;
    }
}

#endif
