/* add_s8 along a line for ARMv7-M without the DSP extension: two products for an element and no rescale.
 *
 * Exact: the contract says that the line gives the same bytes.
 *
 * @requires line == 1 and act_min == -128 and act_max == 127
 * @inplace a b
 */
#include "edgeq/add_line.h"
#include "edgeq/thumb_rescale.h"

eq_add_s8_fn EQ_SYM(eq_add_s8__thumb2_line);

static inline __attribute__((always_inline)) void
EQ_SYM(add_s8_thumb2_line_four)(const int8_t *a, const int8_t *b, int8_t *y,
                                const eq_add_s8_params *p)
{
    const int32_t v0 = eq_line_sum(a[0], b[0], p) >> EQ_LINE_BITS;
    const int32_t v1 = eq_line_sum(a[1], b[1], p) >> EQ_LINE_BITS;
    const int32_t v2 = eq_line_sum(a[2], b[2], p) >> EQ_LINE_BITS;
    const int32_t v3 = eq_line_sum(a[3], b[3], p) >> EQ_LINE_BITS;
    y[0] = eq_thumb_int8(v0, eq_thumb_long);
    y[1] = eq_thumb_int8(v1, eq_thumb_long);
    y[2] = eq_thumb_int8(v2, eq_thumb_long);
    y[3] = eq_thumb_int8(v3, eq_thumb_long);
}

void EQ_SYM(eq_add_s8__thumb2_line)(const int8_t *a, const int8_t *b, int8_t *y,
                                    const eq_add_s8_params *restrict p)
{
    eq_line_rows(a, b, y, p, EQ_SYM(add_s8_thumb2_line_four));
}
