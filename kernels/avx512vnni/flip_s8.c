/* flip_s8 for AVX-512: 64 elements at once.
 *
 * Exact: it is the contract's formula.
 *
 * @inplace x
 */
#include "edgeq/flip_s8.h"
#include "edgeq/rescale_avx512.h"

eq_flip_s8_fn eq_flip_s8__avx512vnni;

static inline __m512i flip_s8_avx512vnni_flipped(__m512i v)
{
    return _mm512_xor_si512(v, _mm512_set1_epi8(INT8_MIN));
}

void eq_flip_s8__avx512vnni(const int8_t *x, int8_t *y, const eq_flip_s8_params *restrict p)
{
    const int64_t n = p->count;
    int64_t i = 0;
    for (; i + 128 <= n; i += 128) {
        const __m512i u = _mm512_loadu_si512((const void *)(x + i));
        const __m512i v = _mm512_loadu_si512((const void *)(x + i + 64));
        _mm512_storeu_si512((void *)(y + i), flip_s8_avx512vnni_flipped(u));
        _mm512_storeu_si512((void *)(y + i + 64), flip_s8_avx512vnni_flipped(v));
    }
    for (; i < n; i += 64) {
        const __mmask64 some = n - i < 64 ? ((__mmask64)1 << (n - i)) - 1 : ~(__mmask64)0;
        const __m512i v = _mm512_maskz_loadu_epi8(some, (const void *)(x + i));
        _mm512_mask_storeu_epi8((void *)(y + i), some, flip_s8_avx512vnni_flipped(v));
    }
}
