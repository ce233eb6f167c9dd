/* Runs recorded kernel calls: reads them, one at a time, and writes what they leave behind.
 *
 * A call is int32 which, skewed, count, then for each pointer int32 bytes, align, share, shift,
 * wanted, its bytes and, if COMPARED, as many that should be there afterwards; the answer, for each
 * pointer, int32 intact and its bytes, or intact + WANTED alone where they are those, or IGNORED.
 * Where records come from and how memory around a block is fenced in, runner_host.h or
 * runner_board.h says.
 */
#define _DEFAULT_SOURCE
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { MAX_POINTERS = 32, CANARY = 0xa5, MARGIN = 256, WANTED = 2 };
enum { TOLD, COMPARED, IGNORED }; /* what `wanted` asks for */

typedef struct {
    unsigned char *low, *at, *high; /* usable memory, and the block in it */
    unsigned char *mapped;
    size_t mapped_bytes, bytes, align;
    unsigned char *want; /* what should be there afterwards */
    size_t want_bytes;
    int32_t share, shift,
        wanted; /* whose memory it is, and where in it the pointer points */
} block;

void eq_test_call(int32_t which, void *const *a);

#ifdef EQ_TEST_BOARD
#include "runner_board.h"
#else
#include "runner_host.h"
#endif

static int read_int(int32_t *value)
{
    return read_bytes(value, sizeof *value) == sizeof *value;
}

static size_t read_size(void)
{
    int32_t value = 0;
    if (!read_int(&value) || value < 0)
        fail("a record is cut short");
    return (size_t)value;
}

static void read_block(block *b, int skewed, const block *all)
{
    b->bytes = read_size();
    b->align = read_size();
    if (!read_int(&b->share) || !read_int(&b->shift) || !read_int(&b->wanted))
        fail("a record is cut short");
    if (b->share >= 0) {
        b->at = all[b->share].at;
        return;
    }
    take(b, skewed);
    memset(b->low, CANARY, (size_t)(b->high - b->low));
    if (read_bytes(b->at, b->bytes) != b->bytes)
        fail("a record is cut short");
    if (b->wanted == COMPARED)
        read_wanted(b);
}

/* Whether [low, high) holds canaries alone. */
static int32_t is_intact(const unsigned char *low, const unsigned char *high)
{
    static unsigned char canaries[MARGIN];
    if (canaries[0] != CANARY)
        memset(canaries, CANARY, sizeof canaries);
    while ((size_t)(high - low) > sizeof canaries) {
        if (memcmp(low, canaries, sizeof canaries) != 0)
            return 0;
        low += sizeof canaries;
    }
    return memcmp(low, canaries, (size_t)(high - low)) == 0;
}

static void write_block(const block *b)
{
    int32_t intact = 1;
    if (b->share < 0)
        intact = is_intact(b->low, b->at) & is_intact(b->at + b->bytes, b->high);
    if (b->wanted == IGNORED ||
        (b->wanted == COMPARED && memcmp(b->want, b->at, b->bytes) == 0))
        intact += WANTED;
    write_bytes(&intact, sizeof intact);
    if (b->share < 0 && intact < WANTED)
        write_bytes(b->at, b->bytes);
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
            pointers[i] = blocks[i].at + blocks[i].shift;
        }
        fence(blocks, count);
        eq_test_call(which, pointers);
        unfence();
        for (size_t i = 0; i < count; ++i)
            write_block(&blocks[i]);
        finish_answer();
        for (size_t i = 0; i < count; ++i)
            if (blocks[i].share < 0)
                give_back(&blocks[i]);
    }
    return 0;
}
