/* requantize_s8s16 for NEON: eight elements at once.
 *
 * Exact: see requantize_neon.h.
 */
#include "edgeq/requantize_s8s16.h"
#include "edgeq/requantize_neon.h"
#include "edgeq/rescale_neon.h"

eq_requantize_s8s16_fn EQ_SYM(eq_requantize_s8s16__neon);

void EQ_SYM(eq_requantize_s8s16__neon)(const int8_t *restrict x, int16_t *restrict y,
                                       const eq_requantize_s8s16_params *restrict p)
{
    const eq_requantize_numbers_neon n = EQ_REQUANTIZE_NEON(p);
    eq_requantize_neon(x, y, p->count, &n, EQ_BYTES, EQ_HALVES, eq_is_single());
}
