/* requantize_s16 for the DSP extension.
 *
 * Exact: see dsp_requantize.h.
 */
#include "edgeq/requantize_s16.h"
#include "edgeq/dsp_requantize.h"

eq_requantize_s16_fn EQ_SYM(eq_requantize_s16__dsp);

void EQ_SYM(eq_requantize_s16__dsp)(const int16_t *restrict x, int16_t *restrict y,
                                    const eq_requantize_s16_params *restrict p)
{
    const eq_dsp_scaled_tensor t = {x,        y,     p->count,   p->zx,     p->mult,
                                    p->shift, p->zy, p->act_min, p->act_max};
    eq_dsp_requantize_tensor(&t, 2, 2, eq_dsp_form);
}
