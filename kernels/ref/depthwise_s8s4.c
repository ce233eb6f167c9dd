/* depthwise_s8s4, portable: for every output pixel the taps inside the input are found
 * once, then two channels at a time, whose weights share bytes, walk down the window.
 *
 * Taps outside the input add zx times their weights, which lie in runs of taps, so no loop
 * tests a coordinate.  Packing fills an odd last channel's bytes with zeros.
 *
 * Exact: it is the contract's formula; the compiler proved that partial sums stay in int32.
 *
 * @packs w (kh, kw, o/2, o%2)
 * @overlap rows
 */
#include "edgeq/depthwise_s8s4.h"
#include "edgeq/fixed_point.h"
#include "edgeq/nibbles.h"
#include "edgeq/window.h"

eq_depthwise_s8s4_fn EQ_SYM(eq_depthwise_s8s4__ref);

/* A window: taps [kh0, kh1) x [kw0, kw1) are inside; `row` is the ring's row of tap kh0 and
 * `x` the column of tap kw0; taps are `step` elements apart in x and `taps` bytes apart in
 * w.  `border` says that some taps are outside, and that they count. */
typedef struct {
    const int8_t *x;
    int32_t kh0, kh1, kw0, kw1, row, step, taps, border;
} EQ_SYM(depthwise_s8s4_ref_window);

/* Adds factor times the weights of n taps to the two sums. */
static inline void EQ_SYM(depthwise_s8s4_ref_add)(int32_t *acc, int32_t factor,
                                                  const int8_t *w, int32_t n, int32_t step)
{
    int32_t low = 0;
    int32_t high = 0;
    for (int32_t i = 0; i < n; ++i) {
        low += eq_nibble_low(*w);
        high += eq_nibble_high(*w);
        w += step;
    }
    acc[0] += factor * low;
    acc[1] += factor * high;
}

/* Adds x * w over the taps inside to two sums, for channels i[0] and i[1] of x. */
static inline void
EQ_SYM(depthwise_s8s4_ref_inside)(int32_t *acc, const EQ_SYM(depthwise_s8s4_ref_window) * t,
                                  const int32_t *i, const int8_t *w,
                                  const eq_depthwise_s8s4_params *p)
{
    const int32_t inside = t->kw1 - t->kw0;
    const int32_t skipped = (p->kw - inside) * t->taps;
    const int32_t apart = i[1] - i[0];
    int32_t low = 0;
    int32_t high = 0;
    int32_t row = t->row;
    w += (t->kh0 * p->kw + t->kw0) * t->taps;
    for (int32_t kh = t->kh0; kh < t->kh1; ++kh) {
        const int8_t *x = t->x + row * p->x_row + i[0];
        for (int32_t k = 0; k < inside; ++k) {
            low += x[0] * eq_nibble_low(*w);
            high += x[apart] * eq_nibble_high(*w);
            x += t->step;
            w += t->taps;
        }
        w += skipped;
        row += p->dil_h;
        if (row >= p->x_ring)
            row -= p->x_ring;
    }
    acc[0] += low;
    acc[1] += high;
}

/* Adds zx * w over the taps outside: above, left and right of each row inside, below. */
static inline void
EQ_SYM(depthwise_s8s4_ref_outside)(int32_t *acc,
                                   const EQ_SYM(depthwise_s8s4_ref_window) * t,
                                   const int8_t *w, const eq_depthwise_s8s4_params *p)
{
    const int32_t w_row = p->kw * t->taps;
    const int32_t right = p->kw - t->kw1;
    EQ_SYM(depthwise_s8s4_ref_add)(acc, p->zx, w, t->kh0 * p->kw, t->taps);
    for (int32_t kh = t->kh0; kh < t->kh1; ++kh) {
        const int8_t *row = w + kh * w_row;
        EQ_SYM(depthwise_s8s4_ref_add)(acc, p->zx, row, t->kw0, t->taps);
        EQ_SYM(depthwise_s8s4_ref_add)(acc, p->zx, row + t->kw1 * t->taps, right, t->taps);
    }
    const int8_t *below = w + t->kh1 * w_row;
    EQ_SYM(depthwise_s8s4_ref_add)(acc, p->zx, below, (p->kh - t->kh1) * p->kw, t->taps);
}

