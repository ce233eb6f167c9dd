/* depthwise_s8zw, portable: for every output pixel the taps inside the input are found
 * once, then each channel walks down the window.
 *
 * Taps outside the input add zx times their weights less zw, which lie in runs of taps, so
 * no loop tests a coordinate.
 *
 * Exact: it is the contract's formula; the compiler proved that partial sums stay in int32.
 *
 * @overlap rows
 */
#include "edgeq/depthwise_s8zw.h"
#include "edgeq/fixed_point.h"
#include "edgeq/window.h"

eq_depthwise_s8zw_fn EQ_SYM(eq_depthwise_s8zw__ref);

/* A window: taps [kh0, kh1) x [kw0, kw1) are inside; `row` is the ring's row of tap kh0 and
 * `x` the column of tap kw0; taps are `step` elements apart in x and `taps` apart in w.
 * `border` says that some taps are outside, and that they count. */
typedef struct {
    const int8_t *x;
    int32_t kh0, kh1, kw0, kw1, row, step, taps, border;
} EQ_SYM(depthwise_s8zw_ref_window);

static inline int32_t EQ_SYM(depthwise_s8zw_ref_sum)(const int8_t *w, int32_t n,
                                                     int32_t step, int32_t zw)
{
    int32_t sum = 0;
    for (int32_t i = 0; i < n; ++i) {
        sum += *w - zw;
        w += step;
    }
    return sum;
}

/* sum x * (w - zw) over the taps inside, for channel `i` of x and one output. */
static inline int32_t
EQ_SYM(depthwise_s8zw_ref_inside)(const EQ_SYM(depthwise_s8zw_ref_window) * t, int32_t i,
                                  const int8_t *w, const eq_depthwise_s8zw_params *p)
{
    const int32_t inside = t->kw1 - t->kw0;
    const int32_t skipped = (p->kw - inside) * t->taps;
    int32_t acc = 0;
    int32_t row = t->row;
    w += (t->kh0 * p->kw + t->kw0) * t->taps;
    for (int32_t kh = t->kh0; kh < t->kh1; ++kh) {
        const int8_t *x = t->x + row * p->x_row + i;
        for (int32_t k = 0; k < inside; ++k) {
            acc += *x * (*w - p->zw);
            x += t->step;
            w += t->taps;
        }
        w += skipped;
        row += p->dil_h;
        if (row >= p->x_ring)
            row -= p->x_ring;
    }
    return acc;
}

/* sum (w - zw) over the taps outside: above, left and right of each row inside, below. */
static inline int32_t
EQ_SYM(depthwise_s8zw_ref_outside)(const EQ_SYM(depthwise_s8zw_ref_window) * t,
                                   const int8_t *w, const eq_depthwise_s8zw_params *p)
{
    const int32_t w_row = p->kw * t->taps;
    const int32_t right = p->kw - t->kw1;
    int32_t sum = EQ_SYM(depthwise_s8zw_ref_sum)(w, t->kh0 * p->kw, t->taps, p->zw);
    for (int32_t kh = t->kh0; kh < t->kh1; ++kh) {
        const int8_t *row = w + kh * w_row;
        sum += EQ_SYM(depthwise_s8zw_ref_sum)(row, t->kw0, t->taps, p->zw);
        sum +=
            EQ_SYM(depthwise_s8zw_ref_sum)(row + t->kw1 * t->taps, right, t->taps, p->zw);
    }
    const int8_t *below = w + t->kh1 * w_row;
    return sum +
           EQ_SYM(depthwise_s8zw_ref_sum)(below, (p->kh - t->kh1) * p->kw, t->taps, p->zw);
}

/* The part of a window that its row decides. */
static inline void EQ_SYM(depthwise_s8zw_ref_rows)(EQ_SYM(depthwise_s8zw_ref_window) * t,
                                                   int32_t h,
                                                   const eq_depthwise_s8zw_params *p)
{
    const int32_t top = h * p->stride_h - p->pad_top;
    t->kh0 = eq_taps_before(top, p->dil_h, p->kh);
    t->kh1 = eq_taps_before(top - p->in_h, p->dil_h, p->kh);
    t->row = t->kh0 < t->kh1 ? (top + t->kh0 * p->dil_h) % p->x_ring : 0;
}

/* The part of a window that its column decides. */
static inline void EQ_SYM(depthwise_s8zw_ref_columns)(EQ_SYM(depthwise_s8zw_ref_window) * t,
                                                      const int8_t *x, int32_t c,
                                                      const eq_depthwise_s8zw_params *p)
{
    const int32_t at = c * p->stride_w - p->pad_left;
    t->kw0 = eq_taps_before(at, p->dil_w, p->kw);
    t->kw1 = eq_taps_before(at - p->in_w, p->dil_w, p->kw);
    t->border = p->zx != 0 && (t->kw1 - t->kw0 < p->kw || t->kh1 - t->kh0 < p->kh);
    t->x = t->kw0 < t->kw1 ? x + (at + t->kw0 * p->dil_w) * p->x_pixel : x;
}

void EQ_SYM(eq_depthwise_s8zw__ref)(const int8_t *x, const int8_t *restrict w,
                                    const int32_t *restrict bias,
                                    const int32_t *restrict mult,
                                    const int32_t *restrict shift, int8_t *y,
                                    int8_t *restrict scratch,
                                    const eq_depthwise_s8zw_params *restrict p)
{
    (void)scratch;
    EQ_SYM(depthwise_s8zw_ref_window) t;
    t.step = p->dil_w * p->x_pixel;
    t.taps = p->in_c * p->multiplier;
    for (int32_t h = p->row0; h < p->row1; ++h) {
        EQ_SYM(depthwise_s8zw_ref_rows)(&t, h, p);
        for (int32_t c = 0; c < p->out_w; ++c) {
            EQ_SYM(depthwise_s8zw_ref_columns)(&t, x, c, p);
            int8_t *out = y + h * p->y_row + c * p->y_pixel;
            int32_t o = 0;
            for (int32_t i = 0; i < p->in_c; ++i) {
                for (const int32_t end = o + p->multiplier; o < end; ++o) {
                    int32_t acc =
                        bias[o] + EQ_SYM(depthwise_s8zw_ref_inside)(&t, i, w + o, p);
                    if (t.border)
                        acc += p->zx * EQ_SYM(depthwise_s8zw_ref_outside)(&t, w + o, p);
                    const int32_t v = eq_requantize(acc, mult[o], shift[o]) + p->zy;
                    out[o] = (int8_t)eq_clamp(v, p->act_min, p->act_max);
                }
            }
        }
    }
}
