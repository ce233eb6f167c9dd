/* avgpool_s16, portable: one walk over a window serves four channels.
 *
 * Exact: sums of integers that the compiler proved to fit, then the contract's division.
 *
 * @overlap rows
 */
#include "edgeq/avgpool_s16.h"
#include "edgeq/fixed_point.h"

eq_avgpool_s16_fn eq_avgpool_s16__ref;

/* The part of a window inside the image: rows [r0, r1), columns [c0, c1). */
typedef struct {
    int32_t r0;
    int32_t r1;
    int32_t c0;
    int32_t c1;
    int32_t count;
} avgpool_s16_ref_window;

static inline avgpool_s16_ref_window
avgpool_s16_ref_at(int32_t h, int32_t w, const eq_avgpool_s16_params *restrict p)
{
    const int32_t top = h * p->stride_h - p->pad_top;
    const int32_t left = w * p->stride_w - p->pad_left;
    avgpool_s16_ref_window v;
    v.r0 = top > 0 ? top : 0;
    v.r1 = top + p->kh < p->in_h ? top + p->kh : p->in_h;
    v.c0 = left > 0 ? left : 0;
    v.c1 = left + p->kw < p->in_w ? left + p->kw : p->in_w;
    v.count = (v.r1 - v.r0) * (v.c1 - v.c0);
    return v;
}

static inline int16_t avgpool_s16_ref_mean(int32_t acc, int32_t count,
                                           const eq_avgpool_s16_params *restrict p)
{
    return (int16_t)eq_clamp(eq_divide_away(acc, count), p->act_min, p->act_max);
}

static inline void avgpool_s16_ref_one(const int16_t *x, int16_t *y,
                                       avgpool_s16_ref_window v,
                                       const eq_avgpool_s16_params *restrict p)
{
    int32_t acc = 0;
    for (int32_t r = v.r0; r < v.r1; ++r) {
        const int16_t *q = x + (r % p->x_ring) * p->x_row;
        for (int32_t c = v.c0; c < v.c1; ++c)
            acc += q[c * p->x_pixel];
    }
    *y = avgpool_s16_ref_mean(acc, v.count, p);
}

static inline void avgpool_s16_ref_four(const int16_t *x, int16_t *y,
                                        avgpool_s16_ref_window v,
                                        const eq_avgpool_s16_params *restrict p)
{
    int32_t a0 = 0, a1 = 0, a2 = 0, a3 = 0;
    for (int32_t r = v.r0; r < v.r1; ++r) {
        const int16_t *q = x + ((r % p->x_ring) * p->x_row + v.c0 * p->x_pixel);
        for (int32_t n = v.c1 - v.c0; n > 0; --n) {
            a0 += q[0];
            a1 += q[1];
            a2 += q[2];
            a3 += q[3];
            q += p->x_pixel;
        }
    }
    y[0] = avgpool_s16_ref_mean(a0, v.count, p);
    y[1] = avgpool_s16_ref_mean(a1, v.count, p);
    y[2] = avgpool_s16_ref_mean(a2, v.count, p);
    y[3] = avgpool_s16_ref_mean(a3, v.count, p);
}

void eq_avgpool_s16__ref(const int16_t *x, int16_t *y,
                         const eq_avgpool_s16_params *restrict p)
{
    for (int32_t h = p->row0; h < p->row1; ++h)
        for (int32_t w = 0; w < p->out_w; ++w) {
            const avgpool_s16_ref_window v = avgpool_s16_ref_at(h, w, p);
            int16_t *out = y + (h * p->y_row + w * p->y_pixel);
            int32_t c = 0;
            for (; c + 4 <= p->in_c; c += 4)
                avgpool_s16_ref_four(x + c, out + c, v, p);
            for (; c < p->in_c; ++c)
                avgpool_s16_ref_one(x + c, out + c, v, p);
        }
}
