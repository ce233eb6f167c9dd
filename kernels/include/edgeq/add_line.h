/* Addition along a line in core registers: four elements at a time where both operands are
 * dense.  The line itself is the contract's; its sum may wrap on the way, and fits as a whole.
 */
#ifndef EDGEQ_ADD_LINE_H
#define EDGEQ_ADD_LINE_H

#include <stdint.h>

#include "edgeq/add_s8.h"
#include "edgeq/fixed_point.h"

enum { EQ_LINE_BITS = 21 };

static inline int32_t eq_line_sum(int32_t a, int32_t b, const eq_add_s8_params *p)
{
    const uint32_t of_a = (uint32_t)p->la * (uint32_t)a;
    return (int32_t)(of_a + (uint32_t)p->lb * (uint32_t)b + (uint32_t)p->lc);
}

/* How an instruction set takes four elements. */
typedef void eq_line_four_fn(const int8_t *a, const int8_t *b, int8_t *y,
                             const eq_add_s8_params *p);

static inline __attribute__((always_inline)) void eq_line_row(const int8_t *a,
                                                              const int8_t *b, int8_t *y,
                                                              const eq_add_s8_params *p,
                                                              eq_line_four_fn *four)
{
    const int8_t *const end = y + p->d3;
    if (p->a3 == 1 && p->b3 == 1)
        for (; end - y >= 4; y += 4) {
            four(a, b, y, p);
            a += 4;
            b += 4;
        }
    for (; y != end; ++y) {
        *y = (int8_t)eq_clamp(eq_line_sum(*a, *b, p) >> EQ_LINE_BITS, INT8_MIN, INT8_MAX);
        a += p->a3;
        b += p->b3;
    }
}

static inline __attribute__((always_inline)) void eq_line_rows(const int8_t *a,
                                                               const int8_t *b, int8_t *y,
                                                               const eq_add_s8_params *from,
                                                               eq_line_four_fn *four)
{
    const eq_add_s8_params p = *from;
    for (int32_t i0 = 0; i0 < p.d0; ++i0)
        for (int32_t i1 = 0; i1 < p.d1; ++i1)
            for (int32_t i2 = 0; i2 < p.d2; ++i2) {
                eq_line_row(a + i0 * p.a0 + i1 * p.a1 + i2 * p.a2,
                            b + i0 * p.b0 + i1 * p.b1 + i2 * p.b2, y, &p, four);
                y += p.d3;
            }
}

#endif
