/* A small pool of POSIX threads.  Each worker, the caller is the first, begins with its own
 * range of the parts, whose data is in its cache from the step before; who is done early takes
 * parts of the others.
 *
 * A round is open while there are parts to be had.  A worker is inside from before it looks for
 * an open round until it has found no more parts, and a round's numbers change only while none
 * is inside: one that comes late, because it was not running, keeps nobody waiting.
 *
 * A worker looks for work for a moment before it sleeps: the steps of a network follow each
 * other within microseconds, and waking a thread takes longer than many of them.
 *
 * Written by edgeq.  This file is yours, as all of the folder it came in.
 */
#include "edgeq_threads.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
    LOOKS = 50000, /* then it sleeps, after a millisecond or less */
    ALONE = 2000,  /* looks during which no other thread may have the core */
    BETWEEN = 64,  /* looks from then on until one may, as it may be the one waited for */
    LINE = 64,     /* bytes of a cache line */
};

/* The parts [next, end) of a worker that nobody has taken; next may pass the end. */
typedef struct {
    _Alignas(LINE) atomic_int next;
    int32_t end;
} eq_range;

typedef struct {
    eq_threads *pool;
    int32_t number;
    pthread_t thread;
    eq_range range;
} eq_worker;

struct eq_threads {
    eq_parallel parallel; /* first: `run` finds the pool by it */
    eq_task *task;
    void *context;
    int32_t sharing; /* workers that take part in this round */
    unsigned round;
    int32_t workers; /* the caller among them */
    eq_worker *worker;
    _Alignas(LINE) atomic_uint open; /* the round, 0 while none is open */
    _Alignas(LINE) atomic_int inside;
    atomic_int sleeping;
    atomic_int waiting; /* the caller sleeps until none is inside */
    atomic_int stopping;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_cond_t done;
};

/* Leaves the core's other threads the time that looking would take. */
static void look_again(int looks)
{
    if (looks > ALONE && looks % BETWEEN == 0) {
        sched_yield();
        return;
    }
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb" ::: "memory");
#endif
}

static void work(eq_threads *pool, int32_t number)
{
    const int32_t sharing = pool->sharing;
    for (int32_t i = 0; i < sharing; ++i) {
        eq_range *const range = &pool->worker[(number + i) % sharing].range;
        int32_t part;
        while ((part = atomic_fetch_add(&range->next, 1)) < range->end)
            pool->task(pool->context, part, number);
    }
}

static void leave(eq_threads *pool)
{
    if (atomic_fetch_sub(&pool->inside, 1) == 1 && atomic_load(&pool->waiting)) {
        pthread_mutex_lock(&pool->lock);
        pthread_cond_signal(&pool->done);
        pthread_mutex_unlock(&pool->lock);
    }
}

/* True when there is a round other than `seen` to look into, or the end. */
static int called(eq_threads *pool, unsigned seen)
{
    const unsigned open = atomic_load(&pool->open);
    return (open != 0 && open != seen) || atomic_load(&pool->stopping);
}

static void wait_for_round(eq_threads *pool, unsigned seen)
{
    for (int i = 0; i < LOOKS; ++i) {
        if (called(pool, seen))
            return;
        look_again(i);
    }
    pthread_mutex_lock(&pool->lock);
    atomic_fetch_add(&pool->sleeping, 1);
    while (!called(pool, seen))
        pthread_cond_wait(&pool->wake, &pool->lock);
    atomic_fetch_sub(&pool->sleeping, 1);
    pthread_mutex_unlock(&pool->lock);
}

static void *run_worker(void *argument)
{
    const eq_worker *const self = argument;
    eq_threads *const pool = self->pool;
    unsigned seen = 0;
    while (!atomic_load(&pool->stopping)) {
        wait_for_round(pool, seen);
        atomic_fetch_add(&pool->inside, 1);
        const unsigned open = atomic_load(&pool->open);
        if (open != 0) {
            seen = open;
            if (self->number < pool->sharing)
                work(pool, self->number);
        }
        leave(pool);
    }
    return NULL;
}

static void wake_sleepers(eq_threads *pool)
{
    if (atomic_load(&pool->sleeping) == 0)
        return;
    pthread_mutex_lock(&pool->lock);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
}

static void open_round(eq_threads *pool, eq_task *task, void *context, int32_t parts,
                       int32_t sharing)
{
    pool->task = task;
    pool->context = context;
    pool->sharing = sharing;
    for (int32_t i = 0; i < sharing; ++i) {
        atomic_store(&pool->worker[i].range.next, parts * i / sharing);
        pool->worker[i].range.end = parts * (i + 1) / sharing;
    }
    pool->round = pool->round + 1 == 0 ? 1 : pool->round + 1;
    atomic_store(&pool->open, pool->round);
    wake_sleepers(pool);
}

/* No part is left: waits for those that are being worked on. */
static void close_round(eq_threads *pool)
{
    atomic_store(&pool->open, 0);
    for (int i = 0; i < LOOKS; ++i) {
        if (atomic_load(&pool->inside) == 0)
            return;
        look_again(i);
    }
    pthread_mutex_lock(&pool->lock);
    atomic_store(&pool->waiting, 1);
    while (atomic_load(&pool->inside) != 0)
        pthread_cond_wait(&pool->done, &pool->lock);
    atomic_store(&pool->waiting, 0);
    pthread_mutex_unlock(&pool->lock);
}

static void run(const eq_parallel *self, eq_task *task, void *context, int32_t parts,
                int32_t workers)
{
    eq_threads *const pool = (eq_threads *)(uintptr_t)self;
    open_round(pool, task, context, parts,
               workers < pool->workers ? workers : pool->workers);
    work(pool, 0);
    close_round(pool);
}

static eq_threads *new_pool(int32_t workers)
{
    eq_threads *const pool = aligned_alloc(LINE, sizeof *pool);
    eq_worker *const worker = aligned_alloc(LINE, (size_t)workers * sizeof *worker);
    if (pool == NULL || worker == NULL) {
        free(pool);
        free(worker);
        return NULL;
    }
    *pool = (eq_threads){.parallel.run = run, .worker = worker};
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pthread_cond_init(&pool->done, NULL);
    return pool;
}

eq_threads *eq_threads_start(int32_t threads)
{
    const int32_t workers = threads > 1 ? threads : 1;
    eq_threads *const pool = new_pool(workers);
    if (pool == NULL)
        return NULL;
    for (; pool->workers < workers; ++pool->workers) {
        eq_worker *const worker = &pool->worker[pool->workers];
        *worker = (eq_worker){.pool = pool, .number = pool->workers};
        if (pool->workers > 0 &&
            pthread_create(&worker->thread, NULL, run_worker, worker) != 0) {
            eq_threads_stop(pool);
            return NULL;
        }
    }
    return pool;
}

const eq_parallel *eq_threads_parallel(const eq_threads *pool)
{
    return pool == NULL ? NULL : &pool->parallel;
}

void eq_threads_stop(eq_threads *pool)
{
    if (pool == NULL)
        return;
    atomic_store(&pool->stopping, 1);
    wake_sleepers(pool);
    for (int32_t i = 1; i < pool->workers; ++i)
        pthread_join(pool->worker[i].thread, NULL);
    pthread_cond_destroy(&pool->done);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->lock);
    free(pool->worker);
    free(pool);
}
