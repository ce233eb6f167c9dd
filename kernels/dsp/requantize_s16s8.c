/* requantize_s16s8 for the DSP extension.
 *
 * Exact: see dsp_requantize.h.
 */
#include "edgeq/requantize_s16s8.h"
#include "edgeq/dsp_requantize.h"

eq_requantize_s16s8_fn EQ_SYM(eq_requantize_s16s8__dsp);

void EQ_SYM(eq_requantize_s16s8__dsp)(const int16_t *restrict x, int8_t *restrict y,
                                      const eq_requantize_s16s8_params *restrict p)
{
    const eq_dsp_scaled_tensor t = {x,        y,     p->count,   p->zx,     p->mult,
                                    p->shift, p->zy, p->act_min, p->act_max};
    eq_dsp_requantize_tensor(&t, 2, 1, eq_dsp_form);
}
