/* Average pooling for NEON, of AArch64 and of 32-bit Arm: sixteen channels of a window at once,
 * of which the last go back to be whole.  Rows that lie one behind the other are one.
 *
 * Exact: channels_neon.h says why the sums are.  Of a window of n <= 256 pixels,
 *
 *   u = sum + 128 * n + floor(n / 2)   is in [0, 255.5 * n], and 1 less where ties have to go
 *                                      away from zero: below it, for an even n
 *   floor(u / n) = u * m >> 24         for m = ceil(2^24 / n): the product is below 2^32, and
 *                                      u * (m - 2^24 / n) < 255.5 * n <= 2^24 / n
 *
 * which is 128 more than the mean; the last byte of a product but three is its quotient.
 * Windows of more pixels are divided one channel after the other.
 */
#ifndef EDGEQ_AVGPOOL_NEON_H
#define EDGEQ_AVGPOOL_NEON_H

#include "edgeq/avgpool_s8.h"
#include "edgeq/channels_neon.h"
#include "edgeq/fixed_point.h"
#include "edgeq/pool_neon.h"

/* How a window's sum becomes its mean. */
typedef struct {
    int32_t count, start,
        below; /* pixels; sums start with it; ties of what is below go down */
    uint32_t factor;
    int8x16_t lo, hi;
    int32_t (*divide)(int32_t, int32_t); /* the rounding form's */
} eq_mean_neon;

enum { EQ_MEAN_MAX = 256 };

static inline eq_mean_neon eq_mean_of_neon(int32_t count, const eq_avgpool_s8_params *p,
                                           int32_t (*divide)(int32_t, int32_t), int away)
{
    const int32_t start = 128 * count + count / 2;
    const eq_mean_neon m = {
        count,
        count <= EQ_MEAN_MAX ? start : 0,
        away && count % 2 == 0 ? start : 0,
        ((1U << 24) + (uint32_t)count - 1) / (uint32_t)count,
        vdupq_n_s8((int8_t)p->act_min),
        vdupq_n_s8((int8_t)p->act_max),
        divide,
    };
    return m;
}

/* m->start + sum to the high half of a product with the factor. */
static inline uint16x8_t eq_mean_eight_neon(int32x4_t a, int32x4_t b, const eq_mean_neon *m,
                                            int away)
{
    if (away) {
        const int32x4_t below = vdupq_n_s32(m->below);
        a = vaddq_s32(a, vreinterpretq_s32_u32(vcltq_s32(a, below)));
        b = vaddq_s32(b, vreinterpretq_s32_u32(vcltq_s32(b, below)));
    }
    const uint32x4_t first = vmulq_n_u32(vreinterpretq_u32_s32(a), m->factor);
    const uint32x4_t last = vmulq_n_u32(vreinterpretq_u32_s32(b), m->factor);
    return vuzpq_u16(vreinterpretq_u16_u32(first), vreinterpretq_u16_u32(last)).val[1];
}

static inline int8x16_t eq_mean_neon_of(const eq_sums_neon *s, const eq_mean_neon *m,
                                        int away)
{
    int8x16_t mean;
    if (m->count <= EQ_MEAN_MAX) {
        const uint8x16_t low =
            vreinterpretq_u8_u16(eq_mean_eight_neon(s->a, s->b, m, away));
        const uint8x16_t high =
            vreinterpretq_u8_u16(eq_mean_eight_neon(s->c, s->d, m, away));
        mean = vreinterpretq_s8_u8(veorq_u8(vuzpq_u8(low, high).val[1], vdupq_n_u8(128)));
    } else {
        int32_t sums[16];
        int8_t bytes[16];
        vst1q_s32(sums, s->a);
        vst1q_s32(sums + 4, s->b);
        vst1q_s32(sums + 8, s->c);
        vst1q_s32(sums + 12, s->d);
        for (int32_t k = 0; k < 16; ++k)
            bytes[k] = (int8_t)m->divide(sums[k], m->count);
        mean = vld1q_s8(bytes);
    }
    return vminq_s8(vmaxq_s8(mean, m->lo), m->hi);
}

/* All channels of the window of `rows` and `columns`. */
static inline __attribute__((always_inline)) void
eq_avgpool_window_neon(const int8_t *x, int8_t *y, eq_span_neon rows, eq_span_neon columns,
                       const eq_avgpool_s8_params *p, const eq_mean_neon *m, int few,
                       int away)
{
    const int32_t width = columns.end - columns.first;
    const int32_t is_one = width * p->x_pixel == p->x_row && p->x_ring == p->in_h;
    const int32_t end = is_one ? rows.first + 1 : rows.end;
    for (int32_t i = 0; i < p->in_c; i += 16) {
        const int32_t c = few || i + 16 <= p->in_c ? i : p->in_c - 16;
        const int8_t *from = x + columns.first * p->x_pixel + c;
        eq_sums_neon s = eq_sums_from_neon(m->start);
        for (int32_t r = rows.first; r < end; ++r)
            eq_sums_add_neon(&s, from + r % p->x_ring * p->x_row, p->x_pixel,
                             is_one ? m->count : width, p->in_c, few);
        eq_sums_widen_neon(&s);
        eq_store_channels_neon(y + c, eq_mean_neon_of(&s, m, away), p->in_c, few);
    }
}

/* Rows [row0, row1). */
static inline __attribute__((always_inline)) void
eq_avgpool_rows_neon(const int8_t *x, int8_t *y, const eq_avgpool_s8_params *p,
                     int32_t (*divide)(int32_t, int32_t), int few, int away)
{
    for (int32_t h = p->row0; h < p->row1; ++h) {
        const eq_span_neon rows =
            eq_span_of_neon(h * p->stride_h - p->pad_top, p->kh, p->in_h);
        for (int32_t w = 0; w < p->out_w; ++w) {
            const eq_span_neon columns =
                eq_span_of_neon(w * p->stride_w - p->pad_left, p->kw, p->in_w);
            const int32_t count = (rows.end - rows.first) * (columns.end - columns.first);
            const eq_mean_neon m = eq_mean_of_neon(count, p, divide, away);
            eq_avgpool_window_neon(x, y + h * p->y_row + w * p->y_pixel, rows, columns, p,
                                   &m, few, away);
        }
    }
}

/* Whether a form rounds ties away from zero. */
#define eq_is_away EQ_SYM(eq_is_away)

static inline int eq_is_away_away(void)
{
    return 1;
}

static inline int eq_is_away_up(void)
{
    return 0;
}

static inline void eq_avgpool_neon(const int8_t *x, int8_t *y,
                                   const eq_avgpool_s8_params *p,
                                   int32_t (*divide)(int32_t, int32_t), int away)
{
    if (p->in_c < 16)
        eq_avgpool_rows_neon(x, y, p, divide, 1, away);
    else
        eq_avgpool_rows_neon(x, y, p, divide, 0, away);
}

#endif
