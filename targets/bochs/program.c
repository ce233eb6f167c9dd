/* Puts a static ELF program in place and starts it as Linux does. */
#include "kernel.h"

enum { AT_PHDR = 3, AT_PHENT = 4, AT_PHNUM = 5, AT_PAGESZ = 6, AT_ENTRY = 9 };
enum { AT_HWCAP = 16, AT_SECURE = 23, AT_RANDOM = 25, PT_LOAD = 1 };

static const uint64_t STACK_TOP = 0x7ffffffff000, STACK_BYTES = 0x800000;

typedef struct {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, headers, sections;
    uint32_t flags;
    uint16_t size, header_size, header_count;
} eq_elf;

typedef struct {
    uint32_t type, flags;
    uint64_t offset, at, physical, file_bytes, bytes, align;
} eq_segment;

extern uint64_t eq_break, eq_first_break;
_Noreturn void eq_enter(uint64_t entry, uint64_t *stack);

static void refuse(const char *why)
{
    eq_send('w', 2, why, eq_length(why));
    eq_leave(126);
}

static void load(const uint8_t *image, const eq_segment *s)
{
    if (!eq_map(s->at, s->bytes, READ_ONLY | WRITABLE))
        refuse("not enough memory for the program\n");
    memcpy((void *)s->at, image + s->offset, s->file_bytes);
    if (s->flags & 1)
        eq_place_traps((uint8_t *)s->at, s->file_bytes);
    const int readable = (s->flags & 4) != 0, writable = (s->flags & 2) != 0;
    eq_protect(s->at, s->bytes, readable | writable << 1 | (int)(s->flags & 1) << 2);
    const uint64_t end = (s->at + s->bytes + PAGE - 1) / PAGE * PAGE;
    if (end > eq_first_break)
        eq_first_break = eq_break = end;
}

/* Where the program headers lie once they are loaded. */
static uint64_t loaded_headers(const eq_elf *elf, const eq_segment *s)
{
    for (int i = 0; i < elf->header_count; ++i)
        if (s[i].type == PT_LOAD && s[i].offset <= elf->headers &&
            elf->headers < s[i].offset + s[i].file_bytes)
            return s[i].at + elf->headers - s[i].offset;
    return 0;
}

void eq_start_program(void)
{
    const eq_bundle *b = eq_the_bundle();
    const uint8_t *image = (const uint8_t *)b + b->files[0].offset;
    const eq_elf *elf = (const eq_elf *)(const void *)image;
    const eq_segment *s = (const eq_segment *)(const void *)(image + elf->headers);
    if (b->files[0].size < sizeof *elf || elf->type != 2 || elf->machine != 62)
        refuse("not a static program for x86-64 at a fixed address\n");
    for (int i = 0; i < elf->header_count; ++i)
        if (s[i].type == PT_LOAD)
            load(image, &s[i]);
    if (!eq_map(STACK_TOP - STACK_BYTES, STACK_BYTES, READ_ONLY | WRITABLE))
        refuse("not enough memory for the stack\n");
    char *const name = (char *)(STACK_TOP - 256), *const random = name - 16;
    memcpy(name, b->files[0].name, sizeof b->files[0].name);
    const uint64_t words[] = {1,         (uint64_t)name,
                              0,         0, /* one argument, no environment */
                              AT_PHDR,   loaded_headers(elf, s),
                              AT_PHENT,  sizeof *s,
                              AT_PHNUM,  elf->header_count,
                              AT_PAGESZ, PAGE,
                              AT_ENTRY,  elf->entry,
                              AT_HWCAP,  0,
                              AT_SECURE, 0,
                              AT_RANDOM, (uint64_t)random,
                              0,         0};
    uint64_t *const stack = (uint64_t *)(STACK_TOP - 1024);
    memcpy(stack, words, sizeof words);
    eq_enter(elf->entry, stack);
}
