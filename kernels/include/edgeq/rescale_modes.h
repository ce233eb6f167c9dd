/* How vectors of x86 rescale, as constants: the rounding form, or EQ_ANY added to it;
 * rescale_avx2.h says what they are.
 */
#ifndef EDGEQ_RESCALE_MODES_H
#define EDGEQ_RESCALE_MODES_H

#include "edgeq/fixed_point.h"

#define eq_is_single EQ_SYM(eq_is_single)

enum { EQ_DOUBLE = 0, EQ_SINGLE = 1, EQ_ANY = 4 };

/* What EQ_FORM says, as a constant. */
static inline int eq_is_single_double(void)
{
    return EQ_DOUBLE;
}

static inline int eq_is_single_single(void)
{
    return EQ_SINGLE;
}

#endif
