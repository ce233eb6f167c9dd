/* add_s8 for AVX-512 VNNI along a line, rows of both operands: 64 elements at once.
 *
 * VPMADDWD takes the upper parts of the factors, counted in 2^15, and VPDPWSSD adds the products
 * by their lower 15 bits, of bytes made unsigned, which the constant makes up for.
 *
 * Exact: the contract says that the line gives the same bytes and that its sum fits int32; on
 * the way it may wrap.  Both packings saturate, which moves nothing out of or into the clamp, and
 * undo both unpackings.
 *
 * @requires line == 1 and a3 == 1 and b3 == 1
 * @inplace a b
 */
#include "edgeq/add_s8.h"
#include "edgeq/fixed_point.h"
#include "edgeq/pairs_avx512.h"
#include "edgeq/words_avx512vnni.h"

#define add_s8_avx512vnni_line EQ_SYM(add_s8_avx512vnni_line)
#define add_s8_avx512vnni_factors EQ_SYM(add_s8_avx512vnni_factors)
#define add_s8_avx512vnni_sixteen EQ_SYM(add_s8_avx512vnni_sixteen)
#define add_s8_avx512vnni_32 EQ_SYM(add_s8_avx512vnni_32)
#define add_s8_avx512vnni_64 EQ_SYM(add_s8_avx512vnni_64)

eq_add_s8_fn EQ_SYM(eq_add_s8__avx512vnni_line);

typedef struct {
    __m512i upper, lower, lc, lo, hi; /* factors of a and b side by side */
} add_s8_avx512vnni_line;

static inline __m512i add_s8_avx512vnni_factors(int32_t of_a, int32_t of_b)
{
    const uint32_t pair = (uint32_t)of_b << 16 | (uint16_t)of_a;
    return _mm512_set1_epi32((int32_t)pair);
}

/* Of sixteen int16 of a and b side by side. */
EQ_INLINE_AVX512 __m512i add_s8_avx512vnni_sixteen(__m512i ab,
                                                   const add_s8_avx512vnni_line *n)
{
    __m512i sum = _mm512_slli_epi32(_mm512_madd_epi16(ab, n->upper), 15);
    eq_mac_two_x512(&sum, ab, n->lower);
    return _mm512_srai_epi32(_mm512_add_epi32(sum, n->lc), 21);
}

/* 32 pairs of bytes from 0 to 255. */
EQ_INLINE_AVX512 __m512i add_s8_avx512vnni_32(__m512i ab, const add_s8_avx512vnni_line *n)
{
    const __m512i none = _mm512_setzero_si512();
    return _mm512_packs_epi32(add_s8_avx512vnni_sixteen(_mm512_unpacklo_epi8(ab, none), n),
                              add_s8_avx512vnni_sixteen(_mm512_unpackhi_epi8(ab, none), n));
}

EQ_INLINE_AVX512 __m512i add_s8_avx512vnni_64(__m512i a, __m512i b, const void *numbers)
{
    const add_s8_avx512vnni_line *n = numbers;
    const __m512i top = _mm512_set1_epi8(INT8_MIN);
    const __m512i u = _mm512_xor_si512(a, top), v = _mm512_xor_si512(b, top);
    const __m512i y =
        _mm512_packs_epi16(add_s8_avx512vnni_32(_mm512_unpacklo_epi8(u, v), n),
                           add_s8_avx512vnni_32(_mm512_unpackhi_epi8(u, v), n));
    return _mm512_min_epi8(_mm512_max_epi8(y, n->lo), n->hi);
}

void EQ_SYM(eq_add_s8__avx512vnni_line)(const int8_t *a, const int8_t *b, int8_t *y,
                                        const eq_add_s8_params *restrict p)
{
    const eq_walk_x512 w = EQ_WALK_X512(p, 1);
    const uint32_t offset = 128 * ((uint32_t)p->la + (uint32_t)p->lb);
    const add_s8_avx512vnni_line n = {
        add_s8_avx512vnni_factors(p->la >> 15, p->lb >> 15),
        add_s8_avx512vnni_factors(p->la & 0x7fff, p->lb & 0x7fff),
        _mm512_set1_epi32((int32_t)((uint32_t)p->lc - offset)),
        _mm512_set1_epi8((int8_t)p->act_min),
        _mm512_set1_epi8((int8_t)p->act_max),
    };
    eq_pairs_x512(a, b, y, &w, &n, add_s8_avx512vnni_64);
}
