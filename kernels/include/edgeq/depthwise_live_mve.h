/* All channels of depthwise windows of a row for MVE, factors below 1/2, written out. */
#ifndef EDGEQ_DEPTHWISE_LIVE_MVE_H
#define EDGEQ_DEPTHWISE_LIVE_MVE_H

#include "edgeq/depthwise_sums_mve.h"

/* What a run over the channels of pixels needs. */
typedef struct {
    uint32_t *at;
    int32_t pairs, odd; /* of taps */
    int32_t zy, lo, hi;
    const int8_t *w;
    const int32_t *bias, *mult;
    const int8_t *down;
    int32_t n;        /* channels */
    int32_t vectors;  /* of four addresses */
    int32_t step;     /* from an address behind a pixel's blocks to the next pixel's */
    int32_t y_step;   /* the same of y */
    int32_t pixels;   /* that are left */
    int32_t relu;     /* whether zy is -128 and nothing is clamped to less than int8 */
    int32_t taps, zw; /* of weights with a zero point */
} eq_depthwise_mve_run;

/* What the taps are: as many as there are, nine, or as many of weights with a zero point. */
typedef enum {
    EQ_DEPTHWISE_MVE_TAPS,
    EQ_DEPTHWISE_MVE_3X3,
    EQ_DEPTHWISE_MVE_ZW
} eq_depthwise_mve_kind;

/* k->n channels of k->pixels windows, the first at k->at, factors other than zero of shift >= 32,
 * `down` being 31 less the shifts: the same as sums and rescale above, written out as one loop.
 * The compiler keeps its pointers in memory and saves vectors around every block.  Of the form
 * double with nine taps a ReLU to the whole of int8 has code of its own: ties differ below zero
 * only, all of which is -128 then. */
#define EQ_DEPTHWISE_MVE_LIVE(MOVE, TAPS, HIGH, AWAY, CLAMP)                               \
    "b 9f\n"                                                                               \
    "8:\n"                                                                                 \
    "ldr %[at], [%[k]]\n"                                                                  \
    "ldr %[p], [%[k], #48]\n"                                                              \
    "cbz %[p], 9f\n" MOVE "9:\n"                                                           \
    "ldrd %[w], %[bias], [%[k], #24]\n"                                                    \
    "ldrd %[mult], %[down], [%[k], #32]\n"                                                 \
    "ldr %[n], [%[k], #40]\n"                                                              \
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
    "vqmovnb.s16 %q[s0], %q[s0]\n"                                                         \
    "vqmovnt.s16 %q[s0], %q[s1]\n" CLAMP "vctp.8 %[n]\n"                                   \
    "vpst\n"                                                                               \
    "vstrbt.8 %q[s0], [%[y]], #16\n"                                                       \
    "subs %[n], #16\n"                                                                     \
    "bgt 0b\n"                                                                             \
    "ldrd %[p], %[q], [%[k], #52]\n"                                                       \
    "add %[y], %[y], %[p]\n"                                                               \
    "subs %[q], #1\n"                                                                      \
    "str %[q], [%[k], #56]\n"                                                              \
    "bne 8b"
#define EQ_DEPTHWISE_MVE_MOVE_ONE                                                          \
    "vldrw.u32 %q[t], [%[at]]\n"                                                           \
    "vadd.i32 %q[t], %q[t], %[p]\n"                                                        \
    "vstrw.32 %q[t], [%[at]], #16\n"
#define EQ_DEPTHWISE_MVE_MOVE_NINE                                                         \
    EQ_DEPTHWISE_MVE_MOVE_ONE EQ_DEPTHWISE_MVE_MOVE_ONE EQ_DEPTHWISE_MVE_MOVE_ONE
#define EQ_DEPTHWISE_MVE_MOVE_ANY                                                          \
    "ldr %[q], [%[k], #44]\n"                                                              \
    "dls lr, %[q]\n"                                                                       \
    "7:\n" EQ_DEPTHWISE_MVE_MOVE_ONE "le lr, 7b\n"
#define EQ_DEPTHWISE_MVE_ANY_TAPS                                                          \
    "ldrd %[p], %[q], [%[k], #4]\n"                                                        \
    "cmp %[q], #0\n"                                                                       \
    "wls lr, %[p], 2f\n"                                                                   \
    "1:\n" EQ_DEPTHWISE_MVE_PAIR "le lr, 1b\n"                                             \
    "2:\n"                                                                                 \
    "beq 3f\n" EQ_DEPTHWISE_MVE_LAST "3:\n\t"
#define EQ_DEPTHWISE_MVE_NINE_TAPS                                                         \
    ".rept 4\n" EQ_DEPTHWISE_MVE_PAIR ".endr\n" EQ_DEPTHWISE_MVE_LAST
#define EQ_DEPTHWISE_MVE_ZW_TAPS                                                           \
    "ldrd %[p], %[q], [%[k], #64]\n"                                                       \
    "dls lr, %[p]\n"                                                                       \
    "1:\n" EQ_DEPTHWISE_MVE_WIDE "le lr, 1b\n"
