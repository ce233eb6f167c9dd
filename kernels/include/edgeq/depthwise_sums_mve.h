/* Sums and rescaling of 16 depthwise channels for MVE.
 *
 * Products of two taps are added in int16, which holds them when no weight is -128: 2 * 128 *
 * 127 < 2^15; their sums are widened and added to the accumulators.  VMULLB takes the even
 * lanes and VMULLT the odd, and so do VMOVLB and VMOVLT after them: accumulator j holds the
 * channels 4 * l + j, as the packed constants do, and the narrowing of the results undoes it.
 */
#ifndef EDGEQ_DEPTHWISE_SUMS_MVE_H
#define EDGEQ_DEPTHWISE_SUMS_MVE_H

#include "edgeq/fixed_point_mve.h"

typedef struct {
    int32x4_t v[4];
} eq_sixteen;

/* Adds to the sums s0..s3 the products of two taps, and those of one; moves on. */
#define EQ_DEPTHWISE_MVE_PAIR                                                              \
    "ldrd %[p], %[q], [%[at]]\n"                                                           \
    "vldrb.u8 %q[t], [%[p]], #16\n"                                                        \
    "vldrb.u8 %q[u], [%[w]], #32\n"                                                        \
    "vmullb.s8 %q[b], %q[t], %q[u]\n"                                                      \
    "vldrb.u8 %q[x], [%[q]], #16\n"                                                        \
    "vmullt.s8 %q[t], %q[t], %q[u]\n"                                                      \
    "vldrb.u8 %q[u], [%[w], #-16]\n"                                                       \
    "vmullb.s8 %q[u], %q[x], %q[u]\n"                                                      \
    "strd %[p], %[q], [%[at]], #8\n"                                                       \
    "vadd.i16 %q[b], %q[b], %q[u]\n"                                                       \
    "vldrb.u8 %q[u], [%[w], #-16]\n"                                                       \
    "vmullt.s8 %q[x], %q[x], %q[u]\n"                                                      \
    "vmovlb.s16 %q[u], %q[b]\n"                                                            \
    "vadd.i16 %q[t], %q[t], %q[x]\n"                                                       \
    "vmovlt.s16 %q[b], %q[b]\n"                                                            \
    "vadd.i32 %q[s0], %q[s0], %q[u]\n"                                                     \
    "vmovlb.s16 %q[u], %q[t]\n"                                                            \
    "vadd.i32 %q[s2], %q[s2], %q[b]\n"                                                     \
    "vmovlt.s16 %q[t], %q[t]\n"                                                            \
    "vadd.i32 %q[s1], %q[s1], %q[u]\n"                                                     \
    "vadd.i32 %q[s3], %q[s3], %q[t]\n"
#define EQ_DEPTHWISE_MVE_LAST                                                              \
    "ldr %[p], [%[at]]\n"                                                                  \
    "vldrb.u8 %q[t], [%[p]], #16\n"                                                        \
    "vldrb.u8 %q[u], [%[w]], #16\n"                                                        \
    "str %[p], [%[at]]\n"                                                                  \
    "vmullb.s8 %q[b], %q[t], %q[u]\n"                                                      \
    "vmullt.s8 %q[t], %q[t], %q[u]\n"                                                      \
    "vmovlb.s16 %q[u], %q[b]\n"                                                            \
    "vmovlt.s16 %q[b], %q[b]\n"                                                            \
    "vadd.i32 %q[s0], %q[s0], %q[u]\n"                                                     \
    "vmovlb.s16 %q[u], %q[t]\n"                                                            \
    "vadd.i32 %q[s2], %q[s2], %q[b]\n"                                                     \
    "vmovlt.s16 %q[t], %q[t]\n"                                                            \
    "vadd.i32 %q[s1], %q[s1], %q[u]\n"                                                     \
    "vadd.i32 %q[s3], %q[s3], %q[t]\n"

/* The same of one tap whose weights have the zero point q: 16-bit products of what VMOVLB and
 * VMOVLT give, with the weights of eight even channels, then of the odd ones. */
