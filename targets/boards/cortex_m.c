/* Start-up of a Cortex-M board: vector table, memory, main, and a readable end of faults.
 *
 * Source of addresses and bits: Arm, "Armv7-M Architecture Reference Manual" (DDI 0403E),
 * B3.2, and "Armv8-M Architecture Reference Manual" (DDI 0553), D1.2.
 */
#include "probe.h"

#include <stdint.h>

extern uint32_t eq_data_load[];
extern uint32_t eq_data_start[];
extern uint32_t eq_data_end[];
extern uint32_t eq_bss_start[];
extern uint32_t eq_bss_end[];
extern uint32_t eq_stack_top[];

int main(void);
_Noreturn void eq_reset(void);
void eq_fault(void);
_Noreturn void eq_fault_report(const uint32_t *frame);

enum {
    CPACR = (int)0xE000ED88, /* bits 20..23: access to the floating-point and vector unit */
    CCR = (int)0xE000ED14,   /* bit 19: loops with a branch cache (LE, LETP) */
    CFSR = (int)0xE000ED28,
    HFSR = (int)0xE000ED2C,
    BFAR = (int)0xE000ED38,
};

struct eq_vectors {
    uint32_t *stack;
    void (*handlers[15])(void); /* reset, then the exceptions 2 to 15 */
};

extern const struct eq_vectors eq_vectors;
__attribute__((section(".vectors"), used)) const struct eq_vectors eq_vectors = {
    eq_stack_top,
    {eq_reset, eq_fault, eq_fault, eq_fault, eq_fault, eq_fault, eq_fault, eq_fault,
     eq_fault, eq_fault, eq_fault, eq_fault, eq_fault, eq_fault, eq_fault},
};

static inline volatile uint32_t *at(int address)
{
    return (volatile uint32_t *)(uintptr_t)(uint32_t)address;
}

static void print_hex(const char *name, uint32_t value)
{
    char text[12] = " 0x00000000";
    for (int i = 0; i < 8; ++i)
        text[3 + i] = "0123456789abcdef"[(value >> (28 - 4 * i)) & 15];
    eq_probe_print(name);
    eq_probe_print(text);
}

_Noreturn void eq_fault_report(const uint32_t *frame)
{
    print_hex("FAULT CFSR", *at(CFSR));
    print_hex(" HFSR", *at(HFSR));
    print_hex(" BFAR", *at(BFAR));
    print_hex(" PC", frame[6]); /* the exception frame is r0-r3, r12, lr, pc, xpsr */
    eq_probe_print("\n");
    eq_probe_exit(99);
}

__attribute__((naked)) void eq_fault(void)
{
    __asm__ volatile("mrs r0, msp\n"
                     "ldr r1, =eq_fault_report\n"
                     "bx r1");
}

_Noreturn void eq_reset(void)
{
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
    *at(CPACR) |= (uint32_t)0xF << 20;
#endif
#if defined(__ARM_FEATURE_MVE)
    *at(CCR) |= (uint32_t)1 << 19;
#endif
    __asm__ volatile("dsb\nisb" ::: "memory");
    const uint32_t *load = eq_data_load;
    for (uint32_t *word = eq_data_start; word < eq_data_end; ++word, ++load)
        *word = *load;
    for (uint32_t *word = eq_bss_start; word < eq_bss_end; ++word)
        *word = 0;
    eq_probe_exit(main());
}
