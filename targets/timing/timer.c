/* Times code of this machine: a block of runs between two readings of the clock.
 *
 * Built by edgeq for its own measurements and called with the addresses of a compiled model's
 * functions, so that nothing but C runs while the clock does.
 */
#define _POSIX_C_SOURCE 199309L
#include <stddef.h>
#include <stdint.h>
#include <time.h>

typedef void eq_run_fn(uint8_t *arena);
typedef void eq_shared_run_fn(uint8_t *arena, const void *parallel);
typedef void eq_step_fn(uint8_t *arena, int32_t step);

/* OrtApi::RunWithBinding of ONNX Runtime's C API, which returns NULL if all is well
 * (onnxruntime_c_api.h), and what it is called with. */
typedef void *eq_bound_run_fn(void *session, const void *options, const void *binding);
typedef struct {
    void *session;
    const void *binding;
} eq_bound_session;

int64_t eq_time_run(eq_run_fn *run, uint8_t *arena, int32_t times);
int64_t eq_time_shared_run(eq_shared_run_fn *run, uint8_t *arena, const void *parallel,
                           int32_t times);
int64_t eq_time_step(eq_step_fn *run, uint8_t *arena, int32_t step, int32_t times);
int64_t eq_time_session(eq_bound_run_fn *run, const eq_bound_session *bound, int32_t times);

static int64_t now(void)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    return (int64_t)at.tv_sec * 1000000000 + at.tv_nsec;
}

/* Nanoseconds of `times` inferences. */
int64_t eq_time_run(eq_run_fn *run, uint8_t *arena, int32_t times)
{
    const int64_t start = now();
    for (int32_t i = 0; i < times; ++i)
        run(arena);
    return now() - start;
}

/* The same where threads share layers. */
int64_t eq_time_shared_run(eq_shared_run_fn *run, uint8_t *arena, const void *parallel,
                           int32_t times)
{
    const int64_t start = now();
    for (int32_t i = 0; i < times; ++i)
        run(arena, parallel);
    return now() - start;
}

/* Nanoseconds of one step, `times` times. */
int64_t eq_time_step(eq_step_fn *run, uint8_t *arena, int32_t step, int32_t times)
{
    const int64_t start = now();
    for (int32_t i = 0; i < times; ++i)
        run(arena, step);
    return now() - start;
}

/* Nanoseconds of `times` runs of a session, -1 if one failed. */
int64_t eq_time_session(eq_bound_run_fn *run, const eq_bound_session *bound, int32_t times)
{
    int failed = 0;
    const int64_t start = now();
    for (int32_t i = 0; i < times; ++i)
        failed |= run(bound->session, NULL, bound->binding) != NULL;
    const int64_t taken = now() - start;
    return failed ? -1 : taken;
}
