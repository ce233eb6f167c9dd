/* softmax_s16 for AVX2: sixteen elements of a row at once; y holds the exponentials in between.
 *
 * Exact: the contract's steps.  A difference above -2^16, shifted left by at most 15 and once
 * more, fits int32, and so does depth times 2^15 - 1; lines_avx2.h reads the table, and packing
 * saturates at the contract's limits.
 *
 * @requires depth >= 16
 * @inplace x
 */
#include "edgeq/softmax_s16.h"
#include "edgeq/elementwise_avx2.h"
#include "edgeq/lines_avx2.h"
#include "edgeq/rescale_avx2.h"

#define softmax_s16_avx2_place EQ_SYM(softmax_s16_avx2_place)
#define softmax_s16_avx2_max EQ_SYM(softmax_s16_avx2_max)
#define softmax_s16_avx2_powers EQ_SYM(softmax_s16_avx2_powers)
#define softmax_s16_avx2_sum EQ_SYM(softmax_s16_avx2_sum)
#define softmax_s16_avx2_inverse EQ_SYM(softmax_s16_avx2_inverse)
#define softmax_s16_avx2_divide EQ_SYM(softmax_s16_avx2_divide)
#define softmax_s16_avx2_rest EQ_SYM(softmax_s16_avx2_rest)
#define softmax_s16_avx2_invert EQ_SYM(softmax_s16_avx2_invert)

eq_softmax_s16_fn EQ_SYM(eq_softmax_s16__avx2);

static inline int32_t softmax_s16_avx2_max(const int16_t *x, int32_t count)
{
    int32_t max = x[0];
    for (int32_t i = 1; i < count; ++i)
        max = x[i] > max ? x[i] : max;
    return max;
}

/* Where in the table eight differences to the largest lie, from -32768 on. */
static inline __m256i softmax_s16_avx2_place(__m256i x, __m256i max, const eq_scaling_x8 *s)
{
    const __m256i d = eq_scale_x8(_mm256_sub_epi32(x, max), s, eq_is_single());
    const __m256i least = _mm256_set1_epi32(-65535);
    return _mm256_add_epi32(_mm256_max_epi32(d, least), _mm256_set1_epi32(INT16_MAX));
}

/* The exponentials of sixteen elements. */
static inline __m256i softmax_s16_avx2_powers(__m256i x, __m256i max,
                                              const int16_t *restrict powers,
                                              const eq_scaling_x8 *s)
{
    const __m256i sign = _mm256_srai_epi16(x, 15);
    const __m256i low = softmax_s16_avx2_place(_mm256_unpacklo_epi16(x, sign), max, s);
    const __m256i high = softmax_s16_avx2_place(_mm256_unpackhi_epi16(x, sign), max, s);
    return eq_lines_avx2(powers, _mm256_packs_epi32(low, high));
}

/* Those of fewer than sixteen into y; their sum. */
static inline int32_t softmax_s16_avx2_rest(const int16_t *x, int32_t max,
                                            const int16_t *restrict powers, int16_t *y,
                                            int32_t count, const eq_scaling_x8 *s)
{
    int16_t some[16];
    int32_t sum = 0;
    for (int32_t i = 0; i < 16; ++i)
        some[i] = i < count ? x[i] : (int16_t)max;
    const __m256i v = eq_load_s16_avx2(some);
    eq_store_s16_avx2(some, softmax_s16_avx2_powers(v, _mm256_set1_epi32(max), powers, s));
    for (int32_t i = 0; i < count; ++i) {
        y[i] = some[i];
        sum += some[i];
    }
    return sum;
}

/* The exponentials of one row into y; their sum. */
static inline int32_t softmax_s16_avx2_sum(const int16_t *x, const int16_t *restrict powers,
                                           int16_t *y, int32_t count,
                                           const eq_scaling_x8 *s)
{
    const int32_t largest = softmax_s16_avx2_max(x, count);
    const __m256i max = _mm256_set1_epi32(largest), ones = _mm256_set1_epi16(1);
    __m256i sums = _mm256_setzero_si256();
    int32_t i = 0, each[8];
    for (; i + 16 <= count; i += 16) {
        const __m256i e = softmax_s16_avx2_powers(eq_load_s16_avx2(x + i), max, powers, s);
        eq_store_s16_avx2(y + i, e);
        sums = _mm256_add_epi32(sums, _mm256_madd_epi16(e, ones));
    }
    int32_t total =
        i < count ? softmax_s16_avx2_rest(x + i, largest, powers, y + i, count - i, s) : 0;
    _mm256_storeu_si256((__m256i *)(void *)each, sums);
    for (int32_t k = 0; k < 8; ++k)
        total += each[k];
    return total;
}

/* The table's 1 / sum, and the shift that follows it, at least 1. */
typedef struct {
    int32_t value, right;
} softmax_s16_avx2_inverse;

static inline softmax_s16_avx2_inverse
softmax_s16_avx2_invert(int32_t sum, const int16_t *restrict inverse)
{
    int32_t right = 30;
    uint32_t top = (uint32_t)sum;
    for (; top < 1U << 30; top <<= 1)
        --right;
    const int32_t place = (int32_t)((top + (1U << 13)) >> 14) - 98304;
    const int32_t v = eq_clamp(place, INT16_MIN, INT16_MAX);
    const int16_t *at = inverse + 256 + (v >> 7);
    const softmax_s16_avx2_inverse r = {at[0] + (((at[1] - at[0]) * (v & 127) + 64) >> 7),
                                        right};
    return r;
}

static inline void softmax_s16_avx2_divide(int16_t *y, int32_t count,
                                           softmax_s16_avx2_inverse r)
{
    const __m256i factor = _mm256_set1_epi16((int16_t)r.value);
    const __m256i half = _mm256_set1_epi32(1 << (r.right - 1));
    const __m256i none = _mm256_setzero_si256(), right = _mm256_set1_epi32(r.right);
    int32_t i = 0;
    for (; i + 16 <= count; i += 16) {
        const eq_halves_avx2 v = eq_products_avx2(eq_load_s16_avx2(y + i), factor);
        const __m256i low = _mm256_srav_epi32(_mm256_add_epi32(v.low, half), right);
        const __m256i high = _mm256_srav_epi32(_mm256_add_epi32(v.high, half), right);
        eq_store_s16_avx2(y + i, _mm256_max_epi16(_mm256_packs_epi32(low, high), none));
    }
    for (; i < count; ++i) {
        const int32_t v = (y[i] * r.value + (1 << (r.right - 1))) >> r.right;
        y[i] = (int16_t)eq_clamp(v, 0, INT16_MAX);
    }
}

void EQ_SYM(eq_softmax_s16__avx2)(const int16_t *x, const int16_t *restrict powers,
                                  const int16_t *restrict inverse, int16_t *y,
                                  const eq_softmax_s16_params *restrict p)
{
    const eq_scaling_x8 s = eq_scaling_of_x8(p->mult, p->shift, eq_is_single());
    for (int32_t n = 0; n < p->rows; ++n) {
        int16_t *row = y + n * p->depth;
        const int32_t sum =
            softmax_s16_avx2_sum(x + n * p->depth, powers, row, p->depth, &s);
        softmax_s16_avx2_divide(row, p->depth, softmax_s16_avx2_invert(sum, inverse));
    }
}
