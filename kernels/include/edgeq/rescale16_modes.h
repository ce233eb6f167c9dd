/* How vectors of x86 rescale accumulators of int16 activations, as constants: the rounding form.
 */
#ifndef EDGEQ_RESCALE16_MODES_H
#define EDGEQ_RESCALE16_MODES_H

#include "edgeq/rescale_modes.h"

#define eq_form16 EQ_SYM(eq_form16)

/* Forms beside EQ_DOUBLE and EQ_SINGLE. */
enum { EQ_WIDE = 8, EQ_FINE = 9 };

/* What EQ_FORM says, as a constant. */
static inline int eq_form16_double(void)
{
    return EQ_DOUBLE;
}

static inline int eq_form16_single(void)
{
    return EQ_SINGLE;
}

static inline int eq_form16_wide(void)
{
    return EQ_WIDE;
}

static inline int eq_form16_fine(void)
{
    return EQ_FINE;
}

#endif
