/* fc_s16s8 for NEON: four outputs at once, so that each load of x serves four rows; sums are
 * rescaled one by one.
 *
 * Exact: sums without the bias fit int32, in any order; weights of the filling are zero, and so
 * is x behind its end.  SMLAL multiplies int16 to int32.
 *
 * @requires dot_bits <= 32
 * @packs w (o/4, i/8, o%4, i%8)
 */
#include "edgeq/fc_s16s8.h"
#include "edgeq/conv2d_wide_neon.h"
#include "edgeq/fixed_point.h"

#include <string.h>

eq_fc_s16s8_fn EQ_SYM(eq_fc_s16s8__neon);

/* Eight elements of x by eight of four rows. */
static inline eq_wide4_neon EQ_SYM(fc_s16s8_neon_step)(eq_wide4_neon s, int16x8_t x,
                                                       const int8_t *w)
{
    const int8x16_t ab = vld1q_s8(w), cd = vld1q_s8(w + 16);
    s.a = eq_dot8_s16_neon(s.a, x, vmovl_s8(vget_low_s8(ab)));
    s.b = eq_dot8_s16_neon(s.b, x, vmovl_high_s8(ab));
    s.c = eq_dot8_s16_neon(s.c, x, vmovl_s8(vget_low_s8(cd)));
    s.d = eq_dot8_s16_neon(s.d, x, vmovl_high_s8(cd));
    return s;
}

/* The dot products of row x, whose last taps % 8 elements are `tail`, with four of w. */
static inline int32x4_t EQ_SYM(fc_s16s8_neon_four)(const int16_t *x, int16x8_t tail,
                                                   const int8_t *w, int32_t taps)
{
    const int32x4_t none = vdupq_n_s32(0);
    eq_wide4_neon s = {none, none, none, none};
    for (; taps >= 8; taps -= 8) {
        s = EQ_SYM(fc_s16s8_neon_step)(s, vld1q_s16(x), w);
        x += 8;
        w += 32;
    }
    if (taps > 0)
        s = EQ_SYM(fc_s16s8_neon_step)(s, tail, w);
    return vpaddq_s32(vpaddq_s32(s.a, s.b), vpaddq_s32(s.c, s.d));
}

void EQ_SYM(eq_fc_s16s8__neon)(const int16_t *restrict x, const int8_t *restrict w,
                               const int64_t *restrict bias, const int32_t *restrict mult,
                               const int32_t *restrict shift, int16_t *restrict y,
                               const eq_fc_s16s8_params *restrict p)
{
    const int32_t taps = p->in_dim, full = taps & ~7, row = (taps + 7) / 8 * 8;
    for (int32_t n = 0; n < p->batch; ++n) {
        int16_t rest[8] = {0};
        memcpy(rest, x + full, (size_t)(taps - full) * sizeof(int16_t));
        const int16x8_t tail = vld1q_s16(rest);
        for (int32_t o = 0; o < p->out_dim; o += 4) {
            int32_t sums[4];
            vst1q_s32(sums, EQ_SYM(fc_s16s8_neon_four)(x, tail, w + o * row, taps));
            for (int32_t i = o; i < p->out_dim && i < o + 4; ++i) {
                const int32_t v = eq_requantize64(bias[i] + sums[i - o], mult[i], shift[i]);
                y[i] = (int16_t)eq_clamp(v, p->act_min, p->act_max);
            }
        }
        x += p->in_dim;
        y += p->out_dim;
    }
}
