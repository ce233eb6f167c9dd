/* requantize_s32s8 for AVX2: sixteen elements at once.
 *
 * Exact: see requantize_avx2.h.
 *
 * @requires count >= 16
 */
#include "edgeq/requantize_s32s8.h"
#include "edgeq/requantize_avx2.h"

eq_requantize_s32s8_fn EQ_SYM(eq_requantize_s32s8__avx2);

void EQ_SYM(eq_requantize_s32s8__avx2)(const int32_t *restrict x, int8_t *restrict y,
                                       const eq_requantize_s32s8_params *restrict p)
{
    const eq_requantize_avx2 n = EQ_REQUANTIZE_AVX2(p, eq_is_single());
    eq_requantize_all_avx2(x, y, p->count, &n, EQ_WORDS, EQ_BYTES, eq_is_single());
}
