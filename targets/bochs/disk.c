/* Reads the bundle from the first disk, sector after sector (ATA/ATAPI-6, PIO data-in). */
#include "kernel.h"

enum { DATA = 0x1f0, COUNT = 0x1f2, LOW, MIDDLE, HIGH, DRIVE, COMMAND, SECTOR = 512 };
enum { READ_SECTORS = 0x20, BUSY = 0x80, READY = 0x08, BLOCK = 128 };

static void out(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "d"(port));
}

static uint8_t in(uint16_t port)
{
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "d"(port));
    return value;
}

static void read_sectors(uint64_t first, uint64_t count, void *to)
{
    out(COUNT, (uint8_t)count);
    out(LOW, (uint8_t)first);
    out(MIDDLE, (uint8_t)(first >> 8));
    out(HIGH, (uint8_t)(first >> 16));
    out(DRIVE, (uint8_t)(0xe0 | first >> 24));
    out(COMMAND, READ_SECTORS);
    while (count-- > 0) {
        while ((in(COMMAND) & (BUSY | READY)) != READY)
            ;
        uint64_t words = SECTOR / 4;
        __asm__ volatile("rep insl" : "+D"(to), "+c"(words) : "d"(DATA) : "memory");
    }
}

void eq_load_bundle(void)
{
    uint8_t *const to = eq_direct(BUNDLE);
    read_sectors(0, 1, to);
    const uint64_t sectors = eq_the_bundle()->bytes / SECTOR;
    for (uint64_t i = 1; i < sectors; i += BLOCK)
        read_sectors(i, sectors - i < BLOCK ? sectors - i : BLOCK, to + i * SECTOR);
}
