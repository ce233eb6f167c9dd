/* All channels of a depthwise window for MVE, factors below 1/2, in one loop written out. */
#ifndef EDGEQ_DEPTHWISE_LIVE_MVE_H
#define EDGEQ_DEPTHWISE_LIVE_MVE_H

#include "edgeq/depthwise_sums_mve.h"

/* What a run over the channels of a pixel needs of what stays the same. */
typedef struct {
    uint32_t *at;
    int32_t pairs, odd; /* of taps */
    int32_t zy, lo, hi;
    const int8_t *w;
    const int32_t *bias, *mult;
    const int8_t *down;
} eq_depthwise_mve_run;

/* n channels of the window at k->at, factors other than zero of shift >= 32, `down` being 31
 * less the shifts: the same as sums and rescale above, written out as one loop.  The compiler
 * keeps its pointers in memory and saves vectors around every block. */
#define EQ_DEPTHWISE_MVE_LIVE(TAPS, HIGH, AWAY)                                            \
    "ldrd %[w], %[bias], [%[k], #24]\n"                                                    \
    "ldrd %[mult], %[down], [%[k], #32]\n"                                                 \
    "0:\n"                                                                                 \
    "ldr %[at], [%[k]]\n"                                                                  \
    "vldrw.u32 %q[s0], [%[bias]], #16\n"                                                   \
    "vldrw.u32 %q[s1], [%[bias]], #16\n"                                                   \
    "vldrw.u32 %q[s2], [%[bias]], #16\n"                                                   \
    "vldrw.u32 %q[s3], [%[bias]], #16\n" TAPS "vldrw.u32 %q[t], [%[mult]], #16\n\t" HIGH   \
    " %q[s0], %q[s0], %q[t]\n"                                                             \
    "vldrw.u32 %q[u], [%[mult]], #16\n" HIGH " %q[s1], %q[s1], %q[u]\n\t"                  \
    "vldrw.u32 %q[t], [%[mult]], #16\n" HIGH " %q[s2], %q[s2], %q[t]\n\t"                  \
    "vldrw.u32 %q[u], [%[mult]], #16\n" HIGH " %q[s3], %q[s3], %q[u]\n\t" AWAY             \
    "vldrw.u32 %q[t], [%[down]], #16\n"                                                    \
    "vrshl.s32 %q[s0], %q[s0], %q[t]\n"                                                    \
    "vldrw.u32 %q[u], [%[down]], #16\n"                                                    \
    "vrshl.s32 %q[s1], %q[s1], %q[u]\n"                                                    \
    "vldrw.u32 %q[t], [%[down]], #16\n"                                                    \
    "vrshl.s32 %q[s2], %q[s2], %q[t]\n"                                                    \
    "vldrw.u32 %q[u], [%[down]], #16\n"                                                    \
    "vrshl.s32 %q[s3], %q[s3], %q[u]\n"                                                    \
    "vqmovnb.s32 %q[s0], %q[s0]\n"                                                         \
    "ldr %[p], [%[k], #12]\n"                                                              \
    "vqmovnb.s32 %q[s1], %q[s1]\n"                                                         \
    "vqmovnt.s32 %q[s0], %q[s2]\n"                                                         \
    "vqmovnt.s32 %q[s1], %q[s3]\n"                                                         \
    "vqadd.s16 %q[s0], %q[s0], %[p]\n"                                                     \
    "vqadd.s16 %q[s1], %q[s1], %[p]\n"                                                     \
    "ldrd %[p], %[q], [%[k], #16]\n"                                                       \
    "vqmovnb.s16 %q[s0], %q[s0]\n"                                                         \
    "vdup.8 %q[t], %[p]\n"                                                                 \
    "vqmovnt.s16 %q[s0], %q[s1]\n"                                                         \
    "vdup.8 %q[u], %[q]\n"                                                                 \
    "vmax.s8 %q[s0], %q[s0], %q[t]\n"                                                      \
    "vmin.s8 %q[s0], %q[s0], %q[u]\n"                                                      \
    "vctp.8 %[n]\n"                                                                        \
    "vpst\n"                                                                               \
    "vstrbt.8 %q[s0], [%[y]], #16\n"                                                       \
    "subs %[n], #16\n"                                                                     \
    "bgt 0b"
