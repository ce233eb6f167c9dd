/* Copies and fills of bytes for MVE, 16 at a time; the last are predicated by the loop itself,
 * so that nothing outside is touched.  The compiler has no intrinsic for such loops. */
#ifndef EDGEQ_COPY_MVE_H
#define EDGEQ_COPY_MVE_H

#include <arm_mve.h>
#include <stdint.h>

/* n >= 0 bytes from x to y; returns the end of y. */
static inline int8_t *eq_copy_mve(int8_t *y, const int8_t *x, int32_t n)
{
    int8_t *const end = y + n;
    uint8x16_t t;
    __asm__ volatile("wlstp.8 lr, %[n], 2f\n"
                     "1:\n\t"
                     "vldrb.u8 %q[t], [%[x]], #16\n\t"
                     "vstrb.8 %q[t], [%[y]], #16\n\t"
                     "letp lr, 1b\n"
                     "2:"
                     : [t] "=&t"(t), [x] "+r"(x), [y] "+r"(y)
                     : [n] "r"(n)
                     : "lr", "memory");
    return end;
}

/* n >= 0 bytes of `value` to y; returns the end of y. */
static inline int8_t *eq_fill_mve(int8_t *y, int32_t value, int32_t n)
{
    int8_t *const end = y + n;
    const int8x16_t t = vdupq_n_s8((int8_t)value);
    __asm__ volatile("wlstp.8 lr, %[n], 2f\n"
                     "1:\n\t"
                     "vstrb.8 %q[t], [%[y]], #16\n\t"
                     "letp lr, 1b\n"
                     "2:"
                     : [y] "+r"(y)
                     : [t] "t"(t), [n] "r"(n)
                     : "lr", "memory");
    return end;
}

#endif
