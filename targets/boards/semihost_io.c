/* Probe input and output on an emulated board, through semihosting. */
#include "probe.h"
#include "semihost.h"

static intptr_t input = -1;
static intptr_t output = -1;
static intptr_t console = -1;

static size_t length_of(const char *text)
{
    size_t n = 0;
    while (text[n] != '\0')
        ++n;
    return n;
}

static void open_once(intptr_t *handle, const char *name, intptr_t mode)
{
    const intptr_t arguments[] = {(intptr_t)name, mode, (intptr_t)length_of(name)};
    if (*handle < 0)
        *handle = eq_semihost(EQ_SEMIHOST_OPEN, arguments);
}

/* Reads or writes; returns how many of n bytes were transferred. */
static size_t transfer(intptr_t operation, intptr_t handle, const void *data, size_t n)
{
    const intptr_t arguments[] = {handle, (intptr_t)data, (intptr_t)n};
    if (handle < 0 || n == 0)
        return 0;
    const intptr_t left = eq_semihost(operation, arguments);
    return left < 0 ? 0 : n - (size_t)left;
}

size_t eq_probe_read(void *data, size_t bytes)
{
    open_once(&input, EQ_PROBE_INPUT, EQ_SEMIHOST_READ_BINARY);
    return transfer(EQ_SEMIHOST_READ, input, data, bytes);
}

size_t eq_probe_write(const void *data, size_t bytes)
{
    open_once(&output, EQ_PROBE_OUTPUT, EQ_SEMIHOST_WRITE_BINARY);
    return transfer(EQ_SEMIHOST_WRITE, output, data, bytes);
}

void eq_probe_print(const char *text)
{
    open_once(&console, ":tt", EQ_SEMIHOST_WRITE_TEXT);
    transfer(EQ_SEMIHOST_WRITE, console, text, length_of(text));
}

_Noreturn void eq_probe_exit(int code)
{
    const intptr_t arguments[] = {0x20026, code};
    for (;;)
        eq_semihost(EQ_SEMIHOST_EXIT_EXTENDED, arguments);
}
