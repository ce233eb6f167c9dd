/* depthwise_s16s4, portable: for every output pixel the taps inside the input are found
 * once, then two channels at a time, whose weights share bytes, walk down the window.
 *
 * Taps outside the input add nothing and are stepped over, so no loop tests a coordinate.
 * Packing fills an odd last channel's bytes with zeros.
 *
 * Exact: it is the contract's formula; the int64 accumulator is far from its ends.
 *
 * @packs w (kh, kw, o/2, o%2)
 * @overlap rows
 */
#include "edgeq/depthwise_s16s4.h"
#include "edgeq/fixed_point.h"
#include "edgeq/nibbles.h"
#include "edgeq/window.h"

eq_depthwise_s16s4_fn EQ_SYM(eq_depthwise_s16s4__ref);

/* A window: taps [kh0, kh1) x [kw0, kw1) are inside; `row` is the ring's row of tap kh0 and
 * `x` the column of tap kw0; taps are `step` elements apart in x and `taps` bytes apart in
 * w. */
typedef struct {
    const int16_t *x;
    int32_t kh0, kh1, kw0, kw1, row, step, taps;
} EQ_SYM(depthwise_s16s4_ref_window);

/* Adds x * w over the taps inside to two sums, for channels i[0] and i[1] of x. */
static inline void EQ_SYM(depthwise_s16s4_ref_inside)(
    int64_t *acc, const EQ_SYM(depthwise_s16s4_ref_window) * t, const int32_t *i,
    const int8_t *w, const eq_depthwise_s16s4_params *p)
{
    const int32_t inside = t->kw1 - t->kw0;
    const int32_t skipped = (p->kw - inside) * t->taps;
    const int32_t apart = i[1] - i[0];
    int64_t low = 0;
    int64_t high = 0;
    int32_t row = t->row;
    w += (t->kh0 * p->kw + t->kw0) * t->taps;
    for (int32_t kh = t->kh0; kh < t->kh1; ++kh) {
        const int16_t *x = t->x + row * p->x_row + i[0];
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

/* The part of a window that its row decides. */
static inline void EQ_SYM(depthwise_s16s4_ref_rows)(EQ_SYM(depthwise_s16s4_ref_window) * t,
                                                    int32_t h,
                                                    const eq_depthwise_s16s4_params *p)
{
    const int32_t top = h * p->stride_h - p->pad_top;
    t->kh0 = eq_taps_before(top, p->dil_h, p->kh);
    t->kh1 = eq_taps_before(top - p->in_h, p->dil_h, p->kh);
    t->row = t->kh0 < t->kh1 ? (top + t->kh0 * p->dil_h) % p->x_ring : 0;
}

/* The part of a window that its column decides. */
static inline void EQ_SYM(depthwise_s16s4_ref_columns)(EQ_SYM(depthwise_s16s4_ref_window) *
                                                           t,
                                                       const int16_t *x, int32_t c,
                                                       const eq_depthwise_s16s4_params *p)
{
    const int32_t at = c * p->stride_w - p->pad_left;
    t->kw0 = eq_taps_before(at, p->dil_w, p->kw);
    t->kw1 = eq_taps_before(at - p->in_w, p->dil_w, p->kw);
    t->x = t->kw0 < t->kw1 ? x + (at + t->kw0 * p->dil_w) * p->x_pixel : x;
}

/* The channel of x after `i` of the output after one that is its m-th. */
static inline int32_t EQ_SYM(depthwise_s16s4_ref_next)(int32_t i, int32_t *m,
                                                       int32_t multiplier)
{
    if (++*m < multiplier)
        return i;
    *m = 0;
    return i + 1;
}

/* All output channels of one pixel. */
static inline void
EQ_SYM(depthwise_s16s4_ref_pixel)(const EQ_SYM(depthwise_s16s4_ref_window) * t,
                                  const int8_t *w, const int64_t *bias, const int32_t *mult,
                                  const int32_t *shift, int16_t *out,
                                  const eq_depthwise_s16s4_params *p)
{
    const int32_t channels = p->in_c * p->multiplier;
    int32_t i[2] = {0, 0};
    int32_t m = 0;
    for (int32_t o = 0; o < channels; o += 2) {
        const int32_t count = channels - o > 1 ? 2 : 1;
        int64_t acc[2] = {bias[o], bias[o + count - 1]};
        const int32_t next = EQ_SYM(depthwise_s16s4_ref_next)(i[0], &m, p->multiplier);
        i[1] = count > 1 ? next : i[0];
        EQ_SYM(depthwise_s16s4_ref_inside)(acc, t, i, w, p);
        for (int32_t k = 0; k < count; ++k) {
            const int32_t v = eq_requantize64(acc[k], mult[o + k], shift[o + k]);
            out[o + k] = (int16_t)eq_clamp(v, p->act_min, p->act_max);
        }
        i[0] = EQ_SYM(depthwise_s16s4_ref_next)(i[1], &m, p->multiplier);
        ++w;
    }
}

void EQ_SYM(eq_depthwise_s16s4__ref)(const int16_t *x, const int8_t *restrict w,
                                     const int64_t *restrict bias,
                                     const int32_t *restrict mult,
                                     const int32_t *restrict shift, int16_t *y,
                                     int8_t *restrict scratch,
                                     const eq_depthwise_s16s4_params *restrict p)
{
    (void)scratch;
    EQ_SYM(depthwise_s16s4_ref_window) t;
    t.step = p->dil_w * p->x_pixel;
    t.taps = (p->in_c * p->multiplier + 1) / 2;
    for (int32_t h = p->row0; h < p->row1; ++h) {
        EQ_SYM(depthwise_s16s4_ref_rows)(&t, h, p);
        for (int32_t c = 0; c < p->out_w; ++c) {
            EQ_SYM(depthwise_s16s4_ref_columns)(&t, x, c, p);
            int16_t *out = y + h * p->y_row + c * p->y_pixel;
            EQ_SYM(depthwise_s16s4_ref_pixel)(&t, w, bias, mult, shift, out, p);
        }
    }
}
