/* What newlib's stdio asks of a board, so that a program with printf links and prints. */
#include "probe.h"

#include <sys/stat.h>
#include <sys/types.h>

extern char eq_heap_start[];
extern char eq_heap_end[];

int _write(int file, const char *data, int bytes);
int _read(int file, char *data, int bytes);
int _close(int file);
int _fstat(int file, struct stat *status);
int _isatty(int file);
off_t _lseek(int file, off_t offset, int whence);
void *_sbrk(ptrdiff_t bytes);
int _getpid(void);
int _kill(int process, int signal);
_Noreturn void _exit(int code);

int _write(int file, const char *data, int bytes)
{
    char text[2] = {0};
    (void)file;
    for (int i = 0; i < bytes; ++i) {
        text[0] = data[i];
        eq_probe_print(text);
    }
    return bytes;
}

int _read(int file, char *data, int bytes)
{
    (void)file;
    (void)data;
    (void)bytes;
    return 0;
}

int _close(int file)
{
    (void)file;
    return -1;
}

int _fstat(int file, struct stat *status)
{
    (void)file;
    status->st_mode = S_IFCHR;
    return 0;
}

int _isatty(int file)
{
    (void)file;
    return 1;
}

off_t _lseek(int file, off_t offset, int whence)
{
    (void)file;
    (void)offset;
    (void)whence;
    return 0;
}

/* stdio's buffers: the heap grows from the end of .bss, and ends where the linker script
 * keeps room for the stack. */
void *_sbrk(ptrdiff_t bytes)
{
    static char *end = eq_heap_start;
    char *const start = end;
    if (bytes > eq_heap_end - end)
        return (void *)-1; /* newlib's documented failure value */
    end += bytes;
    return start;
}

int _getpid(void)
{
    return 1;
}

int _kill(int process, int signal)
{
    (void)process;
    (void)signal;
    return -1;
}

_Noreturn void _exit(int code)
{
    eq_probe_exit(code);
}
