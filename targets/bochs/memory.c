/* Pages of 4 KiB for the program. */
#include "kernel.h"

enum { PRESENT = 1, WRITE = 2 };

static const uint64_t NO_EXECUTE = (uint64_t)1 << 63, ADDRESS = 0x000ffffffffff000;

static uint64_t fresh; /* pages from here on were never used, or 0 before the first is */
static uint64_t freed; /* the first page given back, which holds the next one */

void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
    void *const start = to;
    uint64_t words = bytes / 8; /* a step of any width takes the emulator as long */
    bytes %= 8;
    __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
    return start;
}

void *memset(void *to, int value, size_t bytes)
{
    void *const start = to;
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(bytes) : "a"(value) : "memory");
    return start;
}

size_t eq_length(const char *text)
{
    size_t n = 0;
    while (text[n] != 0)
        ++n;
    return n;
}

/* A page of zeros; 0 when there is none left. */
static uint64_t take_page(void)
{
    uint64_t page = freed;
    if (fresh == 0)
        fresh = eq_pool();
    if (page != 0)
        freed = *(uint64_t *)eq_direct(page);
    else if (fresh < eq_pool_end())
        page = fresh, fresh += PAGE;
    if (page != 0) {
        void *at = eq_direct(page);
        uint64_t words = PAGE / 8;
        __asm__ volatile("rep stosq" : "+D"(at), "+c"(words) : "a"(0) : "memory");
    }
    return page;
}

/* The entry of the page at `at`, tables in between made where `make` says so; else NULL. */
static uint64_t *entry_of(uint64_t at, int make)
{
    uint64_t table = TABLES;
    for (int level = 39; level > 12; level -= 9) {
        uint64_t *const entry = (uint64_t *)eq_direct(table) + (at >> level) % 512;
        if (*entry == 0 && make) {
            const uint64_t page = take_page();
            *entry = page == 0 ? 0 : page + PRESENT + WRITE;
        }
        if (*entry == 0)
            return NULL;
        table = *entry & ADDRESS;
    }
    return (uint64_t *)eq_direct(table) + (at >> 12) % 512;
}

/* A page without any right keeps its address and is not present. */
static uint64_t with_rights(uint64_t page, int protection)
{
    uint64_t entry = page & ADDRESS;
    if (protection & (READ_ONLY | WRITABLE))
        entry |= PRESENT;
    if (protection & WRITABLE)
        entry |= WRITE;
    return (protection & 4) != 0 ? entry : entry | NO_EXECUTE;
}

static void forget(uint64_t at)
{
    __asm__ volatile("invlpg (%0)" : : "r"(at) : "memory");
}

int eq_map(uint64_t at, uint64_t bytes, int protection)
{
    const uint64_t end = at + bytes;
    for (at -= at % PAGE; at < end; at += PAGE) {
        uint64_t *const entry = entry_of(at, 1);
        if (entry == NULL)
            return 0;
        const uint64_t page = *entry != 0 ? *entry : take_page();
        if (page == 0)
            return 0;
        *entry = with_rights(page, protection);
        forget(at);
    }
    return 1;
}

void eq_unmap(uint64_t at, uint64_t bytes)
{
    const uint64_t end = at + bytes;
    for (at -= at % PAGE; at < end; at += PAGE) {
        uint64_t *const entry = entry_of(at, 0);
        if (entry == NULL || *entry == 0)
            continue;
        const uint64_t page = *entry & ADDRESS;
        *(uint64_t *)eq_direct(page) = freed;
        freed = page;
        *entry = 0;
        forget(at);
    }
}

void eq_protect(uint64_t at, uint64_t bytes, int protection)
{
    const uint64_t end = at + bytes;
    for (at -= at % PAGE; at < end; at += PAGE) {
        uint64_t *const entry = entry_of(at, 0);
        if (entry == NULL || *entry == 0)
            continue;
        *entry = with_rights(*entry, protection);
        forget(at);
    }
}
