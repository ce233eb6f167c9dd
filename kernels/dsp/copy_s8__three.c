/* copy_s8 for the DSP extension, three planes that become pixels: four at once.
 *
 * Bytes of a plane are spread over two words by a mask, those of two planes joined by a shift,
 * and halves of these packed.
 *
 * Exact: nothing is computed.
 *
 * @requires run == 1 and d3 == 3 and y3 == 1 and y2 == 3 and x2 == 1
 */
#include <string.h>

#include "edgeq/copy_s8.h"

eq_copy_s8_fn eq_copy_s8__dsp_three;

static inline uint32_t copy_s8_dsp_three_load(const int8_t *x)
{
    uint32_t word;
    memcpy(&word, x, 4);
    return word;
}

/* Bytes 0 and 2, and 1 and 3, in halves of a word. */
static inline uint32_t copy_s8_dsp_three_even(uint32_t x)
{
    return x & 0x00ff00ffU;
}

static inline uint32_t copy_s8_dsp_three_odd(uint32_t x)
{
    return (x >> 8) & 0x00ff00ffU;
}

/* Four pixels: a0 b0 c0 a1, b1 c1 a2 b2 and c2 a3 b3 c3, from a0 b0 a2 b2, b1 c1 b3 c3 and
 * c0 a1 c2 a3. */
static inline void copy_s8_dsp_three_four(const int8_t *restrict x, int8_t *restrict y,
                                          int32_t plane)
{
    const uint32_t a = copy_s8_dsp_three_load(x), b = copy_s8_dsp_three_load(x + plane);
    const uint32_t c = copy_s8_dsp_three_load(x + 2 * plane);
    const uint32_t ab = copy_s8_dsp_three_even(a) | copy_s8_dsp_three_even(b) << 8;
    const uint32_t bc = copy_s8_dsp_three_odd(b) | copy_s8_dsp_three_odd(c) << 8;
    const uint32_t ca = copy_s8_dsp_three_even(c) | copy_s8_dsp_three_odd(a) << 8;
    const uint32_t pixels[3] = {(ab & 0xffff) | ca << 16,
                                (bc & 0xffff) | (ab & 0xffff0000U),
                                ca >> 16 | (bc & 0xffff0000U)};
    memcpy(y, pixels, sizeof pixels);
}

static inline void copy_s8_dsp_three_pixels(const int8_t *restrict x, int8_t *restrict y,
                                            int32_t plane, int32_t n)
{
    for (; n >= 4; n -= 4) {
        copy_s8_dsp_three_four(x, y, plane);
        x += 4;
        y += 12;
    }
    for (; n > 0; --n) {
        y[0] = *x;
        y[1] = x[plane];
        y[2] = x[2 * plane];
        ++x;
        y += 3;
    }
}

void eq_copy_s8__dsp_three(const int8_t *restrict x, int8_t *restrict y,
                           const eq_copy_s8_params *restrict p)
{
    for (int32_t i0 = 0; i0 < p->d0; ++i0)
        for (int32_t i1 = 0; i1 < p->d1; ++i1)
            copy_s8_dsp_three_pixels(x + (p->x_base + i0 * p->x0 + i1 * p->x1),
                                     y + (i0 * p->y0 + i1 * p->y1), p->x3, p->d2);
}
