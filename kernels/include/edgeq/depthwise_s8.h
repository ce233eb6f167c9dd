/* depthwise_s8 -- depthwise convolution, int8 activations, int8 weights per output channel.
 *
 * With o = i * multiplier + m for every input channel i and m in [0, multiplier):
 *
 *   acc[h][w][o] = bias[o] + sum_{kh,kw} X[h * stride_h - pad_top + kh * dil_h]
 *                                         [w * stride_w - pad_left + kw * dil_w][i]
 *                                        * w[kh][kw][o]
 *   y[h][w][o] = clamp(requantize(acc, mult[o], shift[o]) + zy)
 *
 * for the output rows [row0, row1) of one image.  X is x inside [0, in_h) x [0, in_w) and
 * zx outside.  The bias already holds b[o] - zx * sum w[o]: the input zero point is folded
 * when the model is compiled, so zx serves borders alone.  The compiler proved that every
 * partial sum, in any order, stays within int32, and that the rescale and the sum with zy
 * do.
 *
 * Pixel (r, c) of x starts at x + (r % x_ring) * x_row + c * x_pixel, that of y at y + r *
 * y_row + c * y_pixel; channels are contiguous.  A ring holds all rows that a window reads.
 *
 * @forms double single
 * @work row1 - row0
 * @work (row1 - row0) * out_w
 * @work (row1 - row0) * out_w * in_c * multiplier
 * @work (row1 - row0) * out_w * kh * kw * in_c * multiplier
 * @work (row1 - row0) * out_w * kh * kw * ((in_c * multiplier + 15) / 16)
 * @work (row1 - row0) * stride_h * in_w * in_c
 */
#ifndef EDGEQ_DEPTHWISE_S8_H
#define EDGEQ_DEPTHWISE_S8_H

#include <stdint.h>

typedef struct {
    int32_t in_h;       /* H >= 1, rows of the image */
    int32_t in_w;       /* W >= 1 */
    int32_t in_c;       /* I >= 1 */
    int32_t multiplier; /* >= 1; O = I * multiplier */
    int32_t out_w;      /* OW >= 1 */
    int32_t kh;         /* KH >= 1 */
    int32_t kw;         /* KW >= 1 */
    int32_t stride_h;   /* >= 1 */
    int32_t stride_w;   /* >= 1 */
    int32_t dil_h;      /* >= 1 */
    int32_t dil_w;      /* >= 1 */
    int32_t pad_top;    /* >= 0 */
    int32_t pad_left;   /* >= 0 */
    int32_t row0;       /* first output row, >= 0 */
    int32_t row1;       /* end of the output rows, > row0 */
    int32_t x_row;      /* elements from row to row of x, >= 0 */
    int32_t x_pixel;    /* elements from pixel to pixel of x, >= in_c */
    int32_t x_ring;     /* rows in x's ring, in [1, in_h]; in_h without a ring */
    int32_t y_row;      /* elements from row to row of y */
    int32_t y_pixel;    /* elements from pixel to pixel of y, >= O */
    int32_t zx;         /* zero point of x, in [-128, 127] */
    int32_t zy;         /* zero point of y, in [-128, 127] */
    int32_t act_min;    /* clamp, in [-128, act_max] */
    int32_t act_max;    /* clamp, in [act_min, 127] */
} eq_depthwise_s8_params;

typedef void
eq_depthwise_s8_fn(const int8_t *x,               /* (H, W, I) strided */
                   const int8_t *restrict w,      /* (KH, KW, O) */
                   const int32_t *restrict bias,  /* (O) */
                   const int32_t *restrict mult,  /* (O) 0 or in [2^30, 2^31 - 1] */
                   const int32_t *restrict shift, /* (O) in [1, 62] */
                   int8_t *y,                     /* (OH, OW, O) strided */
                   int8_t *restrict scratch,      /* what the kernel's @scratch asks for */
                   const eq_depthwise_s8_params *restrict p);

#endif
