/* avgpool_s8, portable: one walk over a window serves four channels.
 *
 * Exact: sums of integers that the compiler proved to fit, then the contract's division.
 *
 * @overlap rows
 */
#include "edgeq/avgpool_s8.h"
#include "edgeq/fixed_point.h"

eq_avgpool_s8_fn EQ_SYM(eq_avgpool_s8__ref);

/* The part of a window inside the image: rows [r0, r1), columns [c0, c1). */
typedef struct {
    int32_t r0;
    int32_t r1;
    int32_t c0;
    int32_t c1;
    int32_t count;
} EQ_SYM(avgpool_s8_ref_window);

static inline EQ_SYM(avgpool_s8_ref_window)
    EQ_SYM(avgpool_s8_ref_at)(int32_t h, int32_t w, const eq_avgpool_s8_params *restrict p)
{
    const int32_t top = h * p->stride_h - p->pad_top;
    const int32_t left = w * p->stride_w - p->pad_left;
    EQ_SYM(avgpool_s8_ref_window) v;
    v.r0 = top > 0 ? top : 0;
    v.r1 = top + p->kh < p->in_h ? top + p->kh : p->in_h;
    v.c0 = left > 0 ? left : 0;
    v.c1 = left + p->kw < p->in_w ? left + p->kw : p->in_w;
    v.count = (v.r1 - v.r0) * (v.c1 - v.c0);
    return v;
}

static inline int8_t EQ_SYM(avgpool_s8_ref_mean)(int32_t acc, int32_t count,
                                                 const eq_avgpool_s8_params *restrict p)
{
    return (int8_t)eq_clamp(eq_divide(acc, count), p->act_min, p->act_max);
}

static inline void EQ_SYM(avgpool_s8_ref_one)(const int8_t *x, int8_t *y,
                                              EQ_SYM(avgpool_s8_ref_window) v,
                                              const eq_avgpool_s8_params *restrict p)
{
    int32_t acc = 0;
    for (int32_t r = v.r0; r < v.r1; ++r) {
        const int8_t *q = x + (r % p->x_ring) * p->x_row;
        for (int32_t c = v.c0; c < v.c1; ++c)
            acc += q[c * p->x_pixel];
    }
    *y = EQ_SYM(avgpool_s8_ref_mean)(acc, v.count, p);
}

static inline void EQ_SYM(avgpool_s8_ref_four)(const int8_t *x, int8_t *y,
                                               EQ_SYM(avgpool_s8_ref_window) v,
                                               const eq_avgpool_s8_params *restrict p)
{
    int32_t a0 = 0, a1 = 0, a2 = 0, a3 = 0;
    for (int32_t r = v.r0; r < v.r1; ++r) {
        const int8_t *q = x + ((r % p->x_ring) * p->x_row + v.c0 * p->x_pixel);
        for (int32_t n = v.c1 - v.c0; n > 0; --n) {
            a0 += q[0];
            a1 += q[1];
            a2 += q[2];
            a3 += q[3];
            q += p->x_pixel;
        }
    }
    y[0] = EQ_SYM(avgpool_s8_ref_mean)(a0, v.count, p);
    y[1] = EQ_SYM(avgpool_s8_ref_mean)(a1, v.count, p);
    y[2] = EQ_SYM(avgpool_s8_ref_mean)(a2, v.count, p);
    y[3] = EQ_SYM(avgpool_s8_ref_mean)(a3, v.count, p);
}

void EQ_SYM(eq_avgpool_s8__ref)(const int8_t *x, int8_t *y,
                                const eq_avgpool_s8_params *restrict p)
{
    for (int32_t h = p->row0; h < p->row1; ++h)
        for (int32_t w = 0; w < p->out_w; ++w) {
            const EQ_SYM(avgpool_s8_ref_window) v = EQ_SYM(avgpool_s8_ref_at)(h, w, p);
            int8_t *out = y + (h * p->y_row + w * p->y_pixel);
            int32_t c = 0;
            for (; c + 4 <= p->in_c; c += 4)
                EQ_SYM(avgpool_s8_ref_four)(x + c, out + c, v, p);
            for (; c < p->in_c; ++c)
                EQ_SYM(avgpool_s8_ref_one)(x + c, out + c, v, p);
        }
}
