/* As much of Linux as a static program needs that computes: memory, files, and an end.
 *
 * An exception ends the program with 128 and the number of the signal that Linux would send,
 * and says where.  There are no threads, signals or times.
 */
#include "kernel.h"

typedef struct {
    uint16_t low, segment, flags, middle;
    uint32_t high, zero;
} eq_gate;

enum { TRAPS = 20, SIGILL = 4, SIGTRAP = 5, SIGABRT = 6, SIGFPE = 8, SIGSEGV = 11 };

uint64_t eq_program_stack, eq_break, eq_first_break;
static uint64_t next_map = 0x7f0000000000;
static eq_gate gates[TRAPS];

extern const uint8_t eq_traps[];
void eq_syscall_entry(void);
_Noreturn void eq_kernel_main(void);
int64_t eq_syscall(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f,
                   uint64_t number);

static void set_register(uint32_t which, uint64_t value)
{
    __asm__ volatile("wrmsr"
                     :
                     : "c"(which), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}

static void put_hex(char *to, uint64_t value)
{
    for (int i = 15; i >= 0; --i, value /= 16)
        to[i] = "0123456789abcdef"[value % 16];
}

void eq_trapped(uint64_t number, uint64_t ip, uint64_t address)
{
    char text[] =
        "exception 0000000000000000 at 0000000000000000, address 0000000000000000\n";
    put_hex(text + 10, number);
    put_hex(text + 30, ip);
    put_hex(text + 56, address);
    eq_send('w', 2, text, sizeof text - 1);
    eq_leave(128 + (number == 0 || number == 16 || number == 19 ? SIGFPE
                    : number == 3                               ? SIGTRAP
                    : number == 6                               ? SIGILL
                                                                : SIGSEGV));
}

/* Anonymous memory alone, a page apart, so that running over the end is seen. */
static int64_t map_anywhere(uint64_t at, uint64_t bytes, int protection, uint64_t flags)
{
    enum { FIXED = 0x10, ANONYMOUS = 0x20 };
    if ((flags & ANONYMOUS) == 0 || bytes == 0)
        return -EINVAL;
    const uint64_t room = (bytes + PAGE - 1) / PAGE * PAGE;
    if (flags & FIXED) {
        eq_unmap(at, room);
    } else {
        at = next_map;
        next_map += room + PAGE;
    }
    return eq_map(at, room, protection) ? (int64_t)at : -ENOMEM;
}

static int64_t move_break(uint64_t to)
{
    if (to >= eq_first_break && (to <= eq_break || eq_map(eq_break, to - eq_break, 3)))
        eq_break = to;
    return (int64_t)eq_break;
}

static int64_t set_base(uint64_t which, uint64_t value)
{
    enum { SET_GS = 0x1001, SET_FS = 0x1002 };
    if (which != SET_FS && which != SET_GS)
        return -EINVAL;
    set_register(which == SET_FS ? 0xc0000100 : 0xc0000101, value);
    return 0;
}

static int64_t write_all(uint64_t fd, const uint64_t (*parts)[2], uint64_t count)
{
    int64_t sum = 0;
    for (uint64_t i = 0; i < count; ++i) {
        const int64_t n = eq_write(fd, (const void *)parts[i][0], parts[i][1]);
        if (n < 0)
            return n;
        sum += n;
    }
    return sum;
}

static int64_t on_memory(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    switch (number) {
    case 9:
        return map_anywhere(a, b, (int)c, d);
    case 10:
        eq_protect(a, b, (int)c);
        return 0;
    case 11:
        eq_unmap(a, b);
        return 0;
    default:
        return move_break(a);
    }
}

/* What only has to be answered. */
static int64_t otherwise(uint64_t number, uint64_t a, uint64_t b, uint64_t c)
{
    switch (number) {
    case 13:  /* rt_sigaction */
    case 14:  /* rt_sigprocmask */
    case 28:  /* madvise */
    case 202: /* futex */
    case 273: /* set_robust_list */
    case 302: /* prlimit64: nothing is written */
        return 0;
    case 16: /* ioctl */
        return -ENOTTY;
    case 39:  /* getpid */
    case 186: /* gettid */
    case 218: /* set_tid_address */
        return 1;
    case 89:  /* readlink */
    case 267: /* readlinkat */
        return -ENOENT;
    case 158:
        return set_base(a, b);
    case 200: /* tkill */
        eq_leave(128 + (int)b);
    case 234: /* tgkill */
        eq_leave(128 + (int)c);
    case 318: /* getrandom */
        memset((void *)a, 7, b);
        return (int64_t)b;
    default:
        return -ENOSYS;
    }
}

int64_t eq_syscall(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f,
                   uint64_t number)
{
    (void)e;
    (void)f;
    switch (number) {
    case 0:
        return eq_read(a, (void *)b, c);
    case 1:
        return eq_write(a, (const void *)b, c);
    case 2:
        return eq_open((const char *)a, (int64_t)b);
    case 3:
        return eq_close(a);
    case 5:
        return eq_stat(a, (uint8_t *)b);
    case 8:
        return eq_seek(a, (int64_t)b, (int64_t)c);
    case 9:
    case 10:
    case 11:
    case 12:
        return on_memory(number, a, b, c, d);
    case 20:
        return write_all(a, (const uint64_t (*)[2])b, c);
    case 60:
    case 231:
        eq_leave((int)a);
    case 257:
        return eq_open((const char *)b, (int64_t)c);
    case 262: /* newfstatat of an open file */
        return *(const char *)b == 0 ? eq_stat(a, (uint8_t *)c) : -ENOENT;
    default:
        return otherwise(number, a, b, c);
    }
}

/* A table's limit and base, as LGDT and LIDT take them. */
typedef struct __attribute__((packed)) {
    uint16_t limit;
    uint64_t base;
} eq_table;

/* Exceptions run on a stack of their own, which a task state segment names: the program's own may
 * be full, and 128 bytes under its end are in use. */
static void catch_exceptions(void)
{
    static uint32_t task[26];
    static uint64_t segments[7] = {0, 0x00cf9a000000ffff, 0x00cf92000000ffff,
                                   0x00af9a000000ffff, 0x00cf92000000ffff};
    const eq_table gate_table = {sizeof gates - 1, (uint64_t)gates};
    const eq_table segment_table = {sizeof segments - 1, (uint64_t)segments};
    const uint64_t at = (uint64_t)task;
    task[9] = TRAP_STACK;
    task[25] = sizeof task << 16;
    segments[5] =
        (sizeof task - 1) | (at & 0xffffff) << 16 | 0x890000000000 | (at >> 24) << 56;
    for (uint64_t i = 0; i < TRAPS; ++i) {
        const uint64_t to = (uint64_t)eq_traps + 16 * i;
        const eq_gate gate = {(uint16_t)to, 24, 0x8e01, (uint16_t)(to >> 16), 0, 0};
        gates[i] = gate;
    }
    __asm__ volatile("lgdt %0; lidt %1; ltr %w2"
                     :
                     : "m"(segment_table), "m"(gate_table), "r"(40));
}

void eq_kernel_main(void)
{
    catch_exceptions();
    set_register(0xc0000081, (uint64_t)24 << 32);         /* STAR */
    set_register(0xc0000082, (uint64_t)eq_syscall_entry); /* LSTAR */
    set_register(0xc0000084, 0x500);                      /* SFMASK: direction, step */
    eq_load_bundle();
    eq_send('s', 0, "edgeq", 5);
    eq_start_program();
}
