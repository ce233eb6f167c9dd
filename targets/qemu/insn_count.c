/* insn_count -- a QEMU plugin that counts executed guest instructions, exactly.
 *
 * Every translated instruction gets a counter of its own, which QEMU increases inline each
 * time the instruction runs.  Two instructions without effect mark the begin and the end of
 * a region (targets/boards/probe.h); at an end the counters' growth since the begin is
 * written to the output, address by address.
 *
 *   -plugin insn_count.so,out=FILE,begin=SIZE.HEX[:SIZE.HEX...],end=SIZE.HEX[:SIZE.HEX...]
 *
 * HEX is the marker's bytes read as one little-endian number.  The output is text:
 *   region INDEX INSTRUCTIONS    a region ended, markers not counted
 *   at ADDRESS COUNT             of that region, one line per executed address (hex)
 *   taken ADDRESS COUNT          how often what follows it was not the next address
 *   unbalanced N                 markers that did not fit together
 *   executed N                   instructions of the whole run, markers not counted
 *
 * QEMU's plugin interface, version 1 (QEMU 4.2 to 8.2), is declared here because
 * distributions ship no header.  Source: QEMU documentation, "QEMU TCG Plugins".
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t plugin_id;
struct qemu_info_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum { INLINE_ADD_U64 = 0, CB_NO_REGS = 0 };

typedef void translated_fn(plugin_id id, struct qemu_plugin_tb *block);
typedef void executed_fn(unsigned int cpu, void *data);
typedef void exited_fn(plugin_id id, void *data);

extern int qemu_plugin_version;
int qemu_plugin_version = 1;

int qemu_plugin_install(plugin_id id, const struct qemu_info_t *info, int argc,
                        char **argv);
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, translated_fn *callback);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *block,
                                          executed_fn *callback, int flags, void *data);
void qemu_plugin_register_atexit_cb(plugin_id id, exited_fn *callback, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block,
                                                 size_t index);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn,
                                                int operation, void *counter,
                                                uint64_t step);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
                                            executed_fn *callback, int flags, void *data);

enum { MARKS = 4, CHUNK = 4096 };

struct mark {
    size_t size;
    uint64_t opcode;
};

struct marks {
    struct mark mark[MARKS];
    size_t n;
};

struct counter {
    uint64_t address;
    uint64_t opcode;
    uint64_t count; /* QEMU adds to it: it must never move */
    uint64_t base;  /* count when the current region began */
    uint64_t taken; /* of the current region: what ran next was elsewhere */
};

/* A translated block: straight code, of which the last instruction may branch. */
struct block {
    uint64_t start, end;
    struct counter *last;
};

static struct marks begin_marks;
static struct marks end_marks;
static FILE *output;
static struct counter **table; /* open addressing, by address and opcode */
static size_t table_size;
static struct counter **chunks; /* the counters themselves, in order of translation */
static size_t n_counters;
static bool inside;
static uint64_t n_regions;
static uint64_t unbalanced;
static const struct block *previous; /* what ran last */

static void *zeroed(size_t n, size_t bytes)
{
    void *const memory = calloc(n, bytes);
    if (memory == NULL) {
        fputs("insn_count: out of memory\n", stderr);
        exit(97);
    }
    return memory;
}

static struct counter *counter_at(size_t index)
{
    return &chunks[index / CHUNK][index % CHUNK];
}

static struct counter **slot_of(uint64_t address, uint64_t opcode)
{
    uint64_t hash = (address ^ (opcode << 1)) * UINT64_C(0x9E3779B97F4A7C15);
    for (size_t i = (size_t)(hash >> 20) & (table_size - 1);;
         i = (i + 1) & (table_size - 1)) {
        const struct counter *const entry = table[i];
        if (entry == NULL || (entry->address == address && entry->opcode == opcode))
            return &table[i];
    }
}

static void grow_table(void)
{
    free(table);
    table_size = table_size == 0 ? 4 * CHUNK : 2 * table_size;
    table = zeroed(table_size, sizeof *table);
    for (size_t i = 0; i < n_counters; ++i) {
        struct counter *const counter = counter_at(i);
        *slot_of(counter->address, counter->opcode) = counter;
    }
}

static struct counter *new_counter(uint64_t address, uint64_t opcode)
{
    if (n_counters % CHUNK == 0) {
        const size_t n = n_counters / CHUNK;
        struct counter **const longer = zeroed(n + 1, sizeof *longer);
        if (n > 0)
            memcpy(longer, chunks, n * sizeof *longer);
        free(chunks);
        chunks = longer;
        chunks[n] = zeroed(CHUNK, sizeof **chunks);
    }
    struct counter *const counter = counter_at(n_counters++);
    counter->address = address;
    counter->opcode = opcode;
    return counter;
}

static struct counter *counter_for(uint64_t address, uint64_t opcode)
{
    if (2 * n_counters >= table_size)
        grow_table();
    struct counter **const slot = slot_of(address, opcode);
    if (*slot == NULL)
        *slot = new_counter(address, opcode);
    return *slot;
}

