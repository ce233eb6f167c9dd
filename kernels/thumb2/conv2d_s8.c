/* conv2d_s8 for Thumb-2 without DSP: four channels of two pixels at once.
 *
 * Each byte of x serves four products, each byte of weights two: 14 instructions for eight.
 * The windows of two pixels are gathered into scratch, interleaved, so that one register walks
 * through both.  The last pixel of an odd number is computed twice.
 *
 * Exact: the contract's sum in another order; the rescale is derived in thumb_rescale.h.
 *
 * @requires dot_bits <= 30
 * @packs w (o/4, khkwi/4, khkwi%4, o%4)
 * @packs bias (o/4, o%4)
 * @scratch 2 * ((kh * kw * in_c + 3) / 4 * 4)
 * @overlap rows
 */
#include <string.h>

#include "edgeq/conv2d_s8.h"
#include "edgeq/thumb_dot.h"

eq_conv2d_s8_fn EQ_SYM(eq_conv2d_s8__thumb2);

/* n bytes into every other byte of `to`; returns what comes after them. */
static inline int8_t *EQ_SYM(conv2d_s8_thumb2_copy)(const int8_t *restrict from,
                                                    int8_t *restrict to, int32_t n)
{
    for (; n >= 4; n -= 4) {
        to[0] = from[0];
        to[2] = from[1];
        to[4] = from[2];
        to[6] = from[3];
        from += 4;
        to += 8;
    }
    for (; n > 0; --n) {
        *to = *from++;
        to += 2;
    }
    return to;
}

static inline int8_t *EQ_SYM(conv2d_s8_thumb2_fill)(int8_t *restrict to, int32_t zx,
                                                    int32_t n)
{
    for (; n > 0; --n) {
        *to = (int8_t)zx;
        to += 2;
    }
    return to;
}

/* The window of output pixel (h, c) into every other byte of `to`. */
static inline void EQ_SYM(conv2d_s8_thumb2_window)(const int8_t *x, int8_t *restrict to,
                                                   int32_t h, int32_t c,
                                                   const eq_conv2d_s8_params *restrict p)
{
    int32_t row = h * p->stride_h - p->pad_top;
    for (int32_t i = 0; i < p->kh; ++i) {
        int32_t column = c * p->stride_w - p->pad_left, j = 0;
        const int32_t whole = column >= 0 && column + p->kw <= p->in_w && p->dil_w == 1;
        if (whole && row >= 0 && row < p->in_h && p->x_pixel == p->in_c) {
            const int8_t *from = x + row % p->x_ring * p->x_row + column * p->x_pixel;
            to = EQ_SYM(conv2d_s8_thumb2_copy)(from, to, p->kw * p->in_c);
            j = p->kw;
        }
        for (; j < p->kw; ++j) {
            const int32_t inside =
                row >= 0 && row < p->in_h && column >= 0 && column < p->in_w;
            if (inside) {
                const int8_t *from = x + row % p->x_ring * p->x_row + column * p->x_pixel;
                to = EQ_SYM(conv2d_s8_thumb2_copy)(from, to, p->in_c);
            } else {
                to = EQ_SYM(conv2d_s8_thumb2_fill)(to, p->zx, p->in_c);
            }
            column += p->dil_w;
        }
        row += p->dil_h;
    }
}

void EQ_SYM(eq_conv2d_s8__thumb2)(const int8_t *x, const int8_t *restrict w,
                                  const int32_t *restrict bias,
                                  const int32_t *restrict mult,
                                  const int32_t *restrict shift, int8_t *y,
                                  int8_t *restrict scratch,
                                  const eq_conv2d_s8_params *restrict p)
{
    const int32_t taps = (p->kh * p->kw * p->in_c + 3) / 4 * 4;
    eq_thumb_layer t = {w,        bias,  mult,       shift,      taps,
                        p->out_c, p->zy, p->act_min, p->act_max, 0};
    eq_thumb_find_plain(&t);
    memset(scratch, 0, (uint32_t)(2 * taps));
    int8_t *first = 0;
    for (int32_t h = p->row0; h < p->row1; ++h) {
        for (int32_t c = 0; c < p->out_w; ++c) {
            int8_t *out = y + h * p->y_row + c * p->y_pixel;
            EQ_SYM(conv2d_s8_thumb2_window)(x, scratch + (first != 0), h, c, p);
            const int32_t last = h + 1 == p->row1 && c + 1 == p->out_w;
            if (first == 0 && last)
                EQ_SYM(conv2d_s8_thumb2_window)(x, scratch + 1, h, c, p);
            if (first == 0 && !last) {
                first = out;
                continue;
            }
            eq_thumb_two(scratch, first != 0 ? first : out, out, &t, eq_thumb_form,
                         eq_thumb_long);
            first = 0;
        }
    }
}