#define EQ_DEPTHWISE_MVE_WIDE                                                              \
    "ldr %[p], [%[at]]\n"                                                                  \
    "vldrb.u8 %q[t], [%[p]], #16\n"                                                        \
    "vldrb.s16 %q[u], [%[w]], #16\n"                                                       \
    "vmovlb.s8 %q[x], %q[t]\n"                                                             \
    "vsub.i16 %q[u], %q[u], %[q]\n"                                                        \
    "str %[p], [%[at]], #4\n"                                                              \
    "vmullb.s16 %q[b], %q[x], %q[u]\n"                                                     \
    "vmovlt.s8 %q[t], %q[t]\n"                                                             \
    "vmullt.s16 %q[x], %q[x], %q[u]\n"                                                     \
    "vadd.i32 %q[s0], %q[s0], %q[b]\n"                                                     \
    "vldrb.s16 %q[u], [%[w], #-8]\n"                                                       \
    "vadd.i32 %q[s2], %q[s2], %q[x]\n"                                                     \
    "vsub.i16 %q[u], %q[u], %[q]\n"                                                        \
    "vmullb.s16 %q[b], %q[t], %q[u]\n"                                                     \
    "vmullt.s16 %q[t], %q[t], %q[u]\n"                                                     \
    "vadd.i32 %q[s1], %q[s1], %q[b]\n"                                                     \
    "vadd.i32 %q[s3], %q[s3], %q[t]\n"

/* 16 biases and to each the products of its taps; moves the addresses on. */
static inline eq_sixteen eq_depthwise_mve_sums(const int32_t *bias, uint32_t *at,
                                               const int8_t *w, int32_t taps)
{
    eq_sixteen s;
    const int8_t *p, *q;
    int32x4_t b, t, u, x;
    __asm__ volatile("vldrw.u32 %q[s0], [%[bias]]\n"
                     "vldrw.u32 %q[s1], [%[bias], #16]\n"
                     "vldrw.u32 %q[s2], [%[bias], #32]\n"
                     "vldrw.u32 %q[s3], [%[bias], #48]\n"
                     "wls lr, %[pairs], 2f\n"
                     "1:\n" EQ_DEPTHWISE_MVE_PAIR "le lr, 1b\n"
                     "2:\n"
                     "cbz %[odd], 3f\n" EQ_DEPTHWISE_MVE_LAST "3:"
                     : [s0] "=&t"(s.v[0]), [s1] "=&t"(s.v[1]), [s2] "=&t"(s.v[2]),
                       [s3] "=&t"(s.v[3]), [b] "=&t"(b), [t] "=&t"(t), [u] "=&t"(u),
                       [x] "=&t"(x), [p] "=&r"(p), [q] "=&r"(q), [at] "+r"(at), [w] "+r"(w)
                     : [bias] "r"(bias), [pairs] "r"(taps / 2), [odd] "l"(taps & 1)
                     : "lr", "memory");
    return s;
}

/* The 16 sums, rescaled, to clamped int8 in order.  Saturating to int16 before zy is added
 * changes nothing that the clamp does not. */
static inline int8x16_t eq_depthwise_mve_rescale(eq_sixteen s, const int32_t *mult,
                                                 const int32_t *shift, int32_t zy,
                                                 int32_t lo, int32_t hi, int form)
{
    const int32x4_t r0 =
        eq_requantize_mve(s.v[0], vldrwq_s32(mult), vldrwq_s32(shift), form, 0);
    const int32x4_t r1 =
        eq_requantize_mve(s.v[1], vldrwq_s32(mult + 4), vldrwq_s32(shift + 4), form, 0);
    const int32x4_t r2 =
        eq_requantize_mve(s.v[2], vldrwq_s32(mult + 8), vldrwq_s32(shift + 8), form, 0);
    const int32x4_t r3 =
        eq_requantize_mve(s.v[3], vldrwq_s32(mult + 12), vldrwq_s32(shift + 12), form, 0);
    const int16x8_t e = vqmovntq_s32(vqmovnbq_s32(vreinterpretq_s16_s32(r0), r0), r2);
    const int16x8_t o = vqmovntq_s32(vqmovnbq_s32(vreinterpretq_s16_s32(r1), r1), r3);
    const int16x8_t even = vqaddq_n_s16(e, (int16_t)zy), odd = vqaddq_n_s16(o, (int16_t)zy);
    const int8x16_t y = vqmovntq_s16(vqmovnbq_s16(vreinterpretq_s8_s16(even), even), odd);
    return vminq_s8(vmaxq_s8(y, vdupq_n_s8((int8_t)lo)), vdupq_n_s8((int8_t)hi));
}

#endif
