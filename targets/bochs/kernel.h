/* What the parts of the kernel have in common. */
#ifndef EQ_BOCHS_KERNEL_H
#define EQ_BOCHS_KERNEL_H

#include <stddef.h>
#include <stdint.h>

#include "layout.h"

enum { PAGE = 4096, READ_ONLY = 1, WRITABLE = 2 }; /* protections as Linux numbers them */
enum { ENOENT = 2, EBADF = 9, ENOMEM = 12, EINVAL = 22, ENOTTY = 25, ENOSYS = 38 };

/* A file of the bundle; file 0 is the program, file 1 its standard input. */
typedef struct {
    char name[112];
    uint64_t offset, size; /* from the start of the bundle */
} eq_file;

typedef struct {
    uint64_t bytes, count; /* of all of it, whole sectors; files */
    uint64_t counting;     /* 1 to count instructions between marks */
    uint64_t room;         /* bytes for the program */
    eq_file files[];
} eq_bundle;

static inline void *eq_direct(uint64_t physical)
{
    return (void *)(DIRECT + physical);
}

static inline const eq_bundle *eq_the_bundle(void)
{
    return eq_direct(BUNDLE);
}

/* Physical addresses of the program's pages, the first and the one behind the last. */
static inline uint64_t eq_pool(void)
{
    return BUNDLE + (eq_the_bundle()->bytes + PAGE - 1) / PAGE * PAGE;
}

static inline uint64_t eq_pool_end(void)
{
    return eq_pool() + eq_the_bundle()->room;
}

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memset(void *to, int value, size_t bytes);
size_t eq_length(const char *text);

/* memory.c: pages.  Addresses and sizes are rounded outwards to whole pages. */
int eq_map(uint64_t at, uint64_t bytes, int protection); /* 0 when memory is used up */
void eq_unmap(uint64_t at, uint64_t bytes);
void eq_protect(uint64_t at, uint64_t bytes, int protection);

/* files.c: what goes out, in packets; what is read comes from the bundle. */
void eq_send(char kind, int fd, const void *data, uint64_t bytes);
_Noreturn void eq_leave(int code);
int64_t eq_open(const char *name, int64_t flags);
int64_t eq_close(uint64_t fd);
int64_t eq_read(uint64_t fd, void *to, uint64_t bytes);
int64_t eq_write(uint64_t fd, const void *data, uint64_t bytes);
int64_t eq_seek(uint64_t fd, int64_t offset, int64_t whence);
int64_t eq_stat(uint64_t fd, uint8_t *status);

/* disk.c */
void eq_load_bundle(void);

/* count.c: executed instructions by address */
void eq_place_traps(uint8_t *code, uint64_t bytes);

/* kernel.c */
_Noreturn void eq_trapped(uint64_t number, uint64_t ip, uint64_t address);

/* program.c */
_Noreturn void eq_start_program(void);

#endif
