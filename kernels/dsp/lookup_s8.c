/* lookup_s8 for the DSP extension: four elements with one load and one store.
 *
 * Exact: it is the contract's formula.
 *
 * @inplace x
 */
#include <string.h>

#include "edgeq/lookup_s8.h"

eq_lookup_s8_fn eq_lookup_s8__dsp;

void eq_lookup_s8__dsp(const int8_t *x, const int8_t *restrict table, int8_t *y,
                       const eq_lookup_s8_params *restrict p)
{
    const int8_t *end = x + p->count;
    for (; end - x >= 4; x += 4) {
        uint32_t four;
        memcpy(&four, x, 4);
        four ^= 0x80808080;
        const uint32_t a = (uint8_t)table[four & 0xFF],
                       b = (uint8_t)table[four >> 8 & 0xFF];
        const uint32_t c = (uint8_t)table[four >> 16 & 0xFF],
                       d = (uint8_t)table[four >> 24];
        const uint32_t result = a | b << 8 | c << 16 | d << 24;
        memcpy(y, &result, 4);
        y += 4;
    }
    for (; x != end; ++x)
        *y++ = table[*x + 128];
}
