/* softmax_s16, portable: three passes over each row; y holds the exponentials in between.
 *
 * Exact: a difference above -2^16, shifted left by at most 15, stays within int32; depth times
 * 2^15 - 1 does, too.  The largest element counts at least 2^14 - 2, so that z is in [1, 18].
 *
 * @inplace x
 */
#include "edgeq/softmax_s16.h"
#include "edgeq/elementwise.h"

eq_softmax_s16_fn EQ_SYM(eq_softmax_s16__ref);

static inline int32_t EQ_SYM(softmax_s16_ref_at)(const int16_t *restrict table, int32_t v)
{
    const int16_t *at = table + 256 + (v >> 7);
    return at[0] + (((at[1] - at[0]) * (v & 127) + 64) >> 7);
}

static inline int32_t EQ_SYM(softmax_s16_ref_max)(const int16_t *x, int32_t count)
{
    int32_t max = x[0];
    for (int32_t i = 1; i < count; ++i)
        max = x[i] > max ? x[i] : max;
    return max;
}

/* The exponentials of one row into y; their sum. */
static inline int32_t
EQ_SYM(softmax_s16_ref_powers)(const int16_t *x, const int16_t *restrict powers, int16_t *y,
                               const eq_softmax_s16_params *restrict p)
{
    const eq_scaling rescale = eq_scaling_of(p->mult, p->shift);
    const int32_t max = EQ_SYM(softmax_s16_ref_max)(x, p->depth);
    int32_t sum = 0;
    for (int32_t i = 0; i < p->depth; ++i) {
        const int32_t d = eq_rescale(x[i] - max, rescale);
        const int32_t v = d < -65535 ? INT16_MIN : d + INT16_MAX;
        y[i] = (int16_t)EQ_SYM(softmax_s16_ref_at)(powers, v);
        sum += y[i];
    }
    return sum;
}

static inline void EQ_SYM(softmax_s16_ref_divide)(int16_t *y, int32_t count, int32_t sum,
                                                  const int16_t *restrict inverse)
{
    int32_t right = 30;
    uint32_t top = (uint32_t)sum;
    for (; top < 1U << 30; top <<= 1)
        --right;
    const int32_t v = (int32_t)((top + (1U << 13)) >> 14) - 98304;
    const int32_t r =
        EQ_SYM(softmax_s16_ref_at)(inverse, eq_clamp(v, INT16_MIN, INT16_MAX));
    const int32_t half = 1 << (right - 1);
    for (int32_t i = 0; i < count; ++i)
        y[i] = (int16_t)eq_clamp((y[i] * r + half) >> right, 0, INT16_MAX);
}

void EQ_SYM(eq_softmax_s16__ref)(const int16_t *x, const int16_t *restrict powers,
                                 const int16_t *restrict inverse, int16_t *y,
                                 const eq_softmax_s16_params *restrict p)
{
    for (int32_t n = 0; n < p->rows; ++n) {
        int16_t *row = y + n * p->depth;
        const int32_t sum =
            EQ_SYM(softmax_s16_ref_powers)(x + n * p->depth, powers, row, p);
        EQ_SYM(softmax_s16_ref_divide)(row, p->depth, sum, inverse);
    }
}
