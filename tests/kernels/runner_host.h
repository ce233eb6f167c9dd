/* Records and blocks of the runner under an operating system: standard input and output, memory
 * that ends at a page that cannot be touched with EQ_TEST_FENCE, else one allocation for each
 * block, of its exact size, for the address sanitizer. */
#include <stdio.h>
#include <stdlib.h>
#ifdef EQ_TEST_FENCE
#include <sys/mman.h>
#include <unistd.h>
#endif

_Noreturn static void fail(const char *what)
{
    fprintf(stderr, "runner: %s\n", what);
    exit(3);
}

static size_t read_bytes(void *data, size_t bytes)
{
    return fread(data, 1, bytes, stdin);
}

static void write_bytes(const void *data, size_t bytes)
{
    fwrite(data, 1, bytes, stdout);
}

static void finish_answer(void)
{
    fflush(stdout);
}

/* So that little need be written: Bochs does it byte by byte. */
static void read_wanted(block *b)
{
    if (b->want == NULL || b->want_bytes < b->bytes) {
        free(b->want);
        b->want_bytes = b->bytes;
        b->want = malloc(b->bytes + 1);
    }
    if (b->want == NULL || read_bytes(b->want, b->bytes) != b->bytes)
        fail("a record is cut short");
}

static void fence(const block *all, size_t count)
{
    (void)all;
    (void)count;
}

static void unfence(void)
{
}

#ifdef EQ_TEST_FENCE
/* Places a block so that it ends at `high`, or as close as its alignment allows. */
static inline void put(block *b, unsigned char *high, int skewed)
{
    b->high = high;
    b->at = high - b->bytes;
    b->at -= (uintptr_t)b->at % b->align;
    if (skewed && (uintptr_t)b->at % (2 * b->align) == 0)
        b->at -= b->align;
}

/* The pages of the call before stay where as many are needed: emulated ones come dear. */
static void take(block *b, int skewed)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t room = (b->bytes + 2 * b->align + MARGIN + page - 1) / page * page;
    if (b->mapped_bytes != room + 2 * page) {
        if (b->mapped_bytes != 0)
            munmap(b->mapped, b->mapped_bytes);
        b->mapped_bytes = room + 2 * page;
        b->mapped = mmap(NULL, b->mapped_bytes, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (b->mapped == MAP_FAILED || mprotect(b->mapped, page, PROT_NONE) != 0 ||
            mprotect(b->mapped + page + room, page, PROT_NONE) != 0)
            fail("out of memory");
    }
    put(b, b->mapped + page + room, skewed);
    b->low = b->at - MARGIN;
}

static void give_back(block *b)
{
    (void)b;
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
