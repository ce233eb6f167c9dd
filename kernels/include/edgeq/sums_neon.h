/* Sixteen channels at once for NEON: sums, their factors, and what becomes of them. */
#ifndef EDGEQ_SUMS_NEON_H
#define EDGEQ_SUMS_NEON_H

#include "edgeq/rescale_neon.h"

/* Sixteen channels. */
typedef struct {
    int32x4_t a, b, c, d;
} eq_sums16_neon;

/* Their biases and factors. */
typedef struct {
    eq_factors_x4 a, b, c, d;
} eq_factors_x16;

static inline eq_factors_x16 eq_load_factors_x16(const int32_t *bias, const int32_t *mult,
                                                 const int32_t *shift)
{
    const eq_factors_x16 f = {eq_load_factors(bias, mult, shift),
                              eq_load_factors(bias + 4, mult + 4, shift + 4),
                              eq_load_factors(bias + 8, mult + 8, shift + 8),
                              eq_load_factors(bias + 12, mult + 12, shift + 12)};
    return f;
}

static inline __attribute__((always_inline)) eq_sums16_neon
eq_begin_x16(const eq_factors_x16 *f)
{
    const eq_sums16_neon s = {f->a.bias, f->b.bias, f->c.bias, f->d.bias};
    return s;
}

/* What becomes of rescaled sums. */
static inline __attribute__((always_inline)) int8x16_t eq_narrow_x16(
    int32x4_t a, int32x4_t b, int32x4_t c, int32x4_t d, eq_range_s8 range, int single)
{
    if (single == EQ_LIVE)
        return eq_narrow_live_s8_x16(a, b, c, d);
    return single == EQ_RELU ? eq_narrow_relu_s8_x16(a, b, c, d, range)
                             : eq_narrow_s8_x16(a, b, c, d, range);
}

static inline __attribute__((always_inline)) int8x16_t
eq_finish_x16(eq_sums16_neon s, const eq_factors_x16 *f, eq_range_s8 range, int single)
{
    const int32x4_t a = eq_rescale_x4(s.a, f->a, single),
                    b = eq_rescale_x4(s.b, f->b, single);
    const int32x4_t c = eq_rescale_x4(s.c, f->c, single),
                    d = eq_rescale_x4(s.d, f->d, single);
    return eq_narrow_x16(a, b, c, d, range, single);
}

/* The first n <= 16 bytes of v. */
static inline void eq_store_s8_x16(int8_t *y, int8x16_t v, int32_t n)
{
    if (n >= 16) {
        vst1q_s8(y, v);
        return;
    }
    int8_t bytes[16];
    vst1q_s8(bytes, v);
    memcpy(y, bytes, (size_t)n);
}

/* The first n <= 16 bytes of each of four rows, y_pixel apart. */
static inline void eq_store_rows_s8(int8_t *y, int32_t y_pixel, int8x16_t a, int8x16_t b,
                                    int8x16_t c, int8x16_t d, int32_t n)
{
    int8_t bytes[64];
    vst1q_s8(bytes, a);
    vst1q_s8(bytes + 16, b);
    vst1q_s8(bytes + 32, c);
    vst1q_s8(bytes + 48, d);
    for (int32_t i = 0; i < 4; ++i)
        memcpy(y + i * y_pixel, bytes + 16 * i, (size_t)n);
}

#endif
