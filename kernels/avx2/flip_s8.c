/* flip_s8 for AVX2: 32 elements at once.
 *
 * Exact: it is the contract's formula.
 *
 * @inplace x
 */
#include "edgeq/flip_s8.h"
#include "edgeq/runs_avx2.h"

eq_flip_s8_fn eq_flip_s8__avx2;

void eq_flip_s8__avx2(const int8_t *x, int8_t *y, const eq_flip_s8_params *restrict p)
{
    const __m256i top = _mm256_set1_epi8(INT8_MIN);
    const int32_t n = p->count;
    int32_t i = 0;
    for (; i + 64 <= n; i += 64) {
        const __m256i low = eq_load_x32(x + i), high = eq_load_x32(x + i + 32);
        eq_store_x32(y + i, _mm256_xor_si256(low, top));
        eq_store_x32(y + i + 32, _mm256_xor_si256(high, top));
    }
    for (; i + 16 <= n; i += 16)
        eq_store_x16(y + i, _mm_xor_si128(eq_load_x16(x + i), _mm256_castsi256_si128(top)));
    for (; i < n; ++i)
        y[i] = (int8_t)(x[i] ^ INT8_MIN);
}
