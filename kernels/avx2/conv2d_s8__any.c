/* conv2d_s8 for AVX2: each window is gathered once, then eight channels at a time are dot
 * products of 16 products per step.
 *
 * The gathered window and the weights have an even number of channels per tap, so that pairs
 * never straddle taps; the other constants are filled up to whole blocks of eight.
 *
 * Exact: see dot_avx2.h; weights of the filling are zero.
 *
 * @packs w (o/8, kh, kw, i/2, o%8, i%2)
 * @packs bias (o/8, o%8)
 * @packs mult (o/8, o%8)
 * @packs shift (o/8, o%8)
 * @scratch kh * kw * ((in_c + 1) / 2 * 2)
 */
#include "edgeq/conv2d_patch.h"
#include "edgeq/conv2d_s8.h"
#include "edgeq/dot_avx2.h"
#include "edgeq/fixed_point_avx2.h"

eq_conv2d_s8_fn EQ_SYM(eq_conv2d_s8__avx2_any);

static inline __m256i EQ_SYM(conv2d_s8_avx2_load)(const int32_t *q)
{
    return _mm256_loadu_si256((const __m256i *)q);
}

void EQ_SYM(eq_conv2d_s8__avx2_any)(const int8_t *restrict x, const int8_t *restrict w,
                                    const int32_t *restrict bias,
                                    const int32_t *restrict mult,
                                    const int32_t *restrict shift, int8_t *restrict y,
                                    int8_t *restrict scratch,
                                    const eq_conv2d_s8_params *restrict p)
{
    const int32_t tap = (p->in_c + 1) / 2 * 2;
    const int32_t taps = p->kh * p->kw * tap;
    for (int32_t h = p->row0; h < p->row1; ++h) {
        for (int32_t c = 0; c < p->out_w; ++c) {
            int8_t *out = y + h * p->y_row + c * p->y_pixel;
            eq_conv2d_s8_patch(x, scratch, h, c, tap, p);
            for (int32_t o = 0; o < p->out_c; o += 8) {
                const __m256i acc = eq_dot_s8_x8(EQ_SYM(conv2d_s8_avx2_load)(bias + o),
                                                 scratch, w + o * taps, taps);
                const __m256i v =
                    eq_requantize_x8(acc, EQ_SYM(conv2d_s8_avx2_load)(mult + o),
                                     EQ_SYM(conv2d_s8_avx2_load)(shift + o));
                eq_store_s8_x8(out + o, v, p->out_c - o, p->zy, p->act_min, p->act_max);
            }
        }
    }
}
