/* Dot products of int8 vectors for MVE, by VMLAVA: 16 products and their sum in one instruction.
 *
 * VMLAVA adds into even core registers, of which there are eight with lr.  A compiler keeps four
 * sums in flight and adds moves, so the loops are written out: in eq_dots_s8_4x2 six loads
 * serve eight VMLAVA, in eq_dot_s8_4x1 five loads four of them, in a loop without overhead.
 *
 * Weights are in blocks of four channels and in them of 16 taps, @packs w (.., k/16, o%4,
 * k%16): 64 bytes for every 16 of x, zeros behind the last.
 *
 * Exact: VMLAVA multiplies and adds without loss into 32 bits, and the contracts' proof covers
 * partial sums in any order.
 */
#ifndef EDGEQ_DOT_MVE_H
#define EDGEQ_DOT_MVE_H

#include <arm_mve.h>
#include <stdint.h>

/* x          two vectors of `bytes` bytes, a multiple of 16
 * w, w_end   whole blocks, at least one
 * sums       of each block four int32 for x[0], then four for x[1]
 * rest       of x after its first chunk: 0 even and 1 odd many chunks, 2 none */
typedef struct {
    const int8_t *x[2], *w;
    int8_t *sums;
    int32_t bytes;
    const int8_t *w_end;
    int32_t rest;
} eq_dots;

/* sum over k of x[k] * w[o][k] for both x and all channels o of the blocks.  The compiler is
 * left r7 and half of the vectors. */
