/* argmax_s8 for AVX2, along what is contiguous: sixteen elements at once.
 *
 * A minimum over int16 of complements gives the largest, and the first that equals it is the
 * one; the last sixteen go back to be whole.
 *
 * Exact: nothing is computed.
 *
 * @requires inner == 1 and axis >= 16
 */
#include "edgeq/argmax_s8.h"
#include "edgeq/runs_avx2.h"

#include <x86intrin.h>

eq_argmax_s8_fn eq_argmax_s8__avx2;

/* The largest of sixteen, in all of them. */
static inline __m128i argmax_s8_avx2_largest(__m128i v)
{
    const __m128i from_top = _mm_xor_si128(v, _mm_set1_epi8(INT8_MAX));
    const __m128i pairs = _mm_min_epu8(from_top, _mm_srli_epi16(from_top, 8));
    const __m128i least = _mm_minpos_epu16(pairs);
    return _mm_xor_si128(_mm_shuffle_epi8(least, _mm_setzero_si128()),
                         _mm_set1_epi8(INT8_MAX));
}

static inline int32_t argmax_s8_avx2_row(const int8_t *x, int32_t n)
{
    __m128i most = eq_load_x16(x + n - 16);
    for (int32_t i = 0; i + 16 <= n; i += 16)
        most = _mm_max_epi8(most, eq_load_x16(x + i));
    const __m128i largest = argmax_s8_avx2_largest(most);
    for (int32_t i = 0; i + 16 <= n; i += 16) {
        const int equal = _mm_movemask_epi8(_mm_cmpeq_epi8(eq_load_x16(x + i), largest));
        if (equal != 0)
            return i + __bsfd(equal);
    }
    const __m128i last = eq_load_x16(x + n - 16);
    return n - 16 + __bsfd(_mm_movemask_epi8(_mm_cmpeq_epi8(last, largest)));
}

void eq_argmax_s8__avx2(const int8_t *restrict x, int32_t *restrict y,
                        const eq_argmax_s8_params *restrict p)
{
    for (int32_t i = 0; i < p->outer; ++i) {
        *y++ = argmax_s8_avx2_row(x + i * p->axis, p->axis);
        if (p->words == 2)
            *y++ = 0;
    }
}
