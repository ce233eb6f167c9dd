/* semihost -- calls from a program under emulation to the host.
 *
 * Source: Arm, "Semihosting for AArch32 and AArch64", release 3.0, and RISC-V
 * International, "RISC-V Semihosting", version 1.0, which takes over its operations.
 */
#ifndef EDGEQ_SEMIHOST_H
#define EDGEQ_SEMIHOST_H

#include <stdint.h>

enum {
    EQ_SEMIHOST_OPEN = 0x01,          /* {name, mode, length of name} -> handle or -1 */
    EQ_SEMIHOST_CLOSE = 0x02,         /* {handle} -> 0 or -1 */
    EQ_SEMIHOST_WRITE = 0x05,         /* {handle, data, n} -> bytes not written */
    EQ_SEMIHOST_READ = 0x06,          /* {handle, data, n} -> bytes not read */
    EQ_SEMIHOST_EXIT_EXTENDED = 0x20, /* {0x20026, code} -> does not return */
};

enum {
    EQ_SEMIHOST_READ_BINARY = 1,
    EQ_SEMIHOST_WRITE_TEXT = 4,
    EQ_SEMIHOST_WRITE_BINARY = 5,
};

static inline intptr_t eq_semihost(intptr_t operation, const intptr_t *arguments)
{
#if defined(__arm__)
    register intptr_t r0 __asm__("r0") = operation;
    register const intptr_t *r1 __asm__("r1") = arguments;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
#elif defined(__riscv)
    register intptr_t a0 __asm__("a0") = operation;
    register const intptr_t *a1 __asm__("a1") = arguments;
    /* The three must be uncompressed and in one page, hence the alignment. */
    __asm__ volatile(".balign 16\n"
                     ".option push\n"
                     ".option norvc\n"
                     "slli x0, x0, 0x1f\n"
                     "ebreak\n"
                     "srai x0, x0, 7\n"
                     ".option pop"
                     : "+r"(a0)
                     : "r"(a1)
                     : "memory");
    return a0;
#else
#error "semihosting is written for 32-bit Arm and RISC-V"
#endif
}

#endif
