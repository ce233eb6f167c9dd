/* fc_s16s8 for MVE: four channels at a time, so that each load of x serves four rows, in a loop that
 * predicates its own tail.
 *
 * Exact: dot products fit int32, to which VMLAVA adds without loss; then the contract's rescale.
 *
 * @requires dot_bits <= 32
 * @packs w (o/4, i/8, o%4, i%8)
 */
#include "edgeq/fc_s16s8.h"
#include "edgeq/fixed_point.h"

#include <arm_mve.h>

eq_fc_s16s8_fn EQ_SYM(eq_fc_s16s8__mve);

/* sum over i < n of x[i] * w[o][i], four channels o; reads no more of x. */
static inline int32x4_t EQ_SYM(fc_s16s8_mve_dot)(const int16_t *x, const int8_t *w,
                                                 int32_t n)
{
    int16x8_t a, u, v;
    int32x4_t sums;
    int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    __asm__("wlstp.16 lr, %[n], 2f\n"
            "1:\n\t"
            "vldrh.u16 %q[a], [%[x]], #16\n\t"
            "vldrb.s16 %q[u], [%[w]], #32\n\t"
            "vmlava.s16 %[s0], %q[a], %q[u]\n\t"
            "vldrb.s16 %q[v], [%[w], #-24]\n\t"
            "vmlava.s16 %[s1], %q[a], %q[v]\n\t"
            "vldrb.s16 %q[u], [%[w], #-16]\n\t"
            "vmlava.s16 %[s2], %q[a], %q[u]\n\t"
            "vldrb.s16 %q[v], [%[w], #-8]\n\t"
            "vmlava.s16 %[s3], %q[a], %q[v]\n\t"
            "letp lr, 1b\n"
            "2:\n\t"
            "vmov %q[sums][2], %q[sums][0], %[s0], %[s2]\n\t"
            "vmov %q[sums][3], %q[sums][1], %[s1], %[s3]"
            : [a] "=&t"(a), [u] "=&t"(u), [v] "=&t"(v), [sums] "=&t"(sums), [x] "+l"(x),
              [w] "+l"(w), [s0] "+Te"(s0), [s1] "+Te"(s1), [s2] "+Te"(s2), [s3] "+Te"(s3)
            : [n] "r"(n)
            : "lr", "cc", "memory");
    return sums;
}

void EQ_SYM(eq_fc_s16s8__mve)(const int16_t *restrict x, const int8_t *restrict w,
                              const int64_t *restrict bias, const int32_t *restrict mult,
                              const int32_t *restrict shift, int16_t *restrict y,
                              const eq_fc_s16s8_params *restrict p)
{
    const int32_t step = (p->in_dim + 7) / 8 * 32;
    for (int32_t n = 0; n < p->batch; ++n) {
        const int8_t *wo = w;
        for (int32_t o = 0; o < p->out_dim; o += 4) {
            const int32_t left = p->out_dim - o < 4 ? p->out_dim - o : 4;
            int32_t dots[4];
            vstrwq_s32(dots, EQ_SYM(fc_s16s8_mve_dot)(x, wo, p->in_dim));
            for (int32_t i = 0; i < left; ++i) {
                const int64_t acc = bias[o + i] + dots[i];
                const int32_t v = eq_requantize64(acc, mult[o + i], shift[o + i]);
                y[o + i] = (int16_t)eq_clamp(v, p->act_min, p->act_max);
            }
            wo += step;
        }
        x += p->in_dim;
        y += p->out_dim;
    }
}