/* The part of a window that its row decides. */
static inline void EQ_SYM(depthwise_s8s4_ref_rows)(EQ_SYM(depthwise_s8s4_ref_window) * t,
                                                   int32_t h,
                                                   const eq_depthwise_s8s4_params *p)
{
    const int32_t top = h * p->stride_h - p->pad_top;
    t->kh0 = eq_taps_before(top, p->dil_h, p->kh);
    t->kh1 = eq_taps_before(top - p->in_h, p->dil_h, p->kh);
    t->row = t->kh0 < t->kh1 ? (top + t->kh0 * p->dil_h) % p->x_ring : 0;
}

/* The part of a window that its column decides. */
static inline void EQ_SYM(depthwise_s8s4_ref_columns)(EQ_SYM(depthwise_s8s4_ref_window) * t,
                                                      const int8_t *x, int32_t c,
                                                      const eq_depthwise_s8s4_params *p)
{
    const int32_t at = c * p->stride_w - p->pad_left;
    t->kw0 = eq_taps_before(at, p->dil_w, p->kw);
    t->kw1 = eq_taps_before(at - p->in_w, p->dil_w, p->kw);
    t->border = p->zx != 0 && (t->kw1 - t->kw0 < p->kw || t->kh1 - t->kh0 < p->kh);
    t->x = t->kw0 < t->kw1 ? x + (at + t->kw0 * p->dil_w) * p->x_pixel : x;
}

/* The channel of x after `i` of the output after one that is its m-th. */
static inline int32_t EQ_SYM(depthwise_s8s4_ref_next)(int32_t i, int32_t *m,
                                                      int32_t multiplier)
{
    if (++*m < multiplier)
        return i;
    *m = 0;
    return i + 1;
}

/* All output channels of one pixel. */
static inline void
EQ_SYM(depthwise_s8s4_ref_pixel)(const EQ_SYM(depthwise_s8s4_ref_window) * t,
                                 const int8_t *w, const int32_t *bias, const int32_t *mult,
                                 const int32_t *shift, int8_t *out,
                                 const eq_depthwise_s8s4_params *p)
{
    const int32_t channels = p->in_c * p->multiplier;
    int32_t i[2] = {0, 0};
    int32_t m = 0;
    for (int32_t o = 0; o < channels; o += 2) {
        const int32_t count = channels - o > 1 ? 2 : 1;
        int32_t acc[2] = {bias[o], bias[o + count - 1]};
        const int32_t next = EQ_SYM(depthwise_s8s4_ref_next)(i[0], &m, p->multiplier);
        i[1] = count > 1 ? next : i[0];
        EQ_SYM(depthwise_s8s4_ref_inside)(acc, t, i, w, p);
        if (t->border)
            EQ_SYM(depthwise_s8s4_ref_outside)(acc, t, w, p);
        for (int32_t k = 0; k < count; ++k) {
            const int32_t v = eq_requantize(acc[k], mult[o + k], shift[o + k]) + p->zy;
            out[o + k] = (int8_t)eq_clamp(v, p->act_min, p->act_max);
        }
        i[0] = EQ_SYM(depthwise_s8s4_ref_next)(i[1], &m, p->multiplier);
        ++w;
    }
}

void EQ_SYM(eq_depthwise_s8s4__ref)(const int8_t *x, const int8_t *restrict w,
                                    const int32_t *restrict bias,
                                    const int32_t *restrict mult,
                                    const int32_t *restrict shift, int8_t *y,
                                    int8_t *restrict scratch,
                                    const eq_depthwise_s8s4_params *restrict p)
{
    (void)scratch;
    EQ_SYM(depthwise_s8s4_ref_window) t;
    t.step = p->dil_w * p->x_pixel;
    t.taps = (p->in_c * p->multiplier + 1) / 2;
    for (int32_t h = p->row0; h < p->row1; ++h) {
        EQ_SYM(depthwise_s8s4_ref_rows)(&t, h, p);
        for (int32_t c = 0; c < p->out_w; ++c) {
            EQ_SYM(depthwise_s8s4_ref_columns)(&t, x, c, p);
            int8_t *out = y + h * p->y_row + c * p->y_pixel;
            EQ_SYM(depthwise_s8s4_ref_pixel)(&t, w, bias, mult, shift, out, p);
        }
    }
}
