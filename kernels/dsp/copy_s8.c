/* copy_s8 for cores that load words from any address: sixteen bytes at a time.
 *
 * Small C libraries copy byte by byte, at five instructions each.
 *
 * Exact: nothing is computed.
 *
 * @requires run >= 8
 */
#include <string.h>

#include "edgeq/copy_s8.h"

eq_copy_s8_fn eq_copy_s8__dsp;

static inline void copy_s8_dsp_word(const int8_t *restrict x, int8_t *restrict y)
{
    int32_t word;
    memcpy(&word, x, 4);
    memcpy(y, &word, 4);
}

static inline void copy_s8_dsp_run(const int8_t *restrict x, int8_t *restrict y, int32_t n)
{
    for (; n >= 16; n -= 16) {
        int32_t a, b, c, d;
        memcpy(&a, x, 4);
        memcpy(&b, x + 4, 4);
        memcpy(&c, x + 8, 4);
        memcpy(&d, x + 12, 4);
        memcpy(y, &a, 4);
        memcpy(y + 4, &b, 4);
        memcpy(y + 8, &c, 4);
        memcpy(y + 12, &d, 4);
        x += 16;
        y += 16;
    }
    if (n & 8) {
        copy_s8_dsp_word(x, y);
        copy_s8_dsp_word(x + 4, y + 4);
        x += 8;
        y += 8;
    }
    if (n & 4) {
        copy_s8_dsp_word(x, y);
        x += 4;
        y += 4;
    }
    if (n & 2) {
        memcpy(y, x, 2);
        x += 2;
        y += 2;
    }
    if (n & 1)
        *y = *x;
}

void eq_copy_s8__dsp(const int8_t *restrict x, int8_t *restrict y,
                     const eq_copy_s8_params *restrict p)
{
    for (int32_t i0 = 0; i0 < p->d0; ++i0)
        for (int32_t i1 = 0; i1 < p->d1; ++i1)
            for (int32_t i2 = 0; i2 < p->d2; ++i2) {
                const int8_t *from = x + (p->x_base + i0 * p->x0 + i1 * p->x1 + i2 * p->x2);
                int8_t *to = y + (i0 * p->y0 + i1 * p->y1 + i2 * p->y2);
                for (int32_t n = p->d3; n > 0; --n) {
                    copy_s8_dsp_run(from, to, p->run);
                    from += p->x3;
                    to += p->y3;
                }
            }
}
