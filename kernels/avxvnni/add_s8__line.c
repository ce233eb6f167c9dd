/* add_s8 for AVX-VNNI along a line, rows of both operands or of one and a number: 32 elements at
 * once.
 *
 * A factor is 2^8 times an int16 and a byte without a sign.  Where words hold an element in their
 * upper byte and zero below, VPDPWSSD adds the products by the int16 of both factors, and VPDPBUSD
 * those by the bytes.  The upper words of two sums of elements beside each other are one vector.
 *
 * Exact: the contract says that the line gives the same bytes and that its sum fits int32; on
 * the way it may wrap.  The packing saturates, which moves nothing out of or into the clamp, and
 * undoes the unpacking.
 *
 * @requires line == 1 and a3 <= 1 and b3 <= 1
 * @inplace a b
 */
#include "edgeq/add_s8.h"
#include "edgeq/fixed_point.h"
#include "edgeq/pairs_avx2.h"

#define add_s8_avxvnni_line EQ_SYM(add_s8_avxvnni_line)
#define add_s8_avxvnni_eight EQ_SYM(add_s8_avxvnni_eight)
#define add_s8_avxvnni_16 EQ_SYM(add_s8_avxvnni_16)
#define add_s8_avxvnni_32 EQ_SYM(add_s8_avxvnni_32)

eq_add_s8_fn EQ_SYM(eq_add_s8__avxvnni_line);

typedef struct {
    __m256i upper, lower, lc, lo, hi; /* factors of a and b side by side */
} add_s8_avxvnni_line;

/* The sums of eight pairs of words. */
static inline __m256i add_s8_avxvnni_eight(__m256i ab, const add_s8_avxvnni_line *n)
{
    return _mm256_dpwssd_epi32(_mm256_dpbusd_epi32(n->lc, n->lower, ab), ab, n->upper);
}

/* Of two bytes of a and two of b in each lane. */
static inline __m256i add_s8_avxvnni_16(__m256i ab, const add_s8_avxvnni_line *n)
{
    const __m256i upper = _mm256_set1_epi16((int16_t)0xff00);
    const __m256i even = add_s8_avxvnni_eight(_mm256_slli_epi16(ab, 8), n);
    const __m256i odd = add_s8_avxvnni_eight(_mm256_and_si256(ab, upper), n);
    const __m256i words = _mm256_blend_epi16(_mm256_srli_epi32(even, 16), odd, 0xaa);
    return _mm256_srai_epi16(words, 5);
}

static inline __attribute__((always_inline)) __m256i add_s8_avxvnni_32(__m256i a, __m256i b,
                                                                       const void *numbers)
{
    const add_s8_avxvnni_line *n = numbers;
    const __m256i y = _mm256_packs_epi16(add_s8_avxvnni_16(_mm256_unpacklo_epi16(a, b), n),
                                         add_s8_avxvnni_16(_mm256_unpackhi_epi16(a, b), n));
    return _mm256_min_epi8(_mm256_max_epi8(y, n->lo), n->hi);
}

void EQ_SYM(eq_add_s8__avxvnni_line)(const int8_t *a, const int8_t *b, int8_t *y,
                                     const eq_add_s8_params *restrict p)
{
    const eq_walk_avx2 w = EQ_WALK_AVX2(p, 1);
    const add_s8_avxvnni_line n = {
        _mm256_set1_epi32(eq_pair_of_words(p->la >> 8, p->lb >> 8)),
        _mm256_set1_epi32(eq_pair_of_words((p->la & 255) << 8, (p->lb & 255) << 8)),
        _mm256_set1_epi32(p->lc),
        _mm256_set1_epi8((int8_t)p->act_min),
        _mm256_set1_epi8((int8_t)p->act_max),
    };
    eq_pairs_avx2(a, b, y, &w, &n, add_s8_avxvnni_32);
}
