/* From the processor's reset to C in 64-bit mode, as the only ROM of an emulated PC.
 *
 * The stub copies the kernel to where it was linked, maps memory (layout.h), turns on every vector
 * register and calls eq_kernel_main.
 */
#include "layout.h"

        .section .reset, "ax"
        .code16
        .globl reset
reset:  cli
        .byte 0xe9                      /* jmp to the ROM's first byte */
        .word 0 - 0xfff4

        .section .stub, "ax"
        .code16
        lgdtl %cs:gdt_where
        movl %cr0, %eax
        orl $1, %eax
        movl %eax, %cr0
        ljmpl $8, $(protected + ROM)

        .code32
protected:
        movl $16, %eax
        movl %eax, %ds
        movl %eax, %es
        movl %eax, %ss
        movl $(ROM + STUB_BYTES), %esi
        movl $KERNEL, %edi
        movl $(KERNEL_BYTES / 4), %ecx
        rep movsl
        xorl %eax, %eax
        movl $TABLES, %edi
        movl $(TABLES_BYTES / 4), %ecx
        rep stosl
        movl $(TABLES + 0x1003), TABLES
        movl $(TABLES + 0x4003), TABLES + DIRECT_SLOT * 8
        movl $(TABLES + 0x2003), TABLES + 0x1000
        movl $(TABLES + 0x3003), TABLES + 0x2000
        movl $(KERNEL + 3), %eax        /* up to 1 MiB in small pages */
        movl $(TABLES + 0x3000 + KERNEL / 0x1000 * 8), %edi
        movl $((0x100000 - KERNEL) / 0x1000), %ecx
1:      movl %eax, (%edi)
        addl $0x1000, %eax
        addl $8, %edi
        loop 1b
        movl $(TABLES + 0x5003), TABLES + 0x1018
        movl $0xffe00083, TABLES + 0x5ff8 /* the ROM, for the descriptors in it */
        movl $0x83, TABLES + 0x4000     /* the first GiB in one page */
        movl $TABLES, %eax
        movl %eax, %cr3
        movl $0x40620, %eax             /* PAE, SSE and its exceptions, XSAVE */
        movl %eax, %cr4
        movl $0xc0000080, %ecx          /* EFER: SYSCALL, long mode, no-execute */
        movl $0x901, %eax
        xorl %edx, %edx
        wrmsr
        movl $0x80010033, %eax          /* paging, write protection, x87 errors */
        movl %eax, %cr0
        ljmpl $24, $(wide + ROM)

        .code64
wide:   movl $16, %eax
        movl %eax, %ds
        movl %eax, %es
        movl %eax, %ss
        xorl %ecx, %ecx
        xorl %edx, %edx
        movl $0xe7, %eax                /* x87, SSE, AVX, masks and 32 ZMM registers */
        xsetbv
        fninit
        movl $STACK, %esp
        movl $eq_kernel_main, %eax
        jmp *%rax

        .balign 8
gdt:    .quad 0, 0x00cf9a000000ffff, 0x00cf92000000ffff, 0x00af9a000000ffff
gdt_where:
        .word 31
        .long gdt + ROM

        .text
/* SYSCALL: the number in rax, arguments in rdi, rsi, rdx, r10, r8, r9.  The program runs in
 * ring 0 as the kernel does, so the way back is a jump.  rax, rcx and r11 may change. */
        .globl eq_syscall_entry
eq_syscall_entry:
        movq %rsp, eq_program_stack
        movl $STACK, %esp
        pushq %rcx
        pushq %r11
        pushq %rdi
        pushq %rsi
        pushq %rdx
        pushq %r8
        pushq %r9
        pushq %r10
        pushq $0                        /* aligns the stack */
        pushq %rax                      /* C's 7th argument; the 6th is in r9 */
        movq %r10, %rcx
        call eq_syscall
        addq $16, %rsp
        popq %r10
        popq %r9
        popq %r8
        popq %rdx
        popq %rsi
        popq %rdi
        popq %r11
        popq %rcx
        movq eq_program_stack, %rsp
        pushq %r11
        popfq
        jmp *%rcx

/* Starts the program at rdi with the stack rsi. */
        .globl eq_enter
eq_enter:
        movq %rsi, %rsp
        xorl %edx, %edx
        xorl %ebp, %ebp
        jmp *%rdi

/* Exceptions, 16 bytes of code each. */
        .macro trap n, code=0
        .balign 16
        .if \code == 0
        pushq $0
        .endif
        pushq $\n
        jmp trapped
        .endm
        .balign 16
        .globl eq_traps
eq_traps:
        .irp n, 0, 1, 2, 3, 4, 5, 6, 7
        trap \n
        .endr
        trap 8, 1
        trap 9
        .irp n, 10, 11, 12, 13, 14
        trap \n, 1
        .endr
        trap 15
        trap 16
        trap 17, 1
        trap 18
        trap 19
trapped:
        cmpq $3, (%rsp)
        je marked
        cmpq $1, (%rsp)
        je stepped
        popq %rdi
        popq %rsi
        movq (%rsp), %rsi
        movq %cr2, %rdx
        movl $STACK, %esp
        call eq_trapped

/* An instruction was executed, that at eq_last: it is counted unless it is to be repeated. */
stepped:
        pushq %rax
        pushq %rcx
        movq 32(%rsp), %rax             /* of the next one */
        movq eq_last, %rcx
        cmpq %rax, %rcx
        je 1f
        movq %rax, eq_last
        subq eq_code, %rcx
        cmpq eq_code_bytes, %rcx
        jae 1f
        movq eq_counts, %rax
        incl (%rax,%rcx,4)
1:      popq %rcx
        popq %rax
        addq $16, %rsp
        iretq

/* A mark, or a break point that is none.  rdi points to the address behind it and the flags. */
marked:
        pushq %rax
        pushq %rcx
        pushq %rdx
        pushq %rsi
        pushq %rdi
        pushq %r8
        pushq %r9
        pushq %r10
        pushq %r11
        leaq 88(%rsp), %rdi
        call eq_marked
        popq %r11
        popq %r10
        popq %r9
        popq %r8
        popq %rdi
        popq %rsi
        popq %rdx
        popq %rcx
        popq %rax
        addq $16, %rsp
        iretq
        .section .note.GNU-stack, "", @progbits
