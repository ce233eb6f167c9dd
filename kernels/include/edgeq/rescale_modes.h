/* How vectors of x86 rescale, as constants: the rounding form, EQ_LIVE, or EQ_ANY added to a form;
 * rescale_avx2.h says what they are.
 */
#ifndef EDGEQ_RESCALE_MODES_H
#define EDGEQ_RESCALE_MODES_H

#include "edgeq/fixed_point.h"

#define eq_is_single EQ_SYM(eq_is_single)

enum { EQ_DOUBLE = 0, EQ_SINGLE = 1, EQ_LIVE = 2, EQ_ANY = 4 };

/* What EQ_FORM says, as a constant. */
static inline int eq_is_single_double(void)
{
    return EQ_DOUBLE;
}

static inline int eq_is_single_single(void)
{
    return EQ_SINGLE;
}

/* 1 where y is -128 for all that is not above zero and any other byte may follow. */
static inline int eq_is_live(int32_t zy, int32_t lo, int32_t hi)
{
    return zy == -128 && lo == -128 && hi == 127;
}

#endif
