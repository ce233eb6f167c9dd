/* Fully connected layers for NEON of 32-bit Arm: the dot products of one row of x with eight
 * of w.
 *
 * Weights are packed (o/8, i/32, o%8, i%32), so they are read in order.
 *
 * Exact: see conv2d_tile_neon.h for the lanes and rescale_neon.h for the rest; weights of the
 * filling are zero.
 */
#ifndef EDGEQ_FC_ARMV7_H
#define EDGEQ_FC_ARMV7_H

#include "edgeq/next_armv7.h"

#include "edgeq/fc_s8.h"
#include "edgeq/rescale_neon.h"

/* Arrays packed by eight outputs. */
typedef struct {
    const int8_t *w;
    const int32_t *bias, *mult, *shift;
    int fours;  /* four products in a lane, else two */
    int single; /* the rounding form */
} eq_fc_layer_armv7;

/* Sums of eight outputs: those of each lie in the lanes of one vector. */
typedef struct {
    int32x4_t a, b, c, d, e, f, g, h;
} eq_fc_sums_armv7;

/* Adds the products of x and the 32 bytes at *w, which moves on. */
static inline int32x4_t eq_fc_row_armv7(int32x4_t sum, eq_pair_neon x, const int8_t **w,
                                        int fours)
{
    const int8x16_t low = eq_next16_armv7(w);
    int16x8_t t = eq_mul16_neon(x.low, low);
    if (!fours)
        sum = vpadalq_s16(sum, t);
    const int8x16_t high = eq_next16_armv7(w);
    t = fours ? eq_mla16_neon(t, x.high, high) : eq_mul16_neon(x.high, high);
    return vpadalq_s16(sum, t);
}

/* The sums of the eight outputs at *w, which moves on: 32 bytes of x, `full` times, then those
 * of tail where there are any. */
static inline eq_fc_sums_armv7 eq_fc_eight_armv7(const int8_t *x, const int8_t *tail,
                                                 int32_t full, int rest, const int8_t **w,
                                                 int fours)
{
    const int32x4_t none = vdupq_n_s32(0);
    eq_fc_sums_armv7 s = {none, none, none, none, none, none, none, none};
    for (int32_t n = full + rest; n > 0; --n) {
        if (n == rest)
            x = tail;
        const eq_pair_neon v = eq_next32_armv7(&x);
        s.a = eq_fc_row_armv7(s.a, v, w, fours);
        s.b = eq_fc_row_armv7(s.b, v, w, fours);
        s.c = eq_fc_row_armv7(s.c, v, w, fours);
        s.d = eq_fc_row_armv7(s.d, v, w, fours);
        s.e = eq_fc_row_armv7(s.e, v, w, fours);
        s.f = eq_fc_row_armv7(s.f, v, w, fours);
        s.g = eq_fc_row_armv7(s.g, v, w, fours);
        s.h = eq_fc_row_armv7(s.h, v, w, fours);
    }
    return s;
}

/* One row of x; `tail` holds what lies behind its last whole 32, then zeros. */
static inline void eq_fc_one_armv7(const eq_fc_layer_armv7 *t, const int8_t *x,
                                   const int8_t *tail, int8_t *y, const eq_fc_s8_params *p)
{
    const eq_range_s8 range = eq_load_range(p->zy, p->act_min, p->act_max);
    const int8_t *w = t->w;
    for (int32_t o = 0; o < p->out_dim; o += 8) {
        const eq_fc_sums_armv7 s =
            eq_fc_eight_armv7(x, tail, p->in_dim / 32, p->in_dim % 32 != 0, &w, t->fours);
        const eq_factors_x4 f = eq_load_factors(t->bias + o, t->mult + o, t->shift + o);
        const eq_factors_x4 g =
            eq_load_factors(t->bias + o + 4, t->mult + o + 4, t->shift + o + 4);
        const int32x4_t a = vpaddq_s32(vpaddq_s32(s.a, s.b), vpaddq_s32(s.c, s.d));
        const int32x4_t b = vpaddq_s32(vpaddq_s32(s.e, s.f), vpaddq_s32(s.g, s.h));
        const int8x8_t v =
            eq_narrow_s8_x8(eq_rescale_x4(vaddq_s32(a, f.bias), f, t->single),
                            eq_rescale_x4(vaddq_s32(b, g.bias), g, t->single), range);
        eq_store_s8_x8(y + o, v, p->out_dim - o);
    }
}

/* The whole layer. */
static inline void eq_fc_armv7(const eq_fc_layer_armv7 *t, const int8_t *x, int8_t *y,
                               const eq_fc_s8_params *p)
{
    const int32_t full = p->in_dim & ~31;
    for (int32_t n = 0; n < p->batch; ++n) {
        int8_t tail[32] = {0};
        memcpy(tail, x + full, (size_t)(p->in_dim - full));
        eq_fc_one_armv7(t, x, tail, y, p);
        x += p->in_dim;
        y += p->out_dim;
    }
}

#endif
