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
 * which is 128 more than the mean, and the high byte of the product.  Of up to 65535 pixels the
 * same holds of 64-bit products with ceil(2^40 / n), shifted right by 40.
 */
#ifndef EDGEQ_AVGPOOL_NEON_H
#define EDGEQ_AVGPOOL_NEON_H

#include "edgeq/avgpool_s8.h"
#include "edgeq/channels_neon.h"
#include "edgeq/fixed_point.h"
#include "edgeq/pool_neon.h"

/* How a window's sum becomes its mean. */
typedef struct {
    int32_t start, below; /* sums start with it; of what is below 1 is taken */
    uint32_t factor;      /* m, of a wide window ceil(2^40 / n) */
    int wide;             /* more than 256 pixels */
    int8x16_t lo, hi;
} eq_mean_neon;

static inline eq_mean_neon eq_mean_of_neon(int32_t count, const eq_avgpool_s8_params *p,
                                           int away)
{
    const uint32_t n = (uint32_t)count, m = (1U << 24) / n, rest = (1U << 24) % n;
    const int32_t start = 128 * count + count / 2;
    eq_mean_neon mean = {
        start,       away && count % 2 == 0 ? start : 0, m + (rest > 0),
        count > 256, vdupq_n_s8((int8_t)p->act_min),     vdupq_n_s8((int8_t)p->act_max),
    };
    if (mean.wide)
        mean.factor = (m << 16) + ((rest << 16) + n - 1) / n;
    return mean;
}

/* Quotients, in the high bytes of four lanes. */
static inline uint32x4_t eq_pool_four_neon(int32x4_t sum, const eq_mean_neon *m, int away)
{
    const int32x4_t below = vdupq_n_s32(m->below);
    uint32x4_t u = vreinterpretq_u32_s32(sum);
    if (away)
        u = vaddq_u32(u, vcltq_s32(sum, below));
    if (!m->wide)
        return vmulq_n_u32(u, m->factor);
    const uint64x2_t low = vmull_n_u32(vget_low_u32(u), m->factor);
    const uint64x2_t high = vmull_n_u32(vget_high_u32(u), m->factor);
    return vshlq_n_u32(
        vuzpq_u32(vreinterpretq_u32_u64(low), vreinterpretq_u32_u64(high)).val[1], 16);
}

/* The high halves of eight lanes. */
static inline uint8x16_t eq_mean_halves_neon(uint32x4_t a, uint32x4_t b)
{
    const uint16x8_t high =
        vuzpq_u16(vreinterpretq_u16_u32(a), vreinterpretq_u16_u32(b)).val[1];
    return vreinterpretq_u8_u16(high);
}

static inline int8x16_t eq_mean_sixteen_of_neon(const eq_sums_neon *s,
                                                const eq_mean_neon *m, int away)
{
    const uint8x16_t low = eq_mean_halves_neon(eq_pool_four_neon(s->a, m, away),
                                               eq_pool_four_neon(s->b, m, away));
    const uint8x16_t high = eq_mean_halves_neon(eq_pool_four_neon(s->c, m, away),
                                                eq_pool_four_neon(s->d, m, away));
    const uint8x16_t mean = veorq_u8(vuzpq_u8(low, high).val[1], vdupq_n_u8(128));
    return vminq_s8(vmaxq_s8(vreinterpretq_s8_u8(mean), m->lo), m->hi);
}

/* All channels of the window of `rows`, the first at place `at` of the ring, and `columns`. */
static inline __attribute__((always_inline)) void
eq_avgpool_window_neon(const int8_t *x, int8_t *y, eq_span_neon rows, int32_t at,
                       eq_span_neon columns, const eq_avgpool_s8_params *p,
                       const eq_mean_neon *m, int few, int away)
{
    const int32_t width = columns.end - columns.first;
    const int32_t count = (rows.end - rows.first) * width;
    const int32_t is_one = width * p->x_pixel == p->x_row && p->x_ring == p->in_h;
    const int32_t height = is_one ? 1 : rows.end - rows.first;
    for (int32_t i = 0; i < p->in_c; i += 16) {
        const int32_t c = few || i + 16 <= p->in_c ? i : p->in_c - 16;
        const int8_t *from = x + columns.first * p->x_pixel + c;
        eq_sums_neon s = eq_sums_from_neon(m->start);
        int32_t place = at;
        for (int32_t r = height; r > 0; --r) {
            eq_sums_add_neon(&s, from + place * p->x_row, p->x_pixel,
                             is_one ? count : width, p->in_c, few);
            place = eq_next_neon(place, p->x_ring);
        }
        eq_sums_widen_neon(&s);
        eq_store_channels_neon(y + c, eq_mean_sixteen_of_neon(&s, m, away), p->in_c, few);
    }
}

/* Rows [row0, row1). */
static inline __attribute__((always_inline)) void
eq_avgpool_rows_neon(const int8_t *x, int8_t *y, const eq_avgpool_s8_params *p, int few,
                     int away)
{
    for (int32_t h = p->row0; h < p->row1; ++h) {
        const eq_span_neon rows =
            eq_span_of_neon(h * p->stride_h - p->pad_top, p->kh, p->in_h);
        const int32_t at = rows.first % p->x_ring;
        for (int32_t w = 0; w < p->out_w; ++w) {
            const eq_span_neon columns =
                eq_span_of_neon(w * p->stride_w - p->pad_left, p->kw, p->in_w);
            const int32_t count = (rows.end - rows.first) * (columns.end - columns.first);
            const eq_mean_neon m = eq_mean_of_neon(count, p, away);
            eq_avgpool_window_neon(x, y + h * p->y_row + w * p->y_pixel, rows, at, columns,
                                   p, &m, few, away);
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
                                   const eq_avgpool_s8_params *p, int away)
{
    const eq_avgpool_s8_params q = *p;
    if (p->in_c < 16)
        eq_avgpool_rows_neon(x, y, &q, 1, away);
    else
        eq_avgpool_rows_neon(x, y, &q, 0, away);
}

#endif