static void region_begins(unsigned int cpu, void *data)
{
    (void)cpu;
    (void)data;
    unbalanced += inside ? 1 : 0;
    inside = true;
    for (size_t i = 0; i < n_counters; ++i) {
        counter_at(i)->base = counter_at(i)->count;
        counter_at(i)->taken = 0;
    }
}

static void region_ends(unsigned int cpu, void *data)
{
    (void)cpu;
    (void)data;
    if (!inside) {
        ++unbalanced;
        return;
    }
    inside = false;
    uint64_t sum = 0;
    for (size_t i = 0; i < n_counters; ++i)
        sum += counter_at(i)->count - counter_at(i)->base;
    fprintf(output, "region %" PRIu64 " %" PRIu64 "\n", n_regions++, sum);
    for (size_t i = 0; i < n_counters; ++i) {
        const struct counter *const counter = counter_at(i);
        const uint64_t count = counter->count - counter->base;
        if (count > 0)
            fprintf(output, "at %" PRIx64 " %" PRIu64 "\n", counter->address, count);
        if (counter->taken > 0)
            fprintf(output, "taken %" PRIx64 " %" PRIu64 "\n", counter->address,
                    counter->taken);
    }
}

/* QEMU 7.2 hands out too many bytes for a Thumb instruction before the last halfword of a
 * page (its look ahead is appended), so only the marker's own bytes are compared. */
static bool is_mark(const struct marks *marks, size_t size, uint64_t opcode)
{
    for (size_t i = 0; i < marks->n; ++i) {
        const struct mark *const mark = &marks->mark[i];
        const uint64_t mask = (UINT64_C(1) << (8 * mark->size)) - 1;
        if (size >= mark->size && (opcode & mask) == mark->opcode)
            return true;
    }
    return false;
}

static void block_runs(unsigned int cpu, void *data)
{
    const struct block *const now = data;
    (void)cpu;
    if (inside && previous != NULL && previous->last != NULL && previous->end != now->start)
        ++previous->last->taken;
    previous = now;
}

static void translated(plugin_id id, struct qemu_plugin_tb *block)
{
    (void)id;
    struct block *const straight = zeroed(1, sizeof *straight);
    const size_t n = qemu_plugin_tb_n_insns(block);
    for (size_t i = 0; i < n; ++i) {
        struct qemu_plugin_insn *const insn = qemu_plugin_tb_get_insn(block, i);
        const size_t size = qemu_plugin_insn_size(insn);
        uint64_t opcode = 0;
        memcpy(&opcode, qemu_plugin_insn_data(insn),
               size < sizeof opcode ? size : sizeof opcode);
        if (is_mark(&begin_marks, size, opcode)) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, region_begins, CB_NO_REGS, NULL);
        } else if (is_mark(&end_marks, size, opcode)) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, region_ends, CB_NO_REGS, NULL);
        } else {
            struct counter *const counter =
                counter_for(qemu_plugin_insn_vaddr(insn), opcode);
            straight->last = counter;
            qemu_plugin_register_vcpu_insn_exec_inline(insn, INLINE_ADD_U64,
                                                       &counter->count, 1);
        }
        straight->start = i == 0 ? qemu_plugin_insn_vaddr(insn) : straight->start;
        straight->end = qemu_plugin_insn_vaddr(insn) + size;
    }
    qemu_plugin_register_vcpu_tb_exec_cb(block, block_runs, CB_NO_REGS, straight);
}

static void exited(plugin_id id, void *data)
{
    (void)id;
    (void)data;
    uint64_t sum = 0;
    for (size_t i = 0; i < n_counters; ++i)
        sum += counter_at(i)->count;
    fprintf(output, "unbalanced %" PRIu64 "\n", unbalanced + (inside ? 1 : 0));
    fprintf(output, "executed %" PRIu64 "\n", sum);
    fclose(output);
}

/* Reads SIZE.HEX[:SIZE.HEX...]; false when it is malformed. */
static bool read_marks(struct marks *marks, const char *text)
{
    while (marks->n < MARKS) {
        char *end = NULL;
        struct mark *const mark = &marks->mark[marks->n++];
        mark->size = strtoul(text, &end, 10);
        if (mark->size == 0 || *end != '.')
            return false;
        mark->opcode = strtoull(end + 1, &end, 16);
        if (*end == '\0')
            return true;
        if (*end != ':')
            return false;
        text = end + 1;
    }
    return false;
}

static bool read_option(const char *option)
{
    if (strncmp(option, "out=", 4) == 0) {
        output = fopen(option + 4, "w");
        return output != NULL;
    }
    if (strncmp(option, "begin=", 6) == 0)
        return read_marks(&begin_marks, option + 6);
    if (strncmp(option, "end=", 4) == 0)
        return read_marks(&end_marks, option + 4);
    return false;
}

int qemu_plugin_install(plugin_id id, const struct qemu_info_t *info, int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; ++i) {
        if (!read_option(argv[i])) {
            fprintf(stderr, "insn_count: bad option %s\n", argv[i]);
            return -1;
        }
    }
    if (output == NULL || begin_marks.n == 0 || end_marks.n == 0) {
        fputs("insn_count: out=, begin= and end= are needed\n", stderr);
        return -1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, exited, NULL);
    return 0;
}
