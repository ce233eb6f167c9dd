/* conv2d_s8s4, portable: for every output pixel the taps inside the input are found once,
 * then each channel is a few dot products over contiguous memory.
 *
 * Dense pixels without dilation make one run of a window row.  Taps outside the input add
 * zx times their weights, which lie in runs too, so no loop tests a coordinate.
 *
 * Exact: it is the contract's formula; the compiler proved that partial sums stay in int32.
 *
 * @overlap rows
 */
#include "edgeq/conv2d_s8s4.h"
#include "edgeq/fixed_point.h"
#include "edgeq/nibbles.h"
#include "edgeq/window.h"

eq_conv2d_s8s4_fn EQ_SYM(eq_conv2d_s8s4__ref);

/* A window: taps [kh0, kh1) x [kw0, kw1) are inside; `row` is the ring's row of tap kh0 and
 * `x` the column of tap kw0; a window row is `runs` runs of `run` elements, `step` apart.
 * `border` says that some taps are outside, and that they count. */
typedef struct {
    const int8_t *x;
    int32_t kh0, kh1, kw0, kw1, row, runs, run, step, border;
} EQ_SYM(conv2d_s8s4_ref_window);

/* sum x * w over the taps inside, for the weights of one channel, which start at `at`. */
static inline int32_t
EQ_SYM(conv2d_s8s4_ref_inside)(const EQ_SYM(conv2d_s8s4_ref_window) * t, const int8_t *w,
                               int32_t at, const eq_conv2d_s8s4_params *p)
{
    int32_t acc = 0;
    int32_t row = t->row;
    at += (t->kh0 * p->kw + t->kw0) * p->in_c;
    for (int32_t kh = t->kh0; kh < t->kh1; ++kh) {
        const int8_t *x = t->x + row * p->x_row;
        for (int32_t k = 0; k < t->runs; ++k)
            acc += eq_nibbles_dot(x + k * t->step, w, at + k * t->run, t->run);
        at += p->kw * p->in_c;
        row += p->dil_h;
        if (row >= p->x_ring)
            row -= p->x_ring;
    }
    return acc;
}

/* The same weights summed over the taps outside: above, left and right of each row inside,
 * below. */
static inline int32_t
EQ_SYM(conv2d_s8s4_ref_outside)(const EQ_SYM(conv2d_s8s4_ref_window) * t, const int8_t *w,
                                int32_t at, const eq_conv2d_s8s4_params *p)
{
    const int32_t w_row = p->kw * p->in_c;
    const int32_t left = t->kw0 * p->in_c;
    const int32_t right = t->kw1 * p->in_c;
    int32_t sum = eq_nibbles_sum(w, at, t->kh0 * w_row);
    for (int32_t kh = t->kh0; kh < t->kh1; ++kh) {
        const int32_t row = at + kh * w_row;
        sum += eq_nibbles_sum(w, row, left);
        sum += eq_nibbles_sum(w, row + right, w_row - right);
    }
    return sum + eq_nibbles_sum(w, at + t->kh1 * w_row, (p->kh - t->kh1) * w_row);
}

/* The part of a window that its row decides. */
static inline void EQ_SYM(conv2d_s8s4_ref_rows)(EQ_SYM(conv2d_s8s4_ref_window) * t,
                                                int32_t h, const eq_conv2d_s8s4_params *p)
{
    const int32_t top = h * p->stride_h - p->pad_top;
    t->kh0 = eq_taps_before(top, p->dil_h, p->kh);
    t->kh1 = eq_taps_before(top - p->in_h, p->dil_h, p->kh);
    t->row = t->kh0 < t->kh1 ? (top + t->kh0 * p->dil_h) % p->x_ring : 0;
}

/* The part of a window that its column decides. */
static inline void EQ_SYM(conv2d_s8s4_ref_columns)(EQ_SYM(conv2d_s8s4_ref_window) * t,
                                                   const int8_t *x, int32_t c,
                                                   const eq_conv2d_s8s4_params *p)
{
    const int32_t at = c * p->stride_w - p->pad_left;
    t->kw0 = eq_taps_before(at, p->dil_w, p->kw);
    t->kw1 = eq_taps_before(at - p->in_w, p->dil_w, p->kw);
    const int32_t taps = t->kw1 - t->kw0;
    const int dense = p->dil_w == 1 && p->x_pixel == p->in_c;
    t->runs = dense ? 1 : taps;
    t->run = dense ? taps * p->in_c : p->in_c;
    t->step = p->dil_w * p->x_pixel;
    t->border = p->zx != 0 && (taps < p->kw || t->kh1 - t->kh0 < p->kh);
    t->x = taps > 0 ? x + (at + t->kw0 * p->dil_w) * p->x_pixel : x;
}

void EQ_SYM(eq_conv2d_s8s4__ref)(const int8_t *x, const int8_t *restrict w,
                                 const int32_t *restrict bias, const int32_t *restrict mult,
                                 const int32_t *restrict shift, int8_t *y,
                                 int8_t *restrict scratch,
                                 const eq_conv2d_s8s4_params *restrict p)
{
    (void)scratch;
    const int32_t w_out = p->kh * p->kw * p->in_c;
    EQ_SYM(conv2d_s8s4_ref_window) t;
    for (int32_t h = p->row0; h < p->row1; ++h) {
        EQ_SYM(conv2d_s8s4_ref_rows)(&t, h, p);
        for (int32_t c = 0; c < p->out_w; ++c) {
            EQ_SYM(conv2d_s8s4_ref_columns)(&t, x, c, p);
            int8_t *out = y + h * p->y_row + c * p->y_pixel;
            int32_t at = 0;
            for (int32_t o = 0; o < p->out_c; ++o) {
                int32_t acc = bias[o] + EQ_SYM(conv2d_s8s4_ref_inside)(&t, w, at, p);
                if (t.border)
                    acc += p->zx * EQ_SYM(conv2d_s8s4_ref_outside)(&t, w, at, p);
                const int32_t v = eq_requantize(acc, mult[o], shift[o]) + p->zy;
                out[o] = (int8_t)eq_clamp(v, p->act_min, p->act_max);
                at += w_out;
            }
        }
    }
}
