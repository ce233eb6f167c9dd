/* Counts executed instructions by address, between the marks of targets/boards/probe.h.
 *
 * A mark is a NOP with a displacement.  Its first byte becomes a break point, and from one to the
 * next the processor steps through the program: each step is a trap, which start.S counts.
 */
#include "kernel.h"

enum { MARK_BYTES = 7, TRAP_FLAG = 0x100, BREAK = 0xcc };

/* What an interrupt pushes. */
typedef struct {
    uint64_t ip, segment, flags;
} eq_frame;

uint64_t eq_last, eq_code, eq_code_bytes;
uint32_t *eq_counts;
void eq_marked(eq_frame *frame);

static const uint8_t begin_mark[MARK_BYTES] = {0x0f, 0x1f, 0x80, 0x71, 0xed, 0, 0};
static const uint8_t end_mark[MARK_BYTES] = {0x0f, 0x1f, 0x80, 0x72, 0xed, 0, 0};
static int inside;

static int equal(const uint8_t *a, const uint8_t *b, int n)
{
    for (int i = 0; i < n; ++i)
        if (a[i] != b[i])
            return 0;
    return 1;
}

void eq_place_traps(uint8_t *code, uint64_t bytes)
{
    if (!eq_the_bundle()->counting || bytes * sizeof *eq_counts > COUNTS_BYTES)
        return;
    eq_code = (uint64_t)code;
    eq_code_bytes = bytes;
    eq_counts = eq_direct(eq_pool_end());
    memset(eq_counts, 0, bytes * sizeof *eq_counts);
    for (uint64_t i = 0; i + MARK_BYTES <= bytes; ++i)
        if (equal(code + i, begin_mark, MARK_BYTES) ||
            equal(code + i, end_mark, MARK_BYTES))
            code[i] = BREAK;
}

/* Sends what was counted since the last mark, address and count, and forgets it. */
static void send_region(void)
{
    enum { PAIRS = 64 };
    uint32_t pairs[PAIRS][2];
    uint64_t n = 0;
    eq_send('r', 0, "", 0);
    for (uint64_t i = 0; i < eq_code_bytes; ++i) {
        if (eq_counts[i] == 0)
            continue;
        pairs[n][0] = (uint32_t)(eq_code + i);
        pairs[n][1] = eq_counts[i];
        eq_counts[i] = 0;
        if (++n == PAIRS) {
            eq_send('n', 0, pairs, sizeof pairs);
            n = 0;
        }
    }
    eq_send('n', 0, pairs, n * sizeof pairs[0]);
}

void eq_marked(eq_frame *frame)
{
    const uint8_t *rest = (const uint8_t *)frame->ip;
    const int begins = equal(rest, begin_mark + 1, MARK_BYTES - 1);
    const int ends = equal(rest, end_mark + 1, MARK_BYTES - 1);
    if (!begins && !ends)
        eq_trapped(3, frame->ip, 0);
    if (begins == inside)
        eq_send('u', 0, "", 0);
    else if (ends)
        send_region();
    inside = begins;
    frame->ip += MARK_BYTES - 1;
    frame->flags = begins ? frame->flags | TRAP_FLAG : frame->flags & ~(uint64_t)TRAP_FLAG;
    eq_last = frame->ip;
}
