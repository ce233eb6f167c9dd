/* Tensors of int8 and int16 on another scale, with the DSP extension: 15 to 17 instructions an
 * element.
 *
 * With l = max(31 - shift, 0), r = max(shift - 31, 0) and twice = (x - zx) * 2^(l + 1), which the
 * contracts keep within int32:
 *
 *   r == 0  both forms are the upper half of twice * mult + 2^31, which SMMULR gives
 *   r >= 1  see dsp_rescale.h
 */
#ifndef EDGEQ_DSP_REQUANTIZE_H
#define EDGEQ_DSP_REQUANTIZE_H

#include "edgeq/dsp_rescale.h"

/* What the contracts' params have in common, and where the arrays are. */
typedef struct {
    const void *x;
    void *y;
    int32_t count, zx, mult, shift, zy, lo, hi;
} eq_dsp_scaled_tensor;

/* Elements of 1 or 2 bytes; sizes are constants. */
static inline int32_t eq_dsp_element(const void *x, int32_t i, int size)
{
    return size == 1 ? ((const int8_t *)x)[i] : ((const int16_t *)x)[i];
}

static inline void eq_dsp_put_element(void *y, int32_t i, int32_t v, int size)
{
    if (size == 1)
        ((int8_t *)y)[i] = (int8_t)v;
    else
        ((int16_t *)y)[i] = (int16_t)v;
}

/* The upper half of twice * mult + 2^31. */
static inline int32_t eq_dsp_rounded_high(int32_t twice, int32_t mult)
{
    int32_t y;
    __asm__("smmulr %0, %1, %2" : "=r"(y) : "r"(twice), "r"(mult));
    return y;
}

/* All elements.  form, sizes and whole, which says that r is 0, are constants. */
static inline __attribute__((always_inline)) void
eq_dsp_scale_tensor(const eq_dsp_scaled_tensor *t, int x_size, int y_size, int whole,
                    int32_t form)
{
    const int32_t left = whole ? 32 - t->shift : 1, right = whole ? 0 : t->shift - 31;
    const int32_t round = whole ? 0 : 1 << (right - 1);
    for (int32_t i = 0; i < t->count; ++i) {
        const int32_t from = eq_dsp_element(t->x, i, x_size) - t->zx;
        const int32_t twice = (int32_t)((uint32_t)from << left);
        const int32_t v = whole ? eq_dsp_rounded_high(twice, t->mult)
                                : (eq_dsp_scaled(twice, t->mult, round, form) >> right);
        eq_dsp_put_element(t->y, i, eq_clamp(v + t->zy, t->lo, t->hi), y_size);
    }
}

static inline __attribute__((always_inline)) void
eq_dsp_requantize_tensor(const eq_dsp_scaled_tensor *t, int x_size, int y_size,
                         int32_t form)
{
    if (t->shift <= 31)
        eq_dsp_scale_tensor(t, x_size, y_size, 1, form);
    else
        eq_dsp_scale_tensor(t, x_size, y_size, 0, form);
}

#endif
