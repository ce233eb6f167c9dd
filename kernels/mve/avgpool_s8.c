/* avgpool_s8 for MVE: eight channels at once, summed in int16, divided by a multiplication.
 *
 * Exact: at most 255 values of at least -128 stay within int16.  A quotient t / n of 0 <= t <
 * 2^17 and 2 <= n <= 255 is floor(t * m / 2^31) with m = floor(2^31 / n) + 1: m exceeds 2^31 / n
 * by at most 1, which adds at most t / 2^31 < 1 / n.  Form away divides the absolute value;
 * form up adds 128 * n first, so that nothing is below zero, and takes 128 off the quotient.
 *
 * @requires kh * kw <= 255
 * @overlap rows
 */
#include "edgeq/avgpool_s8.h"
#include "edgeq/fixed_point_mve.h"

eq_avgpool_s8_fn EQ_SYM(eq_avgpool_s8__mve);

/* 1 in form up, where eq_divide(-3, 2) is -1; else 0. */
static inline int EQ_SYM(avgpool_s8_mve_is_up)(void)
{
    return eq_divide(-3, 2) == -1;
}

/* The part of a window inside the image: rows [r0, r1), `columns` from c0 on. */
typedef struct {
    int32_t r0, r1, c0, columns, count, half, factor;
} EQ_SYM(avgpool_s8_mve_window);

static inline EQ_SYM(avgpool_s8_mve_window)
    EQ_SYM(avgpool_s8_mve_at)(int32_t h, int32_t w, const eq_avgpool_s8_params *restrict p)
{
    const int32_t top = h * p->stride_h - p->pad_top, left = w * p->stride_w - p->pad_left;
    EQ_SYM(avgpool_s8_mve_window) v;
    v.r0 = top > 0 ? top : 0;
    v.r1 = top + p->kh < p->in_h ? top + p->kh : p->in_h;
    v.c0 = left > 0 ? left : 0;
    v.columns = (left + p->kw < p->in_w ? left + p->kw : p->in_w) - v.c0;
    v.count = (v.r1 - v.r0) * v.columns;
    v.half = v.count / 2;
    v.factor = (int32_t)((1U << 31) / (uint32_t)v.count + 1);
    return v;
}

/* round(sum / count) in four lanes. */
static inline int32x4_t EQ_SYM(avgpool_s8_mve_mean)(int32x4_t sum,
                                                    const EQ_SYM(avgpool_s8_mve_window) * v)
{
    if (v->count == 1)
        return sum;
    if (EQ_SYM(avgpool_s8_mve_is_up)()) {
        const int32x4_t t = vaddq_n_s32(sum, v->half + 128 * v->count);
        return vsubq_n_s32(vqdmulhq_n_s32(t, v->factor), 128);
    }
    const int32x4_t sign = vshrq_n_s32(sum, 31);
    const int32x4_t t = vaddq_n_s32(vabsq_s32(sum), v->half);
    return vsubq_s32(veorq_s32(vqdmulhq_n_s32(t, v->factor), sign), sign);
}

/* The n (all from 8 on) channels of a window that starts at x + c0 * x_pixel. */
static inline int16x8_t EQ_SYM(avgpool_s8_mve_sum)(const int8_t *x, int32_t n,
                                                   const EQ_SYM(avgpool_s8_mve_window) * v,
                                                   const eq_avgpool_s8_params *restrict p)
{
    const int32_t step = p->x_pixel;
    const mve_pred16_t lanes = vctp16q((uint32_t)n);
    int16x8_t sum = vdupq_n_s16(0);
    for (int32_t r = v->r0; r < v->r1; ++r) {
        const int8_t *q = x + ((r % p->x_ring) * p->x_row + v->c0 * step);
        if (n >= 8)
            for (int32_t k = v->columns; k > 0; --k) {
                sum = vaddq_s16(sum, vldrbq_s16(q));
                q += step;
            }
        else
            for (int32_t k = v->columns; k > 0; --k) {
                sum = vaddq_s16(sum, vldrbq_z_s16(q, lanes));
                q += step;
            }
    }
    return sum;
}

void EQ_SYM(eq_avgpool_s8__mve)(const int8_t *x, int8_t *y,
                                const eq_avgpool_s8_params *restrict p)
{
    const int16x8_t lo = vdupq_n_s16((int16_t)p->act_min);
    const int16x8_t hi = vdupq_n_s16((int16_t)p->act_max);
    for (int32_t h = p->row0; h < p->row1; ++h)
        for (int32_t w = 0; w < p->out_w; ++w) {
            const EQ_SYM(avgpool_s8_mve_window) v = EQ_SYM(avgpool_s8_mve_at)(h, w, p);
            int8_t *out = y + (h * p->y_row + w * p->y_pixel);
            for (int32_t c = 0; c < p->in_c; c += 8) {
                const int32_t n = p->in_c - c;
                const int16x8_t sum = EQ_SYM(avgpool_s8_mve_sum)(x + c, n, &v, p);
                const int32x4_t even = EQ_SYM(avgpool_s8_mve_mean)(vmovlbq_s16(sum), &v);
                const int32x4_t odd = EQ_SYM(avgpool_s8_mve_mean)(vmovltq_s16(sum), &v);
                const int16x8_t both = vmovntq_s32(vreinterpretq_s16_s32(even), odd);
                const int16x8_t r = vminq_s16(vmaxq_s16(both, lo), hi);
                vstrbq_p_s16(out + c, r, vctp16q((uint32_t)n));
            }
        }
}
