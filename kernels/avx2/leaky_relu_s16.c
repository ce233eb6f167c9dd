/* leaky_relu_s16 for AVX2: sixteen elements at once; the last, taken from x before y is
 * written, go back to be whole.
 *
 * Exact: |x| <= 2^15, shifted left by at most 16, fits int32; see elementwise_avx2.h.  Packing
 * saturates at the contract's limits.
 *
 * @requires count >= 16
 * @inplace x
 */
#include "edgeq/leaky_relu_s16.h"
#include "edgeq/elementwise_avx2.h"
#include "edgeq/lines_avx2.h"
#include "edgeq/rescale_avx2.h"

#define leaky_relu_s16_avx2_factors EQ_SYM(leaky_relu_s16_avx2_factors)
#define leaky_relu_s16_avx2_eight EQ_SYM(leaky_relu_s16_avx2_eight)
#define leaky_relu_s16_avx2_sixteen EQ_SYM(leaky_relu_s16_avx2_sixteen)

eq_leaky_relu_s16_fn EQ_SYM(eq_leaky_relu_s16__avx2);

typedef struct {
    eq_scaling_x8 above, below;
    __m256i sign;
} leaky_relu_s16_avx2_factors;

static inline __m256i leaky_relu_s16_avx2_eight(__m256i x, __m256i negative,
                                                const leaky_relu_s16_avx2_factors *f)
{
    const __m256i above = eq_scale_x8(x, &f->above, eq_is_single());
    const __m256i below = eq_scale_x8(x, &f->below, eq_is_single());
    return _mm256_blendv_epi8(above, _mm256_sign_epi32(below, f->sign), negative);
}

static inline __m256i leaky_relu_s16_avx2_sixteen(const int16_t *x,
                                                  const leaky_relu_s16_avx2_factors *f)
{
    const __m256i v = eq_load_s16_avx2(x), sign = _mm256_srai_epi16(v, 15);
    return _mm256_packs_epi32(
        leaky_relu_s16_avx2_eight(_mm256_unpacklo_epi16(v, sign),
                                  _mm256_unpacklo_epi16(sign, sign), f),
        leaky_relu_s16_avx2_eight(_mm256_unpackhi_epi16(v, sign),
                                  _mm256_unpackhi_epi16(sign, sign), f));
}

void EQ_SYM(eq_leaky_relu_s16__avx2)(const int16_t *x, int16_t *y,
                                     const eq_leaky_relu_s16_params *restrict p)
{
    const leaky_relu_s16_avx2_factors f = {
        eq_scaling_of_x8(p->mult, p->shift, eq_is_single()),
        eq_scaling_of_x8(p->mult_neg, p->shift_neg, eq_is_single()),
        _mm256_set1_epi32(p->sign_neg),
    };
    const int32_t back = p->count - 16;
    const __m256i last = leaky_relu_s16_avx2_sixteen(x + back, &f);
    for (int32_t i = 0; i < back; i += 16)
        eq_store_s16_avx2(y + i, leaky_relu_s16_avx2_sixteen(x + i, &f));
    eq_store_s16_avx2(y + back, last);
}
