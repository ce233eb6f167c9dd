/* add_s16 for AVX-512, sums of rows of both operands: 32 elements at once.
 *
 * Both rescales have a shift of 31 + r and take doubled values, P = 2 * acc * mult: b * 2^16 is
 * 2 * 2^15 * b, and a half of a * 2^16 is 2 * ka * a.
 *
 * Exact: |P| <= 2^62 by the contract's ranges.
 *
 *   single  floor((P + 2^(31 + r)) / 2^(32 + r)): a floor of a floor is that of the quotient, so
 *           upper halves alone are shifted by r.
 *   double  eq_high_mul is h = floor((P + 2^31) / 2^32); where r > 0, 2^(r - 1) * 2^32 is added to
 *           P with it, and 1 taken from h where acc < 0: as mult is 0 or at least 2^30, that is
 *           h < 0, but where h = 0, and floor((2^(r - 1) - 1) / 2^r) is 0, too.
 *
 * Packing saturates, which moves nothing out of or into the clamp, and undoes the unpacking.
 *
 * @requires ka > 0 and kb > 0 and zy == 0 and a3 == 1 and b3 == 1
 * @inplace a b
 */
#include "edgeq/add_s16.h"
#include "edgeq/pairs_avx512.h"

#define add_s16_avx512vnni_scaling EQ_SYM(add_s16_avx512vnni_scaling)
#define add_s16_avx512vnni_scaling_of EQ_SYM(add_s16_avx512vnni_scaling_of)
#define add_s16_avx512vnni_numbers EQ_SYM(add_s16_avx512vnni_numbers)
#define add_s16_avx512vnni_scaled EQ_SYM(add_s16_avx512vnni_scaled)
#define add_s16_avx512vnni_sixteen EQ_SYM(add_s16_avx512vnni_sixteen)
#define add_s16_avx512vnni_32 EQ_SYM(add_s16_avx512vnni_32)

eq_add_s16_fn EQ_SYM(eq_add_s16__avx512vnni_sum);

/* mult; what is added to a product; the shift that leaves 1 of what is below zero and, where r is
 * 0, nothing; r. */
typedef struct {
    __m512i mult, add;
    __m128i sign, down;
} add_s16_avx512vnni_scaling;

typedef struct {
    add_s16_avx512vnni_scaling b, y;
    __m512i lo, hi;
} add_s16_avx512vnni_numbers;

static inline add_s16_avx512vnni_scaling add_s16_avx512vnni_scaling_of(int32_t mult,
                                                                       int32_t shift)
{
    const int32_t r = shift - 31;
    const int64_t half = (int64_t)1 << (31 + r);
    const int64_t first = eq_is_single() == EQ_SINGLE || r == 0 ? 0 : (int64_t)1 << 31;
    const add_s16_avx512vnni_scaling s = {
        _mm512_set1_epi32(mult), _mm512_set1_epi64(half + first),
        _mm_cvtsi32_si128(r > 0 ? 31 : 32), _mm_cvtsi32_si128(r)};
    return s;
}

/* Of doubled accumulators. */
EQ_INLINE_AVX512 __m512i add_s16_avx512vnni_scaled(__m512i twice,
                                                   const add_s16_avx512vnni_scaling *s)
{
    const __m512i even = _mm512_add_epi64(_mm512_mul_epi32(twice, s->mult), s->add);
    const __m512i odd =
        _mm512_add_epi64(_mm512_mul_epi32(_mm512_srli_epi64(twice, 32), s->mult), s->add);
    const __m512i sum = _mm512_mask_shuffle_epi32(odd, 0x5555, even, (_MM_PERM_ENUM)0xf5);
    if (eq_is_single() == EQ_SINGLE)
        return _mm512_sra_epi32(sum, s->down);
    const __m512i away = _mm512_sub_epi32(sum, _mm512_srl_epi32(twice, s->sign));
    return _mm512_sra_epi32(away, s->down);
}

/* Sixteen sums, of 2^16 * a and 2^16 * b. */
EQ_INLINE_AVX512 __m512i add_s16_avx512vnni_sixteen(__m512i a, __m512i b,
                                                    const add_s16_avx512vnni_numbers *n)
{
    const __m512i r = add_s16_avx512vnni_scaled(b, &n->b);
    const __m512i t = _mm512_add_epi32(_mm512_srai_epi32(a, 1), _mm512_add_epi32(r, r));
    return add_s16_avx512vnni_scaled(t, &n->y);
}

EQ_INLINE_AVX512 __m512i add_s16_avx512vnni_32(__m512i a, __m512i b, const void *numbers)
{
    const add_s16_avx512vnni_numbers *n = numbers;
    const __m512i none = _mm512_setzero_si512();
    const __m512i y =
        _mm512_packs_epi32(add_s16_avx512vnni_sixteen(_mm512_unpacklo_epi16(none, a),
                                                      _mm512_unpacklo_epi16(none, b), n),
                           add_s16_avx512vnni_sixteen(_mm512_unpackhi_epi16(none, a),
                                                      _mm512_unpackhi_epi16(none, b), n));
    return _mm512_min_epi16(_mm512_max_epi16(y, n->lo), n->hi);
}

void EQ_SYM(eq_add_s16__avx512vnni_sum)(const int16_t *a, const int16_t *b, int16_t *y,
                                        const eq_add_s16_params *restrict p)
{
    const eq_walk_x512 w = EQ_WALK_X512(p, 2);
    const add_s16_avx512vnni_numbers n = {
        add_s16_avx512vnni_scaling_of(p->mult_b, p->shift_b),
        add_s16_avx512vnni_scaling_of(p->mult_y, p->shift_y),
        _mm512_set1_epi16((int16_t)p->act_min),
        _mm512_set1_epi16((int16_t)p->act_max),
    };
    eq_pairs_x512(a, b, y, &w, &n, add_s16_avx512vnni_32);
}
