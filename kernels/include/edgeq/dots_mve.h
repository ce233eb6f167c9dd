/* Sums of products for two vectors at once, for MVE: of int16 with int8 weights, and of int8
 * with int4 weights.  See dot_mve.h: the same loop, where eight VMLAVA take 8 taps of int16, or
 * sixteen of them 32 taps with int4 weights, after shifts that part and extend the nibbles.
 *
 * Weights of blocks of four channels o: 8 taps k as @packs w (.., k/8, o%4, k%8); of int4
 * (.., k/32, o%4, k%16, k/16%2), so that the taps k and k + 16 share a byte.
 *
 * Exact: as in dot_mve.h.  Sums of int16 need the proof of dot_bits <= 32.
 */
#ifndef EDGEQ_DOTS_MVE_H
#define EDGEQ_DOTS_MVE_H

#include "edgeq/dot_mve.h"

/* The same as eq_dots_s8_4x2 for vectors of int16. */
static inline void eq_dots_s16s8_4x2(const eq_dots *all)
{
    register const eq_dots *t __asm__("r0") = all;
    int32x4_t a, b, u, v;
    __asm__ volatile("ldrd r1, r3, [%[t]]\n\t"
                     "ldrd r5, r9, [%[t], #8]\n\t"
                     "ldrd r11, r2, [%[t], #16]\n\t"
                     "add r11, r11, r1\n\t"
                     "strd r1, r3, [sp, #-16]!\n\t"
                     "str r2, [sp, #8]\n"
                     "0:\n\t"
                     "vldrb.u8 %q[a], [r1], #16\n\t"
                     "vldrb.s16 %q[u], [r5], #32\n\t"
                     "vmlav.s16 r0, %q[a], %q[u]\n\t"
                     "vldrb.u8 %q[b], [r3], #16\n\t"
                     "vmlav.s16 r8, %q[b], %q[u]\n\t"
                     "vldrb.s16 %q[v], [r5, #-24]\n\t"
                     "vmlav.s16 r2, %q[a], %q[v]\n\t"
                     "vldrb.s16 %q[u], [r5, #-16]\n\t"
                     "vmlav.s16 r10, %q[b], %q[v]\n\t"
                     "vldrb.s16 %q[v], [r5, #-8]\n\t"
                     "vmlav.s16 r4, %q[a], %q[u]\n\t"
                     "cmp r1, r11\n\t"
                     "vmlav.s16 r12, %q[b], %q[u]\n\t"
                     "vmlav.s16 r6, %q[a], %q[v]\n\t"
                     "vmlav.s16 lr, %q[b], %q[v]\n\t"
                     "beq 2f\n"
                     "1:\n\t"
                     "vldrb.u8 %q[a], [r1], #16\n\t"
                     "vldrb.s16 %q[u], [r5], #32\n\t"
                     "vmlava.s16 r0, %q[a], %q[u]\n\t"
                     "vldrb.u8 %q[b], [r3], #16\n\t"
                     "vmlava.s16 r8, %q[b], %q[u]\n\t"
                     "vldrb.s16 %q[v], [r5, #-24]\n\t"
                     "vmlava.s16 r2, %q[a], %q[v]\n\t"
                     "vldrb.s16 %q[u], [r5, #-16]\n\t"
                     "vmlava.s16 r10, %q[b], %q[v]\n\t"
                     "vldrb.s16 %q[v], [r5, #-8]\n\t"
                     "vmlava.s16 r4, %q[a], %q[u]\n\t"
                     "cmp r1, r11\n\t"
                     "vmlava.s16 r12, %q[b], %q[u]\n\t"
                     "vmlava.s16 r6, %q[a], %q[v]\n\t"
                     "vmlava.s16 lr, %q[b], %q[v]\n\t"
                     "bne 1b\n"
                     "2:\n\t"
                     "vmov %q[a][2], %q[a][0], r0, r4\n\t"
                     "ldr r0, [sp, #8]\n\t"
                     "vmov %q[a][3], %q[a][1], r2, r6\n\t"
                     "ldrd r1, r3, [sp]\n\t"
                     "vmov %q[b][2], %q[b][0], r8, r12\n\t"
                     "vstrb.8 %q[a], [r9], #32\n\t"
                     "vmov %q[b][3], %q[b][1], r10, lr\n\t"
                     "cmp r5, r0\n\t"
                     "vstrb.8 %q[b], [r9, #-16]\n\t"
                     "bne 0b\n\t"
                     "add sp, sp, #16"
                     : [a] "=&t"(a), [b] "=&t"(b), [u] "=&t"(u), [v] "=&t"(v), [t] "+r"(t)
                     :
                     : "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12",
                       "lr", "cc", "memory");
}

