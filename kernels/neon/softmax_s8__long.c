/* softmax_s8 for NEON of AArch64, long rows: the outputs of all 256 differences to the largest
 * element are computed once for a row, and looked up.
 *
 * Exact: the contract's steps.  A sum of 8191 exponentials, at most 2^19 each, fits 32 bits
 * without a sign.  SRSHL gives 0 for the shifts from 32 on, as a product is below 2^31, and the
 * narrowings saturate at 255.
 *
 * @requires depth >= 128 and depth <= 8191
 * @inplace x
 */
#include "edgeq/reciprocal.h"
#include "edgeq/softmax_s8.h"
#include "edgeq/table_neon.h"

eq_softmax_s8_fn eq_softmax_s8__neon_long;

static inline int8_t softmax_s8_neon_long_max(const int8_t *x, int32_t count)
{
    int8x16_t most = vld1q_s8(x + count - 16);
    for (int32_t i = 0; i + 16 <= count; i += 16)
        most = vmaxq_s8(most, vld1q_s8(x + i));
    return vmaxvq_s8(most);
}

static inline uint32_t softmax_s8_neon_long_sum(const int8_t *x, int32_t count,
                                                const int32_t *top)
{
    uint32_t sum = 0;
    for (int32_t i = 0; i < count; ++i)
        sum += ((uint32_t)top[-x[i]] + (1U << 11)) >> 12;
    return sum;
}

/* Sixteen outputs for the exponentials from e on. */
static inline uint8x16_t softmax_s8_neon_long_outputs(const int32_t *e, int32x4_t factor,
                                                      int32x4_t down)
{
    const int32x4_t a = vrshlq_s32(vqrdmulhq_s32(vld1q_s32(e), factor), down);
    const int32x4_t b = vrshlq_s32(vqrdmulhq_s32(vld1q_s32(e + 4), factor), down);
    const int32x4_t c = vrshlq_s32(vqrdmulhq_s32(vld1q_s32(e + 8), factor), down);
    const int32x4_t d = vrshlq_s32(vqrdmulhq_s32(vld1q_s32(e + 12), factor), down);
    const uint16x8_t low = vqmovun_high_s32(vqmovun_s32(a), b);
    const uint16x8_t high = vqmovun_high_s32(vqmovun_s32(c), d);
    return veorq_u8(vqmovn_high_u16(vqmovn_u16(low), high), vdupq_n_u8(128));
}

static inline uint8x16x4_t softmax_s8_neon_long_quarter(const int32_t *e, int32x4_t factor,
                                                        int32x4_t down)
{
    const uint8x16x4_t t = {{softmax_s8_neon_long_outputs(e, factor, down),
                             softmax_s8_neon_long_outputs(e + 16, factor, down),
                             softmax_s8_neon_long_outputs(e + 32, factor, down),
                             softmax_s8_neon_long_outputs(e + 48, factor, down)}};
    return t;
}

/* Sixteen outputs from y on for the elements of v. */
static inline void softmax_s8_neon_long_sixteen(int8_t *y, const eq_table_neon *t,
                                                int8_t max, int8x16_t v)
{
    const int8x16_t apart = vsubq_s8(vdupq_n_s8(max), v);
    vst1q_s8(y, vreinterpretq_s8_u8(eq_look_up_neon(t, vreinterpretq_u8_s8(apart))));
}

/* The last sixteen elements, read before y takes their place, go back to be whole. */
static inline void softmax_s8_neon_long_row(const int8_t *x, const int32_t *restrict table,
                                            int8_t *y, int32_t count)
{
    const int8_t max = softmax_s8_neon_long_max(x, count);
    const uint32_t sum = softmax_s8_neon_long_sum(x, count, table + max);
    const eq_reciprocal r = eq_reciprocal_of(sum, 12);
    const int32x4_t factor = vdupq_n_s32(r.value), down = vdupq_n_s32(-(r.bits + 23));
    const eq_table_neon t = {softmax_s8_neon_long_quarter(table, factor, down),
                             softmax_s8_neon_long_quarter(table + 64, factor, down),
                             softmax_s8_neon_long_quarter(table + 128, factor, down),
                             softmax_s8_neon_long_quarter(table + 192, factor, down)};
    const int8x16_t last = vld1q_s8(x + count - 16);
    for (int32_t i = 0; i + 16 <= count; i += 16)
        softmax_s8_neon_long_sixteen(y + i, &t, max, vld1q_s8(x + i));
    softmax_s8_neon_long_sixteen(y + count - 16, &t, max, last);
}

void eq_softmax_s8__neon_long(const int8_t *x, const int32_t *restrict table, int8_t *y,
                              const eq_softmax_s8_params *restrict p)
{
    for (int32_t n = 0; n < p->rows; ++n)
        softmax_s8_neon_long_row(x + n * p->depth, table, y + n * p->depth, p->depth);
}
