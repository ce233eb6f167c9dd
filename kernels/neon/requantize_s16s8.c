/* requantize_s16s8 for NEON: eight elements at once.
 *
 * Exact: see requantize_neon.h.
 */
#include "edgeq/requantize_s16s8.h"
#include "edgeq/requantize_neon.h"
#include "edgeq/rescale_neon.h"

eq_requantize_s16s8_fn EQ_SYM(eq_requantize_s16s8__neon);

void EQ_SYM(eq_requantize_s16s8__neon)(const int16_t *restrict x, int8_t *restrict y,
                                       const eq_requantize_s16s8_params *restrict p)
{
    const eq_requantize_numbers_neon n = EQ_REQUANTIZE_NEON(p);
    eq_requantize_neon(x, y, p->count, &n, EQ_HALVES, EQ_BYTES, eq_is_single());
}
