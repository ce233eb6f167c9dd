/* Where things lie, for the assembler and for C: physical addresses, all of them also at
 * DIRECT + the address.  What is below 1 MiB, but for page 0, is at its own address, too. */
#ifndef EQ_BOCHS_LAYOUT_H
#define EQ_BOCHS_LAYOUT_H

#define ROM 0xffff0000 /* 64 KiB up to the end of 4 GiB */
#define STUB_BYTES 0x400
#define KERNEL 0x10000 /* code and data */
#define KERNEL_BYTES 0xf000
#define STACK 0x40000 /* grows down */
#define TRAP_STACK 0x48000
#define TABLES 0x60000
#define TABLES_BYTES 0x6000
#define DIRECT_SLOT 256 /* of the topmost page table */
#define DIRECT 0xffff800000000000
#define BUNDLE 0x1000000 /* program and files, as the emulator loads them */
/* Pages for the program follow the bundle, then, of a counted run, the counts. */
#define COUNTS_BYTES 0x2000000 /* 4 for each byte of the program's code */

#endif
