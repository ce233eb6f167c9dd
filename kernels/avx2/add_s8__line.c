/* add_s8 for AVX2 along a line, rows of both operands or of one and a number: 32 elements at
 * once.
 *
 * Both products come from one VPMADDWD for the upper parts of the factors, counted in 2^15, and
 * one for the lower 15 bits, of bytes made unsigned, which the constant makes up for.
 *
 * Exact: the contract says that the line gives the same bytes and that its sum fits int32; on
 * the way it may wrap.  Both packings saturate, which moves nothing out of or into the clamp.
 *
 * @requires line == 1 and a3 <= 1 and b3 <= 1
 * @inplace a b
 */
#include "edgeq/add_s8.h"
#include "edgeq/fixed_point.h"
#include "edgeq/pairs_avx2.h"

#define eq_line_avx2 EQ_SYM(eq_line_avx2)
#define eq_line_eight EQ_SYM(eq_line_eight)
#define eq_line_sixteen EQ_SYM(eq_line_sixteen)
#define eq_line_32 EQ_SYM(eq_line_32)

eq_add_s8_fn EQ_SYM(eq_add_s8__avx2_line);

typedef struct {
    __m256i upper, lower, lc, lo, hi; /* factors of a and b side by side */
} eq_line_avx2;

/* Of eight int16 of a and b side by side. */
static inline __m256i eq_line_eight(__m256i ab, const eq_line_avx2 *n)
{
    const __m256i upper = _mm256_slli_epi32(_mm256_madd_epi16(ab, n->upper), 15);
    const __m256i lower = _mm256_add_epi32(_mm256_madd_epi16(ab, n->lower), n->lc);
    return _mm256_srai_epi32(_mm256_add_epi32(upper, lower), 21);
}

/* Sixteen pairs of bytes from 0 to 255. */
static inline __m256i eq_line_sixteen(__m256i ab, const eq_line_avx2 *n)
{
    const __m256i none = _mm256_setzero_si256();
    return _mm256_packs_epi32(eq_line_eight(_mm256_unpacklo_epi8(ab, none), n),
                              eq_line_eight(_mm256_unpackhi_epi8(ab, none), n));
}

static inline __attribute__((always_inline)) __m256i eq_line_32(__m256i a, __m256i b,
                                                                const void *numbers)
{
    const eq_line_avx2 *n = numbers;
    const __m256i top = _mm256_set1_epi8(INT8_MIN);
    const __m256i u = _mm256_xor_si256(a, top), v = _mm256_xor_si256(b, top);
    const __m256i y = _mm256_packs_epi16(eq_line_sixteen(_mm256_unpacklo_epi8(u, v), n),
                                         eq_line_sixteen(_mm256_unpackhi_epi8(u, v), n));
    return _mm256_min_epi8(_mm256_max_epi8(y, n->lo), n->hi);
}

void EQ_SYM(eq_add_s8__avx2_line)(const int8_t *a, const int8_t *b, int8_t *y,
                                  const eq_add_s8_params *restrict p)
{
    const eq_walk_avx2 w = EQ_WALK_AVX2(p, 1);
    const uint32_t offset = 128 * ((uint32_t)p->la + (uint32_t)p->lb);
    const eq_line_avx2 n = {
        _mm256_set1_epi32(eq_pair_of_words(p->la >> 15, p->lb >> 15)),
        _mm256_set1_epi32(eq_pair_of_words(p->la & 0x7fff, p->lb & 0x7fff)),
        _mm256_set1_epi32((int32_t)((uint32_t)p->lc - offset)),
        _mm256_set1_epi8((int8_t)p->act_min),
        _mm256_set1_epi8((int8_t)p->act_max),
    };
    eq_pairs_avx2(a, b, y, &w, &n, eq_line_32);
}
