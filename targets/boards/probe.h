/* probe -- what a program under test asks of the board that it runs on.
 *
 * A probe reads bytes from the host's file EQ_PROBE_INPUT, writes bytes to EQ_PROBE_OUTPUT
 * (both in the folder where it was started), prints text and ends with an exit code.
 * semihost_io.c does it on emulated boards, linux_io.c under an operating system.
 *
 * EQ_MARK_BEGIN() and EQ_MARK_END() enclose a region whose executed instructions are
 * counted under emulation.  Each is one instruction without effect that compilers never
 * emit, so a program that is not being counted runs as it would without them.  Regions
 * do not nest; the n-th pair is region n.
 */
#ifndef EDGEQ_PROBE_H
#define EDGEQ_PROBE_H

#include <stddef.h>

#define EQ_PROBE_INPUT "probe.in"
#define EQ_PROBE_OUTPUT "probe.out"

/* Up to `bytes` bytes of the input into data; returns how many there were. */
size_t eq_probe_read(void *data, size_t bytes);

/* Appends to the output; returns how many bytes were written. */
size_t eq_probe_write(const void *data, size_t bytes);

/* Prints a string that ends with NUL. */
void eq_probe_print(const char *text);

/* Ends the program; code is in [0, 255]. */
_Noreturn void eq_probe_exit(int code);

#if defined(__aarch64__)
#define EQ_MARK_BEGIN() __asm__ volatile("hint #0x71" ::: "memory")
#define EQ_MARK_END() __asm__ volatile("hint #0x72" ::: "memory")
#elif defined(__arm__)
#define EQ_MARK_BEGIN() __asm__ volatile("mov r10, r10" ::: "memory")
#define EQ_MARK_END() __asm__ volatile("mov r11, r11" ::: "memory")
#elif defined(__riscv)
#define EQ_MARK_BEGIN() __asm__ volatile("addi x0, x0, 0x71" ::: "memory")
#define EQ_MARK_END() __asm__ volatile("addi x0, x0, 0x72" ::: "memory")
#elif defined(__x86_64__)
/* nopl 0xed71(%rax) and nopl 0xed72(%rax): no access takes place. */
#define EQ_MARK_BEGIN() __asm__ volatile(".byte 0x0f,0x1f,0x80,0x71,0xed,0,0" ::: "memory")
#define EQ_MARK_END() __asm__ volatile(".byte 0x0f,0x1f,0x80,0x72,0xed,0,0" ::: "memory")
#else
#define EQ_MARK_BEGIN() ((void)0)
#define EQ_MARK_END() ((void)0)
#endif

#endif
