/* Runs recorded kernel calls: reads them from standard input, writes what they leave behind.
 *
 * A call is int32 which, skewed, count, then for each pointer int32 bytes, align, share and
 * its bytes; the answer, for each pointer, int32 intact and its bytes.  With EQ_TEST_FENCE
 * memory ends at a page that cannot be touched; without, every block is an allocation of
 * its exact size, for the address sanitizer.
 */
#define _DEFAULT_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef EQ_TEST_FENCE
#include <sys/mman.h>
#include <unistd.h>
#endif

enum { MAX_POINTERS = 32, CANARY = 0xa5, MARGIN = 256 };

typedef struct {
    unsigned char *low, *at, *high; /* usable memory, and the block in it */
    unsigned char *mapped;
    size_t mapped_bytes, bytes, align;
    int32_t share;
} block;

void eq_test_call(int32_t which, void *const *a);

static void fail(const char *what)
{
    fprintf(stderr, "runner: %s\n", what);
    exit(3);
}

static int read_int(int32_t *value)
{
    return fread(value, sizeof *value, 1, stdin) == 1;
}

static size_t read_size(void)
{
    int32_t value = 0;
    if (!read_int(&value) || value < 0)
        fail("a record is cut short");
    return (size_t)value;
}

#ifdef EQ_TEST_FENCE
static void take(block *b, int skewed)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t room = (b->bytes + 2 * b->align + MARGIN + page - 1) / page * page;
    b->mapped_bytes = room + 2 * page;
    b->mapped = mmap(NULL, b->mapped_bytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (b->mapped == MAP_FAILED || mprotect(b->mapped, page, PROT_NONE) != 0 ||
        mprotect(b->mapped + page + room, page, PROT_NONE) != 0)
        fail("out of memory");
    b->high = b->mapped + page + room;
    b->at = b->high - b->bytes;
    b->at -= (uintptr_t)b->at % b->align;
    if (skewed && (uintptr_t)b->at % (2 * b->align) == 0)
        b->at -= b->align;
    b->low = b->at - MARGIN;
}

static void give_back(block *b)
{
    munmap(b->mapped, b->mapped_bytes);
}
#else
static void take(block *b, int skewed)
{
    const size_t skew = skewed ? b->align : 0;
    const size_t align = 2 * b->align < sizeof(void *) ? sizeof(void *) : 2 * b->align;
    void *memory = NULL;
    if (posix_memalign(&memory, align, b->bytes + skew) != 0)
        fail("out of memory");
    b->low = b->mapped = memory;
    b->at = b->low + skew;
    b->high = b->at + b->bytes;
}

static void give_back(block *b)
{
    free(b->mapped);
}
#endif

static void read_block(block *b, int skewed, const block *all)
{
    b->bytes = read_size();
    b->align = read_size();
    if (!read_int(&b->share))
        fail("a record is cut short");
    if (b->share >= 0) {
        b->at = all[b->share].at;
        return;
    }
    take(b, skewed);
    memset(b->low, CANARY, (size_t)(b->high - b->low));
    if (fread(b->at, 1, b->bytes, stdin) != b->bytes)
        fail("a record is cut short");
}

static void write_block(const block *b)
{
    int32_t intact = 1;
    if (b->share < 0) {
        for (const unsigned char *q = b->low; q < b->at; ++q)
            intact &= *q == CANARY;
        for (const unsigned char *q = b->at + b->bytes; q < b->high; ++q)
            intact &= *q == CANARY;
    }
    fwrite(&intact, sizeof intact, 1, stdout);
    fwrite(b->at, 1, b->share < 0 ? b->bytes : 0, stdout);
}

int main(void)
{
    static block blocks[MAX_POINTERS];
    void *pointers[MAX_POINTERS];
    int32_t which = 0;
    while (read_int(&which)) {
        const size_t skewed = read_size(), count = read_size();
        if (count > MAX_POINTERS)
            fail("too many pointers");
        for (size_t i = 0; i < count; ++i) {
            read_block(&blocks[i], (int)skewed, blocks);
            pointers[i] = blocks[i].at;
        }
        eq_test_call(which, pointers);
        for (size_t i = 0; i < count; ++i)
            write_block(&blocks[i]);
        fflush(stdout);
        for (size_t i = 0; i < count; ++i)
            if (blocks[i].share < 0)
                give_back(&blocks[i]);
    }
    return 0;
}