#define EQ_DEPTHWISE_MVE_ANY_TAPS                                                          \
    "ldrd %[p], %[q], [%[k], #4]\n"                                                        \
    "cmp %[q], #0\n"                                                                       \
    "wls lr, %[p], 2f\n"                                                                   \
    "1:\n" EQ_DEPTHWISE_MVE_PAIR "le lr, 1b\n"                                             \
    "2:\n"                                                                                 \
    "beq 3f\n" EQ_DEPTHWISE_MVE_LAST "3:\n\t"
#define EQ_DEPTHWISE_MVE_NINE_TAPS                                                         \
    EQ_DEPTHWISE_MVE_PAIR EQ_DEPTHWISE_MVE_PAIR EQ_DEPTHWISE_MVE_PAIR                      \
        EQ_DEPTHWISE_MVE_PAIR EQ_DEPTHWISE_MVE_LAST
#define EQ_DEPTHWISE_MVE_AWAY                                                              \
    "movs %[p], #1\n"                                                                      \
    "vqdmlah.s32 %q[s0], %q[s0], %[p]\n"                                                   \
    "vqdmlah.s32 %q[s1], %q[s1], %[p]\n"                                                   \
    "vqdmlah.s32 %q[s2], %q[s2], %[p]\n"                                                   \
    "vqdmlah.s32 %q[s3], %q[s3], %[p]\n"
#define EQ_DEPTHWISE_MVE_OPERANDS                                                            \
    : [s0] "=&t"(s0), [s1] "=&t"(s1), [s2] "=&t"(s2), [s3] "=&t"(s3), [b] "=&t"(b),            \
      [t] "=&t"(t), [u] "=&t"(u), [x] "=&t"(x), [at] "=&r"(at), [p] "=&l"(a), [q] "=&r"(c),    \
      [w] "=&r"(w), [bias] "=&r"(bias), [mult] "=&r"(mult), [down] "=&r"(down), [y] "+r"(y),       \
      [n] "+r"(n)                                                                              \
    : [k] "r"(k)                                                                               \
    : "lr", "cc", "memory"

static inline void eq_depthwise_mve_live(const eq_depthwise_mve_run *k, int8_t *y,
                                         int32_t n, int form, int nine)
{
    int32x4_t s0, s1, s2, s3, b, t, u, x;
    const uint32_t *at;
    const int32_t *bias, *mult;
    const int8_t *w, *down;
    int32_t a, c;
    if (form == eq_mve_form_single && nine)
        __asm__ volatile(EQ_DEPTHWISE_MVE_LIVE(EQ_DEPTHWISE_MVE_NINE_TAPS, "vqdmulh.s32",
                                               "") EQ_DEPTHWISE_MVE_OPERANDS);
    else if (form == eq_mve_form_single)
        __asm__ volatile(EQ_DEPTHWISE_MVE_LIVE(EQ_DEPTHWISE_MVE_ANY_TAPS, "vqdmulh.s32", "")
                             EQ_DEPTHWISE_MVE_OPERANDS);
    else if (nine)
        __asm__ volatile(EQ_DEPTHWISE_MVE_LIVE(EQ_DEPTHWISE_MVE_NINE_TAPS, "vqrdmulh.s32",
                                               EQ_DEPTHWISE_MVE_AWAY)
                             EQ_DEPTHWISE_MVE_OPERANDS);
    else
        __asm__ volatile(EQ_DEPTHWISE_MVE_LIVE(EQ_DEPTHWISE_MVE_ANY_TAPS, "vqrdmulh.s32",
                                               EQ_DEPTHWISE_MVE_AWAY)
                             EQ_DEPTHWISE_MVE_OPERANDS);
}

#endif
