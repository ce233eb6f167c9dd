/* Start-up of a bare RISC-V board: memory, main, and a readable end of traps.
 *
 * Source: RISC-V International, "The RISC-V Instruction Set Manual, Volume II",
 * machine-level CSRs mtvec (0x305), mepc (0x341), mcause (0x342), mtval (0x343).
 */
#include "probe.h"

#include <stdint.h>

extern uint32_t eq_data_load[];
extern uint32_t eq_data_start[];
extern uint32_t eq_data_end[];
extern uint32_t eq_bss_start[];
extern uint32_t eq_bss_end[];

int main(void);
_Noreturn void eq_reset(void);
_Noreturn void eq_trap(void);

__asm__(".section .vectors, \"ax\"\n"
        ".globl eq_start\n"
        "eq_start:\n"
        ".option push\n"
        ".option norelax\n"
        "la gp, __global_pointer$\n"
        ".option pop\n"
        "la sp, eq_stack_top\n"
        "j eq_reset\n"
        ".text");

/* csrr and csrw, written so that an assembler without Zicsr in -march takes them. */
#define READ_CSR(number, value)                                                            \
    __asm__ volatile(".insn i 0x73, 2, %0, x0, " number : "=r"(value))
#define WRITE_CSR(number, value)                                                           \
    __asm__ volatile(".insn i 0x73, 1, x0, %0, " number : : "r"(value))

static void print_hex(const char *name, uint32_t value)
{
    char text[12] = " 0x00000000";
    for (int i = 0; i < 8; ++i)
        text[3 + i] = "0123456789abcdef"[(value >> (28 - 4 * i)) & 15];
    eq_probe_print(name);
    eq_probe_print(text);
}

__attribute__((aligned(4))) _Noreturn void eq_trap(void)
{
    uint32_t cause;
    uint32_t pc;
    uint32_t value;
    READ_CSR("0x342", cause);
    READ_CSR("0x341", pc);
    READ_CSR("0x343", value);
    print_hex("FAULT mcause", cause);
    print_hex(" mtval", value);
    print_hex(" mepc", pc);
    eq_probe_print("\n");
    eq_probe_exit(99);
}

_Noreturn void eq_reset(void)
{
    WRITE_CSR("0x305", (uint32_t)(uintptr_t)eq_trap);
    const uint32_t *load = eq_data_load;
    for (uint32_t *word = eq_data_start; word < eq_data_end; ++word, ++load)
        *word = *load;
    for (uint32_t *word = eq_bss_start; word < eq_bss_end; ++word)
        *word = 0;
    eq_probe_exit(main());
}
