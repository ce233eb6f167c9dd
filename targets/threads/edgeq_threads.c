/* A small pool of POSIX threads: parts are handed out one by one, the caller takes its share.
 *
 * A worker looks for work for a moment before it sleeps: the steps of a network follow each
 * other within microseconds, and waking a thread takes longer than many of them.
 *
 * Written by edgeq.  This file is yours, as all of the folder it came in.
 */
#include "edgeq_threads.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { LOOKS = 1000000 }; /* a millisecond or less */

struct eq_threads {
    eq_parallel parallel; /* first: `run` finds the pool by it */
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_cond_t done;
    atomic_uint round; /* grows with each run */
    atomic_int next;   /* the part to be handed out next */
    atomic_int busy;   /* workers that have not finished this round */
    eq_task *task;
    void *context;
    int32_t parts;
    int32_t workers;
    int stopping;
    pthread_t thread[];
};

static void work(eq_threads *pool)
{
    for (;;) {
        const int32_t part = atomic_fetch_add(&pool->next, 1);
        if (part >= pool->parts)
            return;
        pool->task(pool->context, part);
    }
}

/* Waits for a round after `seen`. */
static unsigned next_round(eq_threads *pool, unsigned seen)
{
    for (int i = 0; i < LOOKS; ++i) {
        const unsigned round = atomic_load(&pool->round);
        if (round != seen)
            return round;
    }
    pthread_mutex_lock(&pool->lock);
    while (atomic_load(&pool->round) == seen)
        pthread_cond_wait(&pool->wake, &pool->lock);
    const unsigned round = atomic_load(&pool->round);
    pthread_mutex_unlock(&pool->lock);
    return round;
}

static void *worker(void *argument)
{
    eq_threads *const pool = argument;
    unsigned seen = 0;
    for (;;) {
        seen = next_round(pool, seen);
        if (pool->stopping)
            return NULL;
        work(pool);
        if (atomic_fetch_sub(&pool->busy, 1) == 1) {
            pthread_mutex_lock(&pool->lock);
            pthread_cond_signal(&pool->done);
            pthread_mutex_unlock(&pool->lock);
        }
    }
}

static void start_round(eq_threads *pool)
{
    atomic_store(&pool->next, 0);
    atomic_store(&pool->busy, pool->workers);
    pthread_mutex_lock(&pool->lock);
    atomic_fetch_add(&pool->round, 1);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
}

static void wait_for_workers(eq_threads *pool)
{
    for (int i = 0; i < LOOKS; ++i)
        if (atomic_load(&pool->busy) == 0)
            return;
    pthread_mutex_lock(&pool->lock);
    while (atomic_load(&pool->busy) != 0)
        pthread_cond_wait(&pool->done, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}

static void run(const eq_parallel *self, eq_task *task, void *context, int32_t parts)
{
    eq_threads *const pool = (eq_threads *)(uintptr_t)self;
    pool->task = task;
    pool->context = context;
    pool->parts = parts;
    start_round(pool);
    work(pool);
    wait_for_workers(pool);
}

eq_threads *eq_threads_start(int32_t threads)
{
    const int32_t workers = threads > 1 ? threads - 1 : 0;
    eq_threads *const pool = calloc(1, sizeof *pool + (size_t)workers * sizeof(pthread_t));
    if (pool == NULL)
        return NULL;
    pool->parallel.run = run;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pthread_cond_init(&pool->done, NULL);
    for (; pool->workers < workers; ++pool->workers) {
        if (pthread_create(&pool->thread[pool->workers], NULL, worker, pool) != 0) {
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
    pool->stopping = 1;
    start_round(pool);
    for (int32_t i = 0; i < pool->workers; ++i)
        pthread_join(pool->thread[i], NULL);
    pthread_cond_destroy(&pool->done);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}
