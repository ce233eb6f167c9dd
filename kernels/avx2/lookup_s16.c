/* lookup_s16 for AVX2: sixteen elements at once; the last, taken from x before y is written, go
 * back to be whole.
 *
 * Exact: see lines_avx2.h.
 *
 * @requires count >= 16
 * @inplace x
 */
#include "edgeq/lookup_s16.h"
#include "edgeq/lines_avx2.h"

eq_lookup_s16_fn eq_lookup_s16__avx2;

void eq_lookup_s16__avx2(const int16_t *x, const int16_t *restrict table, int16_t *y,
                         const eq_lookup_s16_params *restrict p)
{
    const int32_t back = p->count - 16;
    const __m256i last = eq_lines_avx2(table, eq_load_s16_avx2(x + back));
    for (int32_t i = 0; i < back; i += 16)
        eq_store_s16_avx2(y + i, eq_lines_avx2(table, eq_load_s16_avx2(x + i)));
    eq_store_s16_avx2(y + back, last);
}
