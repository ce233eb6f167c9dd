/* softmax_s8 for AVX2, long rows: the outputs of all 256 differences to the largest element are
 * computed once for a row, and looked up.
 *
 * Exact: the contract's steps, see softmax_avx2.h.  A sum of 8191 exponentials, at most 2^19
 * each, fits 32 bits without a sign.
 *
 * @requires depth >= 128 and depth <= 8191
 * @inplace x
 */
#include "edgeq/softmax_avx2.h"
#include "edgeq/softmax_s8.h"
#include "edgeq/table_avx2.h"

eq_softmax_s8_fn eq_softmax_s8__avx2_long;

static inline int8_t softmax_s8_avx2_long_max(const int8_t *x, int32_t count)
{
    __m256i most = eq_load_x32(x + count - 32);
    for (int32_t i = 0; i + 32 <= count; i += 32)
        most = _mm256_max_epi8(most, eq_load_x32(x + i));
    int8_t each[32];
    eq_store_x32(each, most);
    int8_t max = each[0];
    for (int32_t i = 1; i < 32; ++i)
        max = each[i] > max ? each[i] : max;
    return max;
}

/* The sum of the rounded exponentials; top[-x] is that of x. */
static inline uint32_t softmax_s8_avx2_long_sum(const int8_t *x, int32_t count,
                                                const int32_t *top)
{
    uint32_t even = 0, odd = 0;
    int32_t i = 0;
    for (; i + 2 <= count; i += 2) {
        even += ((uint32_t)top[-x[i]] + (1U << 11)) >> 12;
        odd += ((uint32_t)top[-x[i + 1]] + (1U << 11)) >> 12;
    }
    return even + odd + (i < count ? ((uint32_t)top[-x[i]] + (1U << 11)) >> 12 : 0);
}

/* 32 outputs from y on; `first` is the largest element less 128, which is where the table of
 * differences begins. */
static inline void softmax_s8_avx2_long_32(int8_t *y, const eq_table_avx2 *t, __m256i first,
                                           __m256i v)
{
    eq_store_x32(y, eq_look_up_avx2(t, _mm256_sub_epi8(first, v)));
}

/* The last 32 elements, read before y takes their place, go back to be whole. */
static inline void softmax_s8_avx2_long_row(const int8_t *x, const int32_t *restrict table,
                                            int8_t *y, int32_t count)
{
    const int8_t max = softmax_s8_avx2_long_max(x, count);
    const eq_softmax_avx2 s =
        eq_softmax_of_avx2(softmax_s8_avx2_long_sum(x, count, table + max));
    int8_t outputs[256];
    for (int32_t i = 0; i < 256; i += 16)
        eq_store_x16(outputs + i, eq_softmax_sixteen_avx2(table + i, &s));
    eq_table_avx2 t;
    eq_table_of_avx2(&t, outputs);
    const __m256i first = _mm256_set1_epi8((int8_t)(max ^ INT8_MIN));
    const __m256i last = eq_load_x32(x + count - 32);
    for (int32_t i = 0; i + 32 <= count; i += 32)
        softmax_s8_avx2_long_32(y + i, &t, first, eq_load_x32(x + i));
    softmax_s8_avx2_long_32(y + count - 32, &t, first, last);
}

void eq_softmax_s8__avx2_long(const int8_t *x, const int32_t *restrict table, int8_t *y,
                              const eq_softmax_s8_params *restrict p)
{
    for (int32_t n = 0; n < p->rows; ++n)
        softmax_s8_avx2_long_row(x + n * p->depth, table, y + n * p->depth, p->depth);
}