/* The same for nibbles; bytes is a multiple of 32.  The compiler is left two vectors. */
static inline void eq_dots_s8s4_4x2(const eq_dots *all)
{
    register const eq_dots *t __asm__("r0") = all;
    int32x4_t a, b, c, d, u, v;
    __asm__ volatile("ldrd r1, r3, [%[t]]\n\t"
                     "ldrd r5, r9, [%[t], #8]\n\t"
                     "ldrd r11, r2, [%[t], #16]\n\t"
                     "add r11, r11, r1\n\t"
                     "strd r1, r3, [sp, #-16]!\n\t"
                     "str r2, [sp, #8]\n"
                     "0:\n\t"
                     "vldrb.u8 %q[a], [r1], #32\n\t"
                     "vldrb.u8 %q[c], [r1, #-16]\n\t"
                     "vldrb.u8 %q[b], [r3], #32\n\t"
                     "vldrb.u8 %q[d], [r3, #-16]\n\t"
                     "vldrb.u8 %q[u], [r5], #64\n\t"
                     "vshl.i8 %q[v], %q[u], #4\n\t"
                     "vshr.s8 %q[u], %q[u], #4\n\t"
                     "vshr.s8 %q[v], %q[v], #4\n\t"
                     "vmlav.s8 r0, %q[a], %q[v]\n\t"
                     "vmlava.s8 r0, %q[c], %q[u]\n\t"
                     "vmlav.s8 r8, %q[b], %q[v]\n\t"
                     "vmlava.s8 r8, %q[d], %q[u]\n\t"
                     "vldrb.u8 %q[u], [r5, #-48]\n\t"
                     "vshl.i8 %q[v], %q[u], #4\n\t"
                     "vshr.s8 %q[u], %q[u], #4\n\t"
                     "vshr.s8 %q[v], %q[v], #4\n\t"
                     "vmlav.s8 r2, %q[a], %q[v]\n\t"
                     "vmlava.s8 r2, %q[c], %q[u]\n\t"
                     "vmlav.s8 r10, %q[b], %q[v]\n\t"
                     "vmlava.s8 r10, %q[d], %q[u]\n\t"
                     "vldrb.u8 %q[u], [r5, #-32]\n\t"
                     "vshl.i8 %q[v], %q[u], #4\n\t"
                     "vshr.s8 %q[u], %q[u], #4\n\t"
                     "vshr.s8 %q[v], %q[v], #4\n\t"
                     "vmlav.s8 r4, %q[a], %q[v]\n\t"
                     "vmlava.s8 r4, %q[c], %q[u]\n\t"
                     "vmlav.s8 r12, %q[b], %q[v]\n\t"
                     "vmlava.s8 r12, %q[d], %q[u]\n\t"
                     "vldrb.u8 %q[u], [r5, #-16]\n\t"
                     "vshl.i8 %q[v], %q[u], #4\n\t"
                     "vshr.s8 %q[u], %q[u], #4\n\t"
                     "vshr.s8 %q[v], %q[v], #4\n\t"
                     "vmlav.s8 r6, %q[a], %q[v]\n\t"
                     "vmlava.s8 r6, %q[c], %q[u]\n\t"
                     "vmlav.s8 lr, %q[b], %q[v]\n\t"
                     "cmp r1, r11\n\t"
                     "vmlava.s8 lr, %q[d], %q[u]\n\t"
                     "beq 2f\n"
                     "1:\n\t"
                     "vldrb.u8 %q[a], [r1], #32\n\t"
                     "vldrb.u8 %q[c], [r1, #-16]\n\t"
                     "vldrb.u8 %q[b], [r3], #32\n\t"
                     "vldrb.u8 %q[d], [r3, #-16]\n\t"
                     "vldrb.u8 %q[u], [r5], #64\n\t"
                     "vshl.i8 %q[v], %q[u], #4\n\t"
                     "vshr.s8 %q[u], %q[u], #4\n\t"
                     "vshr.s8 %q[v], %q[v], #4\n\t"
                     "vmlava.s8 r0, %q[c], %q[u]\n\t"
                     "vmlava.s8 r0, %q[a], %q[v]\n\t"
                     "vmlava.s8 r8, %q[b], %q[v]\n\t"
                     "vmlava.s8 r8, %q[d], %q[u]\n\t"
                     "vldrb.u8 %q[u], [r5, #-48]\n\t"
                     "vshl.i8 %q[v], %q[u], #4\n\t"
                     "vshr.s8 %q[u], %q[u], #4\n\t"
                     "vshr.s8 %q[v], %q[v], #4\n\t"
                     "vmlava.s8 r2, %q[c], %q[u]\n\t"
                     "vmlava.s8 r2, %q[a], %q[v]\n\t"
                     "vmlava.s8 r10, %q[b], %q[v]\n\t"
                     "vmlava.s8 r10, %q[d], %q[u]\n\t"
                     "vldrb.u8 %q[u], [r5, #-32]\n\t"
                     "vshl.i8 %q[v], %q[u], #4\n\t"
                     "vshr.s8 %q[u], %q[u], #4\n\t"
                     "vshr.s8 %q[v], %q[v], #4\n\t"
                     "vmlava.s8 r4, %q[c], %q[u]\n\t"
                     "vmlava.s8 r4, %q[a], %q[v]\n\t"
                     "vmlava.s8 r12, %q[b], %q[v]\n\t"
                     "vmlava.s8 r12, %q[d], %q[u]\n\t"
                     "vldrb.u8 %q[u], [r5, #-16]\n\t"
                     "vshl.i8 %q[v], %q[u], #4\n\t"
                     "vshr.s8 %q[u], %q[u], #4\n\t"
                     "vshr.s8 %q[v], %q[v], #4\n\t"
                     "vmlava.s8 r6, %q[c], %q[u]\n\t"
                     "vmlava.s8 r6, %q[a], %q[v]\n\t"
                     "vmlava.s8 lr, %q[b], %q[v]\n\t"
                     "cmp r1, r11\n\t"
                     "vmlava.s8 lr, %q[d], %q[u]\n\t"
                     "bne 1b\n"
                     "2:\n\t"
                     "vmov %q[a][2], %q[a][0], r0, r4\n\t"
                     "ldr r0, [sp, #8]\n\t"
                     "vmov %q[a][3], %q[a][1], r2, r6\n\t"
                     "ldrd r1, r3, [sp]\n\t"
                     "vmov %q[b][2], %q[b][0], r8, r12\n\t"
                     "vstrb.8 %q[a], [r9], #32\n\t"
                     "vmov %q[b][3], %q[b][1], r10, lr\n\t"
                     "cmp r5, r0\n\t"
                     "vstrb.8 %q[b], [r9, #-16]\n\t"
                     "bne 0b\n\t"
                     "add sp, sp, #16"
                     : [a] "=&t"(a), [b] "=&t"(b), [c] "=&t"(c), [d] "=&t"(d), [u] "=&t"(u),
                       [v] "=&t"(v), [t] "+r"(t)
                     :
                     : "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "r12",
                       "lr", "cc", "memory");
}

#endif
