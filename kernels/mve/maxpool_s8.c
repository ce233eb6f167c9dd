/* maxpool_s8 for MVE: sixteen channels at once.
 *
 * Exact: nothing is rounded.  The clamp's lower end stands in for the maximum of nothing.
 *
 * @overlap rows
 */
#include "edgeq/maxpool_s8.h"

#include <arm_mve.h>

eq_maxpool_s8_fn eq_maxpool_s8__mve;

/* The part of a window inside the image: rows [r0, r1), `columns` from c0 on. */
typedef struct {
    int32_t r0, r1, c0, columns;
} maxpool_s8_mve_window;

static inline maxpool_s8_mve_window
maxpool_s8_mve_at(int32_t h, int32_t w, const eq_maxpool_s8_params *restrict p)
{
    const int32_t top = h * p->stride_h - p->pad_top, left = w * p->stride_w - p->pad_left;
    maxpool_s8_mve_window v;
    v.r0 = top > 0 ? top : 0;
    v.r1 = top + p->kh < p->in_h ? top + p->kh : p->in_h;
    v.c0 = left > 0 ? left : 0;
    v.columns = (left + p->kw < p->in_w ? left + p->kw : p->in_w) - v.c0;
    return v;
}

/* The greatest of act_min and the window, n channels (all from 16 on). */
static inline int8x16_t maxpool_s8_mve_max(const int8_t *x, int32_t n,
                                           const maxpool_s8_mve_window *v,
                                           const eq_maxpool_s8_params *restrict p)
{
    const int32_t step = p->x_pixel;
    const mve_pred16_t lanes = vctp8q((uint32_t)n);
    int8x16_t best = vdupq_n_s8((int8_t)p->act_min);
    for (int32_t r = v->r0; r < v->r1; ++r) {
        const int8_t *q = x + ((r % p->x_ring) * p->x_row + v->c0 * step);
        if (n >= 16)
            for (int32_t k = v->columns; k > 0; --k) {
                best = vmaxq_s8(best, vldrbq_s8(q));
                q += step;
            }
        else
            for (int32_t k = v->columns; k > 0; --k) {
                best = vmaxq_s8(best, vldrbq_z_s8(q, lanes));
                q += step;
            }
    }
    return best;
}

void eq_maxpool_s8__mve(const int8_t *x, int8_t *y, const eq_maxpool_s8_params *restrict p)
{
    const int8x16_t hi = vdupq_n_s8((int8_t)p->act_max);
    for (int32_t h = p->row0; h < p->row1; ++h)
        for (int32_t w = 0; w < p->out_w; ++w) {
            const maxpool_s8_mve_window v = maxpool_s8_mve_at(h, w, p);
            int8_t *out = y + (h * p->y_row + w * p->y_pixel);
            for (int32_t c = 0; c < p->in_c; c += 16) {
                const int32_t n = p->in_c - c;
                const int8x16_t r = vminq_s8(maxpool_s8_mve_max(x + c, n, &v, p), hi);
                vstrbq_p_s8(out + c, r, vctp8q((uint32_t)n));
            }
        }
}
