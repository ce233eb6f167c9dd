/* Files and what goes out.  A packet is its kind, the number of the file, the length as 4 bytes,
 * and so many bytes, to the debug port, which the emulator prints. */
#include "kernel.h"

enum { FILES = 16, DEBUG_PORT = 0xe9, SHUTDOWN_PORT = 0x8900, WRITE_FLAGS = 3 };

typedef struct {
    int used, writes;
    uint64_t at; /* position */
    const eq_file *file;
} eq_open_file;

static eq_open_file open_files[FILES];

static void out_bytes(uint16_t port, const void *data, uint64_t bytes)
{
    __asm__ volatile("rep outsb" : "+S"(data), "+c"(bytes) : "d"(port) : "memory");
}

void eq_send(char kind, int fd, const void *data, uint64_t bytes)
{
    const uint8_t head[6] = {(uint8_t)kind,          (uint8_t)fd,
                             (uint8_t)bytes,         (uint8_t)(bytes >> 8),
                             (uint8_t)(bytes >> 16), (uint8_t)(bytes >> 24)};
    out_bytes(DEBUG_PORT, head, sizeof head);
    out_bytes(DEBUG_PORT, data, bytes);
}

_Noreturn void eq_leave(int code)
{
    uint32_t low, high; /* the emulator's time stamp counts instructions */
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    const uint64_t count = (uint64_t)high << 32 | low;
    eq_send('c', 0, &count, sizeof count);
    eq_send('x', code, "", 0);
    for (;;)
        out_bytes(SHUTDOWN_PORT, "Shutdown", 8);
}

static int same(const char *a, const char *b)
{
    while (*a != 0 && *a == *b)
        ++a, ++b;
    return *a == *b;
}

static eq_open_file *opened(uint64_t fd)
{
    if (fd < 3) { /* standard input, output and error are always open */
        open_files[fd].used = 1;
        open_files[fd].writes = fd != 0;
        open_files[fd].file = &eq_the_bundle()->files[1];
    }
    return fd < FILES && open_files[fd].used ? &open_files[fd] : NULL;
}

int64_t eq_open(const char *name, int64_t flags)
{
    const eq_bundle *b = eq_the_bundle();
    const int writes = (flags & WRITE_FLAGS) != 0;
    uint64_t found = 2, fd = 3;
    while (!writes && found < b->count && !same(name, b->files[found].name))
        ++found;
    if (!writes && found == b->count)
        return -ENOENT;
    while (fd < FILES && open_files[fd].used)
        ++fd;
    if (fd == FILES)
        return -ENOMEM;
    const eq_open_file file = {1, writes, 0, &b->files[writes ? 1 : found]};
    open_files[fd] = file;
    if (writes)
        eq_send('o', (int)fd, name, eq_length(name));
    return (int64_t)fd;
}

int64_t eq_close(uint64_t fd)
{
    eq_open_file *f = opened(fd);
    if (f == NULL)
        return -EBADF;
    f->used = 0;
    return 0;
}

int64_t eq_read(uint64_t fd, void *to, uint64_t bytes)
{
    eq_open_file *f = opened(fd);
    if (f == NULL || f->writes)
        return -EBADF;
    const uint64_t left = f->at < f->file->size ? f->file->size - f->at : 0;
    const uint64_t taken = bytes < left ? bytes : left;
    memcpy(to, (const uint8_t *)eq_the_bundle() + f->file->offset + f->at, taken);
    f->at += taken;
    return (int64_t)taken;
}

int64_t eq_write(uint64_t fd, const void *data, uint64_t bytes)
{
    eq_open_file *f = opened(fd);
    if (f == NULL || !f->writes)
        return -EBADF;
    eq_send('w', (int)fd, data, bytes);
    return (int64_t)bytes;
}

int64_t eq_seek(uint64_t fd, int64_t offset, int64_t whence)
{
    eq_open_file *f = opened(fd);
    if (f == NULL || f->writes || fd < 3)
        return -EINVAL;
    const int64_t from = whence == 0   ? 0
                         : whence == 1 ? (int64_t)f->at
                                       : (int64_t)f->file->size;
    if (from + offset < 0)
        return -EINVAL;
    f->at = (uint64_t)(from + offset);
    return from + offset;
}

int64_t eq_stat(uint64_t fd, uint8_t *status)
{
    enum { STATUS_BYTES = 144, MODE = 24, SIZE = 48, BLOCK = 56 };
    const eq_open_file *f = opened(fd);
    if (f == NULL)
        return -EBADF;
    const uint32_t mode = fd < 3 ? 0010666 : 0100666; /* a pipe, or a regular file */
    const uint64_t size = f->writes || fd < 3 ? 0 : f->file->size, block = PAGE;
    memset(status, 0, STATUS_BYTES);
    memcpy(status + MODE, &mode, sizeof mode);
    memcpy(status + SIZE, &size, sizeof size);
    memcpy(status + BLOCK, &block, sizeof block);
    return 0;
}