#define EQ_DEPTHWISE_MVE_AWAY                                                              \
    "movs %[p], #1\n"                                                                      \
    "vqdmlah.s32 %q[s0], %q[s0], %[p]\n"                                                   \
    "vqdmlah.s32 %q[s1], %q[s1], %[p]\n"                                                   \
    "vqdmlah.s32 %q[s2], %q[s2], %[p]\n"                                                   \
    "vqdmlah.s32 %q[s3], %q[s3], %[p]\n"
#define EQ_DEPTHWISE_MVE_CLAMP                                                             \
    "ldrd %[p], %[q], [%[k], #16]\n"                                                       \
    "vdup.8 %q[t], %[p]\n"                                                                 \
    "vdup.8 %q[u], %[q]\n"                                                                 \
    "vmax.s8 %q[s0], %q[s0], %q[t]\n"                                                      \
    "vmin.s8 %q[s0], %q[s0], %q[u]\n"
#define EQ_DEPTHWISE_MVE_OPERANDS                                                            \
    : [s0] "=&t"(s0), [s1] "=&t"(s1), [s2] "=&t"(s2), [s3] "=&t"(s3), [b] "=&t"(b),            \
      [t] "=&t"(t), [u] "=&t"(u), [x] "=&t"(x), [at] "=&r"(at), [p] "=&l"(a), [q] "=&r"(c),    \
      [w] "=&r"(w), [bias] "=&r"(bias), [mult] "=&r"(mult), [down] "=&r"(down), [y] "+r"(y),       \
      [n] "=&r"(n)                                                                             \
    : [k] "r"(k)                                                                               \
    : "lr", "cc", "memory"

#define EQ_DEPTHWISE_MVE_NINE(HIGH, AWAY, CLAMP)                                           \
    __asm__ volatile(EQ_DEPTHWISE_MVE_LIVE(EQ_DEPTHWISE_MVE_MOVE_NINE,                     \
                                           EQ_DEPTHWISE_MVE_NINE_TAPS, HIGH, AWAY, CLAMP)  \
                         EQ_DEPTHWISE_MVE_OPERANDS)
#define EQ_DEPTHWISE_MVE_ANY(HIGH, AWAY, CLAMP)                                            \
    __asm__ volatile(EQ_DEPTHWISE_MVE_LIVE(EQ_DEPTHWISE_MVE_MOVE_ANY,                      \
                                           EQ_DEPTHWISE_MVE_ANY_TAPS, HIGH, AWAY, CLAMP)   \
                         EQ_DEPTHWISE_MVE_OPERANDS)
#define EQ_DEPTHWISE_MVE_LESS(HIGH, AWAY, CLAMP)                                           \
    __asm__ volatile(EQ_DEPTHWISE_MVE_LIVE(EQ_DEPTHWISE_MVE_MOVE_ANY,                      \
                                           EQ_DEPTHWISE_MVE_ZW_TAPS, HIGH, AWAY, CLAMP)    \
                         EQ_DEPTHWISE_MVE_OPERANDS)

static inline void eq_depthwise_mve_live(eq_depthwise_mve_run *k, int8_t *y, int form,
                                         eq_depthwise_mve_kind kind)
{
    int32x4_t s0, s1, s2, s3, b, t, u, x;
    const uint32_t *at;
    const int32_t *bias, *mult;
    const int8_t *w, *down;
    int32_t a, c, n;
    if (form == eq_mve_form_single && kind == EQ_DEPTHWISE_MVE_3X3)
        EQ_DEPTHWISE_MVE_NINE("vqdmulh.s32", "", EQ_DEPTHWISE_MVE_CLAMP);
    else if (form == eq_mve_form_single && kind == EQ_DEPTHWISE_MVE_ZW)
        EQ_DEPTHWISE_MVE_LESS("vqdmulh.s32", "", EQ_DEPTHWISE_MVE_CLAMP);
    else if (form == eq_mve_form_single)
        EQ_DEPTHWISE_MVE_ANY("vqdmulh.s32", "", EQ_DEPTHWISE_MVE_CLAMP);
    else if (kind == EQ_DEPTHWISE_MVE_3X3 && k->relu)
        EQ_DEPTHWISE_MVE_NINE("vqrdmulh.s32", "", "");
    else if (kind == EQ_DEPTHWISE_MVE_3X3)
        EQ_DEPTHWISE_MVE_NINE("vqrdmulh.s32", EQ_DEPTHWISE_MVE_AWAY,
                              EQ_DEPTHWISE_MVE_CLAMP);
    else if (kind == EQ_DEPTHWISE_MVE_ZW)
        EQ_DEPTHWISE_MVE_LESS("vqrdmulh.s32", EQ_DEPTHWISE_MVE_AWAY,
                              EQ_DEPTHWISE_MVE_CLAMP);
    else
        EQ_DEPTHWISE_MVE_ANY("vqrdmulh.s32", EQ_DEPTHWISE_MVE_AWAY, EQ_DEPTHWISE_MVE_CLAMP);
}

#endif
