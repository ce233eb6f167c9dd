/* add_pot_s16 for AVX2, rows of both operands or of one and a number: sixteen elements at once.
 *
 * Exact: b and half of a unit, at most 2^30, are added in int32, 1 less where b is below zero;
 * what is shifted fits int16 again.  VPMADDWD multiplies by ka and kb and adds in int32, and
 * packing saturates beyond the clamp.
 *
 * @requires a3 <= 1 and b3 <= 1
 * @inplace a b
 */
#include "edgeq/add_pot_s16.h"
#include "edgeq/elementwise_avx2.h"
#include "edgeq/pairs_avx2.h"

eq_add_pot_s16_fn eq_add_pot_s16__avx2;

typedef struct {
    __m256i half, away, right, factors; /* ka and kb side by side */

    eq_limits_avx2 limits;
} add_pot_s16_avx2_numbers;

static inline __attribute__((always_inline)) __m256i
add_pot_s16_avx2_shift(__m256i b, __m256i sign, const add_pot_s16_avx2_numbers *n)
{
    const __m256i sum = _mm256_add_epi32(b, n->half);
    const __m256i down = _mm256_and_si256(sign, n->away);
    return _mm256_srav_epi32(_mm256_add_epi32(sum, down), n->right);
}

static inline __attribute__((always_inline)) __m256i
add_pot_s16_avx2_pair(__m256i a, __m256i b, const void *numbers)
{
    const add_pot_s16_avx2_numbers *n = numbers;
    const __m256i sign = _mm256_srai_epi16(b, 15);
    const __m256i low = add_pot_s16_avx2_shift(_mm256_unpacklo_epi16(b, sign),
                                               _mm256_unpacklo_epi16(sign, sign), n);
    const __m256i high = add_pot_s16_avx2_shift(_mm256_unpackhi_epi16(b, sign),
                                                _mm256_unpackhi_epi16(sign, sign), n);
    const __m256i v = _mm256_packs_epi32(low, high);
    const eq_halves_avx2 w = {_mm256_madd_epi16(_mm256_unpacklo_epi16(a, v), n->factors),
                              _mm256_madd_epi16(_mm256_unpackhi_epi16(a, v), n->factors)};
    return eq_narrow_s16_avx2(w, &n->limits);
}

void eq_add_pot_s16__avx2(const int16_t *a, const int16_t *b, int16_t *y,
                          const eq_add_pot_s16_params *restrict p)
{
    const eq_walk_avx2 w = EQ_WALK_AVX2(p, 2);
    const uint32_t factors = (uint32_t)p->kb << 16 | (uint16_t)p->ka;
    const add_pot_s16_avx2_numbers n = {
        _mm256_set1_epi32((int32_t)((1U << p->right) >> 1)),
        _mm256_set1_epi32(p->right > 0 ? -1 : 0),
        _mm256_set1_epi32(p->right),
        _mm256_set1_epi32((int32_t)factors),
        eq_limits_s16_avx2(0, p->act_min, p->act_max),
    };
    eq_pairs_avx2(a, b, y, &w, &n, add_pot_s16_avx2_pair);
}
