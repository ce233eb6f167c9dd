/* maxpool_s8, portable: one walk over a window serves four channels.
 *
 * Exact: nothing is rounded.  The clamp's lower end stands in for the maximum of nothing.
 *
 * @overlap rows
 */
#include "edgeq/maxpool_s8.h"

eq_maxpool_s8_fn eq_maxpool_s8__ref;

/* The part of a window inside the image: rows [r0, r1), columns [c0, c1). */
typedef struct {
    int32_t r0;
    int32_t r1;
    int32_t c0;
    int32_t c1;
} maxpool_s8_ref_window;

static inline maxpool_s8_ref_window
maxpool_s8_ref_at(int32_t h, int32_t w, const eq_maxpool_s8_params *restrict p)
{
    const int32_t top = h * p->stride_h - p->pad_top;
    const int32_t left = w * p->stride_w - p->pad_left;
    maxpool_s8_ref_window v;
    v.r0 = top > 0 ? top : 0;
    v.r1 = top + p->kh < p->in_h ? top + p->kh : p->in_h;
    v.c0 = left > 0 ? left : 0;
    v.c1 = left + p->kw < p->in_w ? left + p->kw : p->in_w;
    return v;
}

static inline int32_t maxpool_s8_ref_larger(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static inline int8_t maxpool_s8_ref_least(int32_t a, int32_t act_max)
{
    return (int8_t)(a < act_max ? a : act_max);
}

static inline void maxpool_s8_ref_one(const int8_t *x, int8_t *y, maxpool_s8_ref_window v,
                                      const eq_maxpool_s8_params *restrict p)
{
    int32_t best = p->act_min;
    for (int32_t r = v.r0; r < v.r1; ++r) {
        const int8_t *q = x + (r % p->x_ring) * p->x_row;
        for (int32_t c = v.c0; c < v.c1; ++c)
            best = maxpool_s8_ref_larger(best, q[c * p->x_pixel]);
    }
    *y = maxpool_s8_ref_least(best, p->act_max);
}

static inline void maxpool_s8_ref_four(const int8_t *x, int8_t *y, maxpool_s8_ref_window v,
                                       const eq_maxpool_s8_params *restrict p)
{
    int32_t a0 = p->act_min, a1 = a0, a2 = a0, a3 = a0;
    for (int32_t r = v.r0; r < v.r1; ++r) {
        const int8_t *q = x + ((r % p->x_ring) * p->x_row + v.c0 * p->x_pixel);
        for (int32_t n = v.c1 - v.c0; n > 0; --n) {
            a0 = maxpool_s8_ref_larger(a0, q[0]);
            a1 = maxpool_s8_ref_larger(a1, q[1]);
            a2 = maxpool_s8_ref_larger(a2, q[2]);
            a3 = maxpool_s8_ref_larger(a3, q[3]);
            q += p->x_pixel;
        }
    }
    y[0] = maxpool_s8_ref_least(a0, p->act_max);
    y[1] = maxpool_s8_ref_least(a1, p->act_max);
    y[2] = maxpool_s8_ref_least(a2, p->act_max);
    y[3] = maxpool_s8_ref_least(a3, p->act_max);
}

void eq_maxpool_s8__ref(const int8_t *x, int8_t *y, const eq_maxpool_s8_params *restrict p)
{
    for (int32_t h = p->row0; h < p->row1; ++h)
        for (int32_t w = 0; w < p->out_w; ++w) {
            const maxpool_s8_ref_window v = maxpool_s8_ref_at(h, w, p);
            int8_t *out = y + (h * p->y_row + w * p->y_pixel);
            int32_t c = 0;
            for (; c + 4 <= p->in_c; c += 4)
                maxpool_s8_ref_four(x + c, out + c, v, p);
            for (; c < p->in_c; ++c)
                maxpool_s8_ref_one(x + c, out + c, v, p);
        }
}
