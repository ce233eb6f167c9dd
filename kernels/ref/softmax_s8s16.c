/* softmax_s8s16, portable: three passes over each row, one multiply per element.
 *
 * Exact: it is the contract's formula.  table[0] = 2^31 - 1 counts as 2^19 in the sum, so that
 * bits is in [0, 12], and right in [15, 27].
 */
#include "edgeq/softmax_s8s16.h"
#include "edgeq/reciprocal.h"

eq_softmax_s8s16_fn eq_softmax_s8s16__ref;

static inline int32_t softmax_s8s16_ref_max(const int8_t *x, int32_t count)
{
    int32_t max = x[0];
    for (int32_t i = 1; i < count; ++i)
        max = x[i] > max ? x[i] : max;
    return max;
}

static inline uint32_t softmax_s8s16_ref_sum(const int8_t *x, int32_t count, int32_t max,
                                             const int32_t *restrict table)
{
    uint32_t sum = 0;
    for (int32_t i = 0; i < count; ++i) {
        const uint32_t before = sum;
        sum += ((uint32_t)table[max - x[i]] + (1U << 11)) >> 12;
        if (sum < before)
            return UINT32_MAX;
    }
    return sum;
}

static inline void softmax_s8s16_ref_row(const int8_t *x, const int32_t *restrict table,
                                         int16_t *restrict y, int32_t count)
{
    const int32_t max = softmax_s8s16_ref_max(x, count);
    const eq_reciprocal r =
        eq_reciprocal_of(softmax_s8s16_ref_sum(x, count, max, table), 12);
    const int32_t right = r.bits + 15;
    const uint32_t half = 1U << (right - 1);
    for (int32_t i = 0; i < count; ++i) {
        const uint32_t scaled = (uint32_t)eq_product_q0(r.value, table[max - x[i]]);
        const int32_t v = (int32_t)((scaled + half) >> right);
        y[i] = (int16_t)(v > 65535 ? 32767 : v - 32768);
    }
}

void eq_softmax_s8s16__ref(const int8_t *restrict x, const int32_t *restrict table,
                           int16_t *restrict y, const eq_softmax_s8s16_params *restrict p)
{
    for (int32_t n = 0; n < p->rows; ++n)
        softmax_s8s16_ref_row(x + n * p->depth, table, y + n * p->depth, p->depth);
}
