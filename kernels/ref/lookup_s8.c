/* lookup_s8, portable: one load from the table per element.
 *
 * Exact: it is the contract's formula.
 *
 * @inplace x
 */
#include "edgeq/lookup_s8.h"

eq_lookup_s8_fn eq_lookup_s8__ref;

void eq_lookup_s8__ref(const int8_t *x, const int8_t *restrict table, int8_t *y,
                       const eq_lookup_s8_params *restrict p)
{
    const int8_t *middle = table + 128;
    const int8_t *end = x + p->count;
    while (x != end)
        *y++ = middle[*x++];
}
