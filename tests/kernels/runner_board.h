/* Records and blocks of the runner on a bare ARMv8-M board: probe files, and a memory protection
 * unit that lets a kernel touch its blocks, the program and its stack, and nothing else.
 *
 * Regions are whole pages, as emulators look up every access to a page that regions share.  So a
 * block ends with its region or, skewed, begins with it but for what skews it: what is behind a
 * block is out of reach in one placement, what is before it in the other.
 *
 * Source: Arm, "Armv8-M Architecture Reference Manual" (DDI 0553), B11 and D1.2, PMSAv8.
 */
#include "probe.h"

enum {
    PAGE = 1024,
    ROOM = 1536 * 1024,
    STACK = 64 * 1024,
    FIXED_REGIONS = 3,
};
enum { READ_WRITE = 1 << 1, READ_ONLY = 3 << 1, NEVER_EXECUTE = 1 };

extern uint32_t eq_stack_top[];

__attribute__((aligned(1024))) static unsigned char memory[ROOM];
static size_t used;

_Noreturn static void fail(const char *what)
{
    eq_probe_print("runner: ");
    eq_probe_print(what);
    eq_probe_print("\n");
    eq_probe_exit(3);
}

static size_t read_bytes(void *data, size_t bytes)
{
    return eq_probe_read(data, bytes);
}

static void write_bytes(const void *data, size_t bytes)
{
    if (eq_probe_write(data, bytes) != bytes)
        fail("cannot write");
}

static void finish_answer(void)
{
}

static void take(block *b, int skewed)
{
    const size_t room = (b->bytes + 2 * b->align + PAGE - 1) / PAGE * PAGE;
    if (room + PAGE > ROOM - used)
        fail("out of memory");
    b->low = memory + used;
    b->high = b->low + room;
    used += room + PAGE; /* the page between two blocks is of neither */
    b->at = skewed ? b->low + b->align : b->high - b->bytes;
    b->at -= (uintptr_t)b->at % b->align;
}

static void give_back(block *b)
{
    (void)b;
    used = 0;
}

static void read_wanted(block *b)
{
    (void)b;
    fail("no room for what is wanted");
}

static volatile uint32_t *mpu(int offset)
{
    return (volatile uint32_t *)(uintptr_t)(0xE000ED90u + (uint32_t)offset);
}

enum {
    MPU_TYPE = 0,
    MPU_CTRL = 4,
    MPU_RNR = 8,
    MPU_RBAR = 12,
    MPU_RLAR = 16,
    MPU_MAIR0 = 48
};

/* Memory [low, high) with `access`, in region `number`. */
static void allow(size_t number, uintptr_t low, uintptr_t high, uint32_t access)
{
    if (number >= (*mpu(MPU_TYPE) >> 8 & 255u))
        fail("too few memory regions");
    *mpu(MPU_RNR) = (uint32_t)number;
    *mpu(MPU_RBAR) = ((uint32_t)low & ~31u) | access;
    *mpu(MPU_RLAR) = (((uint32_t)high - 1u) & ~31u) | 1u;
}

/* Everything else is out of bounds until `unfence`; a fault handler runs without the fence. */
static void fence(const block *all, size_t count)
{
    size_t next = FIXED_REGIONS;
    const size_t regions = *mpu(MPU_TYPE) >> 8 & 255u;
    const uintptr_t top = (uintptr_t)eq_stack_top;
    *mpu(MPU_MAIR0) = 0x44; /* normal memory, not cached */
    allow(0, 0x10000000, 0x10080000, READ_ONLY);
    allow(1, 0x11000000, 0x11200000, READ_ONLY | NEVER_EXECUTE);
    allow(2, top - STACK, top, READ_WRITE | NEVER_EXECUTE);
    for (size_t i = 0; i < count; ++i)
        if (all[i].share < 0 && all[i].bytes > 0)
            allow(next++, (uintptr_t)all[i].low, (uintptr_t)all[i].high,
                  READ_WRITE | NEVER_EXECUTE);
    for (; next < regions; ++next) {
        *mpu(MPU_RNR) = (uint32_t)next;
        *mpu(MPU_RLAR) = 0;
    }
    *mpu(MPU_CTRL) = 1;
    __asm__ volatile("dsb\nisb" ::: "memory");
}

static void unfence(void)
{
    *mpu(MPU_CTRL) = 0;
    __asm__ volatile("dsb\nisb" ::: "memory");
}
