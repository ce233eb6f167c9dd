/* conv2d_s16s4, portable: for every output pixel the taps inside the input are found once,
 * then each channel is a few dot products over contiguous memory.
 *
 * Dense pixels without dilation make one run of a window row.  Taps outside the input add
 * nothing and are stepped over, so no loop tests a coordinate.
 *
 * Exact: it is the contract's formula; the int64 accumulator is far from its ends.
 *
 * @overlap rows
 */
#include "edgeq/conv2d_s16s4.h"
#include "edgeq/fixed_point.h"
#include "edgeq/nibbles.h"
#include "edgeq/window.h"

eq_conv2d_s16s4_fn EQ_SYM(eq_conv2d_s16s4__ref);

/* A window: taps [kh0, kh1) x [kw0, kw1) are inside; `row` is the ring's row of tap kh0 and
 * `x` the column of tap kw0; a window row is `runs` runs of `run` elements, `step` apart. */
typedef struct {
    const int16_t *x;
    int32_t kh0, kh1, kw0, kw1, row, runs, run, step;
} EQ_SYM(conv2d_s16s4_ref_window);

/* sum x * w over the taps inside, for the weights of one channel, which start at `at`. */
static inline int64_t
EQ_SYM(conv2d_s16s4_ref_inside)(const EQ_SYM(conv2d_s16s4_ref_window) * t, const int8_t *w,
                                int32_t at, const eq_conv2d_s16s4_params *p)
{
    int64_t acc = 0;
    int32_t row = t->row;
    at += (t->kh0 * p->kw + t->kw0) * p->in_c;
    for (int32_t kh = t->kh0; kh < t->kh1; ++kh) {
        const int16_t *x = t->x + row * p->x_row;
        for (int32_t k = 0; k < t->runs; ++k)
            acc += eq_nibbles_dot16(x + k * t->step, w, at + k * t->run, t->run);
        at += p->kw * p->in_c;
        row += p->dil_h;
        if (row >= p->x_ring)
            row -= p->x_ring;
    }
    return acc;
}

/* The part of a window that its row decides. */
static inline void EQ_SYM(conv2d_s16s4_ref_rows)(EQ_SYM(conv2d_s16s4_ref_window) * t,
                                                 int32_t h, const eq_conv2d_s16s4_params *p)
{
    const int32_t top = h * p->stride_h - p->pad_top;
    t->kh0 = eq_taps_before(top, p->dil_h, p->kh);
    t->kh1 = eq_taps_before(top - p->in_h, p->dil_h, p->kh);
    t->row = t->kh0 < t->kh1 ? (top + t->kh0 * p->dil_h) % p->x_ring : 0;
}

/* The part of a window that its column decides. */
static inline void EQ_SYM(conv2d_s16s4_ref_columns)(EQ_SYM(conv2d_s16s4_ref_window) * t,
                                                    const int16_t *x, int32_t c,
                                                    const eq_conv2d_s16s4_params *p)
{
    const int32_t at = c * p->stride_w - p->pad_left;
    t->kw0 = eq_taps_before(at, p->dil_w, p->kw);
    t->kw1 = eq_taps_before(at - p->in_w, p->dil_w, p->kw);
    const int32_t taps = t->kw1 - t->kw0;
    const int dense = p->dil_w == 1 && p->x_pixel == p->in_c;
    t->runs = dense ? 1 : taps;
    t->run = dense ? taps * p->in_c : p->in_c;
    t->step = p->dil_w * p->x_pixel;
    t->x = taps > 0 ? x + (at + t->kw0 * p->dil_w) * p->x_pixel : x;
}

void EQ_SYM(eq_conv2d_s16s4__ref)(const int16_t *x, const int8_t *restrict w,
                                  const int64_t *restrict bias,
                                  const int32_t *restrict mult,
                                  const int32_t *restrict shift, int16_t *y,
                                  int8_t *restrict scratch,
                                  const eq_conv2d_s16s4_params *restrict p)
{
    (void)scratch;
    const int32_t w_out = p->kh * p->kw * p->in_c;
    EQ_SYM(conv2d_s16s4_ref_window) t;
    for (int32_t h = p->row0; h < p->row1; ++h) {
        EQ_SYM(conv2d_s16s4_ref_rows)(&t, h, p);
        for (int32_t c = 0; c < p->out_w; ++c) {
            EQ_SYM(conv2d_s16s4_ref_columns)(&t, x, c, p);
            int16_t *out = y + h * p->y_row + c * p->y_pixel;
            int32_t at = 0;
            for (int32_t o = 0; o < p->out_c; ++o) {
                const int64_t acc = bias[o] + EQ_SYM(conv2d_s16s4_ref_inside)(&t, w, at, p);
                const int32_t v = eq_requantize64(acc, mult[o], shift[o]);
                out[o] = (int16_t)eq_clamp(v, p->act_min, p->act_max);
                at += w_out;
            }
        }
    }
}
