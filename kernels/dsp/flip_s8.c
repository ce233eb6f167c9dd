/* flip_s8 for the DSP extension: four elements with one load and one store.
 *
 * Exact: it is the contract's formula, in four bytes.
 *
 * @inplace x
 */
#include <string.h>

#include "edgeq/flip_s8.h"

eq_flip_s8_fn eq_flip_s8__dsp;

void eq_flip_s8__dsp(const int8_t *x, int8_t *y, const eq_flip_s8_params *restrict p)
{
    const int8_t *end = x + p->count;
    for (; end - x >= 8; x += 8) {
        uint32_t low, high;
        memcpy(&low, x, 4);
        memcpy(&high, x + 4, 4);
        low ^= 0x80808080;
        high ^= 0x80808080;
        memcpy(y, &low, 4);
        memcpy(y + 4, &high, 4);
        y += 8;
    }
    for (; x != end; ++x)
        *y++ = (int8_t)(*x ^ -128);
}
