/* flip_s8 for NEON: sixteen elements at once.
 *
 * Exact: it is the contract's formula.
 *
 * @inplace x
 */
#include "edgeq/flip_s8.h"

#include <arm_neon.h>

eq_flip_s8_fn eq_flip_s8__neon;

void eq_flip_s8__neon(const int8_t *x, int8_t *y, const eq_flip_s8_params *restrict p)
{
    const uint8x16_t top = vdupq_n_u8(128);
    int32_t i = 0;
    for (; i + 16 <= p->count; i += 16) {
        const uint8x16_t v = vreinterpretq_u8_s8(vld1q_s8(x + i));
        vst1q_s8(y + i, vreinterpretq_s8_u8(veorq_u8(v, top)));
    }
    for (; i < p->count; ++i)
        y[i] = (int8_t)(x[i] ^ -128);
}
