/* A small pool of POSIX threads for models that were generated with more than one.
 *
 * Written by edgeq.  This file is yours, as all of the folder it came in.
 */
#ifndef EDGEQ_THREADS_H
#define EDGEQ_THREADS_H

#include "edgeq_parallel.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct eq_threads eq_threads;

/* A pool of `threads` threads, the caller's own among them; null when there is no memory or
 * no thread to be had.  One caller at a time may run models on it. */
eq_threads *eq_threads_start(int32_t threads);

/* What NAME_run takes; null, which is serial, for a null pool. */
const eq_parallel *eq_threads_parallel(const eq_threads *pool);

/* Ends the threads; nothing must be running. */
void eq_threads_stop(eq_threads *pool);

#ifdef __cplusplus
}
#endif

#endif
