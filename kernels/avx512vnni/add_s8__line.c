/* add_s8 for AVX-512 VNNI along a line, rows of both operands: 64 elements at once.
 *
 * A factor is 2^8 times an int16 and a byte without a sign.  Where words hold an element in their
 * upper byte and zero below, VPDPWSSD adds the products by the int16 of both factors, and VPDPBUSD
 * those by the bytes.  The upper words of two sums of elements beside each other are one vector.
 *
 * Exact: the contract says that the line gives the same bytes and that its sum fits int32; on
 * the way it may wrap.  The packing saturates, which moves nothing out of or into the clamp, and
 * undoes the unpacking.
 *
 * @requires line == 1 and a3 == 1 and b3 == 1
 * @inplace a b
 */
#include "edgeq/add_s8.h"
#include "edgeq/fixed_point.h"
#include "edgeq/pairs_avx512.h"
#include "edgeq/words_avx512vnni.h"

#define add_s8_avx512vnni_line EQ_SYM(add_s8_avx512vnni_line)
#define add_s8_avx512vnni_sixteen EQ_SYM(add_s8_avx512vnni_sixteen)
#define add_s8_avx512vnni_32 EQ_SYM(add_s8_avx512vnni_32)
#define add_s8_avx512vnni_64 EQ_SYM(add_s8_avx512vnni_64)

eq_add_s8_fn EQ_SYM(eq_add_s8__avx512vnni_line);

typedef struct {
    __m512i upper, lower, lc, lo, hi; /* factors of a and b side by side */
} add_s8_avx512vnni_line;

/* The sums of sixteen pairs of words. */
EQ_INLINE_AVX512 __m512i add_s8_avx512vnni_sixteen(__m512i ab,
                                                   const add_s8_avx512vnni_line *n)
{
    __m512i sum = _mm512_dpbusd_epi32(n->lc, n->lower, ab);
    eq_mac_two_x512(&sum, ab, n->upper);
    return sum;
}

/* Of two bytes of a and two of b in each lane. */
EQ_INLINE_AVX512 __m512i add_s8_avx512vnni_32(__m512i ab, const add_s8_avx512vnni_line *n)
{
    const __m512i upper = _mm512_set1_epi16((int16_t)0xff00);
    const __m512i even = add_s8_avx512vnni_sixteen(_mm512_slli_epi16(ab, 8), n);
    const __m512i odd = add_s8_avx512vnni_sixteen(_mm512_and_si512(ab, upper), n);
    const __m512i words =
        _mm512_mask_mov_epi16(_mm512_srli_epi32(even, 16), 0xaaaaaaaa, odd);
    return _mm512_srai_epi16(words, 5);
}

EQ_INLINE_AVX512 __m512i add_s8_avx512vnni_64(__m512i a, __m512i b, const void *numbers)
{
    const add_s8_avx512vnni_line *n = numbers;
    const __m512i y =
        _mm512_packs_epi16(add_s8_avx512vnni_32(_mm512_unpacklo_epi16(a, b), n),
                           add_s8_avx512vnni_32(_mm512_unpackhi_epi16(a, b), n));
    return _mm512_min_epi8(_mm512_max_epi8(y, n->lo), n->hi);
}

void EQ_SYM(eq_add_s8__avx512vnni_line)(const int8_t *a, const int8_t *b, int8_t *y,
                                        const eq_add_s8_params *restrict p)
{
    const eq_walk_x512 w = EQ_WALK_X512(p, 1);
    const add_s8_avx512vnni_line n = {
        _mm512_set1_epi32(eq_pair_of_words(p->la >> 8, p->lb >> 8)),
        _mm512_set1_epi32(eq_pair_of_words((p->la & 255) << 8, (p->lb & 255) << 8)),
        _mm512_set1_epi32(p->lc),
        _mm512_set1_epi8((int8_t)p->act_min),
        _mm512_set1_epi8((int8_t)p->act_max),
    };
    eq_pairs_x512(a, b, y, &w, &n, add_s8_avx512vnni_64);
}
