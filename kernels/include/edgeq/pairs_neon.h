/* The walk through two broadcast operands for NEON, of AArch64 and of 32-bit Arm: 32 bytes at
 * once along rows of both, or of one and a number.
 *
 * Both operands are read before y is written, so y may be either.
 */
#ifndef EDGEQ_PAIRS_NEON_H
#define EDGEQ_PAIRS_NEON_H

#include <arm_neon.h>
#include <stdint.h>
#include <string.h>

/* Extents and strides of a contract in elements, and the bytes of one. */
typedef struct {
    int32_t d0, d1, d2, d3, a0, a1, a2, a3, b0, b1, b2, b3, size;
} eq_walk_neon;

#define EQ_WALK_NEON(p, size)                                                              \
    {(p)->d0, (p)->d1, (p)->d2, (p)->d3, (p)->a0, (p)->a1, (p)->a2,                        \
     (p)->a3, (p)->b0, (p)->b1, (p)->b2, (p)->b3, size}

/* What a kernel makes of sixteen bytes of both operands; always inlined. */
typedef int8x16_t eq_pair_fn(int8x16_t a, int8x16_t b, const void *numbers);

/* `bytes` bytes; the operands go on by step_a and step_b, 1 or 0, times the bytes: where that
 * is 0 there are 32 equal ones. */
static inline __attribute__((always_inline)) void
eq_pairs_run_neon(const int8_t *a, const int8_t *b, int8_t *y, int32_t bytes,
                  int32_t step_a, int32_t step_b, const void *numbers, eq_pair_fn *pair)
{
    for (; bytes >= 32; bytes -= 32) {
        const int8x16_t low_a = vld1q_s8(a), high_a = vld1q_s8(a + 16);
        const int8x16_t low_b = vld1q_s8(b), high_b = vld1q_s8(b + 16);
        vst1q_s8(y, pair(low_a, low_b, numbers));
        vst1q_s8(y + 16, pair(high_a, high_b, numbers));
        a += 32 * step_a;
        b += 32 * step_b;
        y += 32;
    }
    for (int8_t ta[16], tb[16]; bytes > 0; bytes -= 16) {
        const size_t n = bytes < 16 ? (size_t)bytes : 16;
        memcpy(ta, a, n);
        memcpy(tb, b, n);
        vst1q_s8(ta, pair(vld1q_s8(ta), vld1q_s8(tb), numbers));
        memcpy(y, ta, n);
        a += 16 * step_a;
        b += 16 * step_b;
        y += 16;
    }
}

/* 32 bytes of one element. */
static inline void eq_pairs_number_neon(int8_t *many, const int8_t *one, int32_t size)
{
    for (int32_t i = 0; i < 32; i += size)
        memcpy(many + i, one, (size_t)size);
}

static inline __attribute__((always_inline)) void
eq_pairs_row_neon(const int8_t *a, const int8_t *b, int8_t *y, const eq_walk_neon *w,
                  const void *numbers, eq_pair_fn *pair)
{
    const int32_t bytes = w->d3 * w->size;
    if (w->a3 == 1 && w->b3 == 1) {
        eq_pairs_run_neon(a, b, y, bytes, 1, 1, numbers, pair);
        return;
    }
    int8_t one_a[32], one_b[32];
    eq_pairs_number_neon(one_a, a, w->size);
    eq_pairs_number_neon(one_b, b, w->size);
    eq_pairs_run_neon(w->a3 ? a : one_a, w->b3 ? b : one_b, y, bytes, w->a3, w->b3, numbers,
                      pair);
}

/* All rows; the pointers are to elements of w->size bytes. */
static inline __attribute__((always_inline)) void
eq_pairs_neon(const void *from_a, const void *from_b, void *to, const eq_walk_neon *w,
              const void *numbers, eq_pair_fn *pair)
{
    const int8_t *a = from_a, *b = from_b;
    int8_t *y = to;
    for (int32_t i0 = 0; i0 < w->d0; ++i0)
        for (int32_t i1 = 0; i1 < w->d1; ++i1)
            for (int32_t i2 = 0; i2 < w->d2; ++i2) {
                const int32_t at_a = i0 * w->a0 + i1 * w->a1 + i2 * w->a2;
                const int32_t at_b = i0 * w->b0 + i1 * w->b1 + i2 * w->b2;
                eq_pairs_row_neon(a + at_a * w->size, b + at_b * w->size, y, w, numbers,
                                  pair);
                y += w->d3 * w->size;
            }
}

#endif