static inline void eq_dots_s8_4x2(const eq_dots *all)
{
    register const eq_dots *t __asm__("r0") = all;
    int32x4_t a, b, u, v;
    __asm__ volatile("ldrd r1, r3, [%[t]]\n\t"
                     "ldrd r5, r9, [%[t], #8]\n\t"
                     "ldrd r11, r2, [%[t], #16]\n\t"
                     "add r11, r11, r1\n\t"
                     "strd r1, r3, [sp, #-16]!\n\t"
                     "str r2, [sp, #8]\n\t"
                     "ldr r2, [%[t], #24]\n\t"
                     "str r2, [sp, #12]\n"
                     "0:\n\t"
                     "ldr r0, [sp, #12]\n\t"
                     "cmp r0, #1\n\t"
                     "vldrb.u8 %q[a], [r1], #16\n\t"
                     "vldrb.u8 %q[u], [r5], #64\n\t"
                     "vmlav.s8 r0, %q[a], %q[u]\n\t"
                     "vldrb.u8 %q[b], [r3], #16\n\t"
                     "vmlav.s8 r8, %q[b], %q[u]\n\t"
                     "vldrb.u8 %q[v], [r5, #-48]\n\t"
                     "vmlav.s8 r2, %q[a], %q[v]\n\t"
                     "vldrb.u8 %q[u], [r5, #-32]\n\t"
                     "vmlav.s8 r10, %q[b], %q[v]\n\t"
                     "vldrb.u8 %q[v], [r5, #-16]\n\t"
                     "vmlav.s8 r4, %q[a], %q[u]\n\t"
                     "vmlav.s8 r12, %q[b], %q[u]\n\t"
                     "vmlav.s8 r6, %q[a], %q[v]\n\t"
                     "vmlav.s8 lr, %q[b], %q[v]\n\t"
                     "blt 1f\n\t"
                     "bgt 2f\n\t"
                     "vldrb.u8 %q[a], [r1], #16\n\t"
                     "vldrb.u8 %q[u], [r5], #64\n\t"
                     "vmlava.s8 r0, %q[a], %q[u]\n\t"
                     "vldrb.u8 %q[b], [r3], #16\n\t"
                     "vmlava.s8 r8, %q[b], %q[u]\n\t"
                     "vldrb.u8 %q[v], [r5, #-48]\n\t"
                     "vmlava.s8 r2, %q[a], %q[v]\n\t"
                     "vldrb.u8 %q[u], [r5, #-32]\n\t"
                     "vmlava.s8 r10, %q[b], %q[v]\n\t"
                     "vldrb.u8 %q[v], [r5, #-16]\n\t"
                     "vmlava.s8 r4, %q[a], %q[u]\n\t"
                     "cmp r1, r11\n\t"
                     "vmlava.s8 r12, %q[b], %q[u]\n\t"
                     "vmlava.s8 r6, %q[a], %q[v]\n\t"
                     "vmlava.s8 lr, %q[b], %q[v]\n\t"
                     "beq 2f\n"
                     "1:\n\t"
                     "vldrb.u8 %q[a], [r1], #16\n\t"
                     "vldrb.u8 %q[u], [r5], #64\n\t"
                     "vmlava.s8 r0, %q[a], %q[u]\n\t"
                     "vldrb.u8 %q[b], [r3], #16\n\t"
                     "vmlava.s8 r8, %q[b], %q[u]\n\t"
                     "vldrb.u8 %q[v], [r5, #-48]\n\t"
                     "vmlava.s8 r2, %q[a], %q[v]\n\t"
                     "vldrb.u8 %q[u], [r5, #-32]\n\t"
                     "vmlava.s8 r10, %q[b], %q[v]\n\t"
                     "vldrb.u8 %q[v], [r5, #-16]\n\t"
                     "vmlava.s8 r4, %q[a], %q[u]\n\t"
                     "vmlava.s8 r12, %q[b], %q[u]\n\t"
                     "vmlava.s8 r6, %q[a], %q[v]\n\t"
                     "vmlava.s8 lr, %q[b], %q[v]\n\t"
                     "vldrb.u8 %q[a], [r1], #16\n\t"
                     "vldrb.u8 %q[u], [r5], #64\n\t"
                     "vmlava.s8 r0, %q[a], %q[u]\n\t"
                     "vldrb.u8 %q[b], [r3], #16\n\t"
                     "vmlava.s8 r8, %q[b], %q[u]\n\t"
                     "vldrb.u8 %q[v], [r5, #-48]\n\t"
                     "vmlava.s8 r2, %q[a], %q[v]\n\t"
                     "vldrb.u8 %q[u], [r5, #-32]\n\t"
                     "vmlava.s8 r10, %q[b], %q[v]\n\t"
                     "vldrb.u8 %q[v], [r5, #-16]\n\t"
                     "vmlava.s8 r4, %q[a], %q[u]\n\t"
                     "cmp r1, r11\n\t"
                     "vmlava.s8 r12, %q[b], %q[u]\n\t"
                     "vmlava.s8 r6, %q[a], %q[v]\n\t"
                     "vmlava.s8 lr, %q[b], %q[v]\n\t"
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

/* sum over k < n of x[k] * w[o][k], four channels o; reads no more of x. */
static inline int32x4_t eq_dot_s8_4x1(const int8_t *x, const int8_t *w, int32_t n)
{
    int32x4_t a, u, v;
    int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    __asm__("wlstp.8 lr, %[n], 2f\n"
            "1:\n\t"
            "vldrb.u8 %q[a], [%[x]], #16\n\t"
            "vldrb.u8 %q[u], [%[w]], #64\n\t"
            "vmlava.s8 %[s0], %q[a], %q[u]\n\t"
            "vldrb.u8 %q[v], [%[w], #-48]\n\t"
            "vmlava.s8 %[s1], %q[a], %q[v]\n\t"
            "vldrb.u8 %q[u], [%[w], #-32]\n\t"
            "vmlava.s8 %[s2], %q[a], %q[u]\n\t"
            "vldrb.u8 %q[v], [%[w], #-16]\n\t"
            "vmlava.s8 %[s3], %q[a], %q[v]\n\t"
            "letp lr, 1b\n"
            "2:\n\t"
            "vmov %q[a][2], %q[a][0], %[s0], %[s2]\n\t"
            "vmov %q[a][3], %q[a][1], %[s1], %[s3]"
            : [a] "=&t"(a), [u] "=&t"(u), [v] "=&t"(v), [x] "+r"(x), [w] "+r"(w),
              [s0] "+Te"(s0), [s1] "+Te"(s1), [s2] "+Te"(s2), [s3] "+Te"(s3)
            : [n] "r"(n)
            : "lr", "cc", "memory");
    return a;
}

/* x[0] + ... + x[n - 1]. */
static inline int32_t eq_sum_s8_mve(const int8_t *x, int32_t n)
{
    int32_t total = 0;
    int8x16_t a;
    __asm__("wlstp.8 lr, %[n], 2f\n"
            "1:\n\t"
            "vldrb.u8 %q[a], [%[x]], #16\n\t"
            "vaddva.s8 %[total], %q[a]\n\t"
            "letp lr, 1b\n"
            "2:"
            : [a] "=&t"(a), [x] "+r"(x), [total] "+Te"(total)
            : [n] "r"(n)
            : "lr", "cc", "memory");
    return total;
}

#endif
