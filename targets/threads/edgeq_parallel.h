/* How a model is run on several threads: the caller says how, the bytes never depend on it.
 *
 * Written by edgeq.  This file is yours, as all of the folder it came in.
 */
#ifndef EDGEQ_PARALLEL_H
#define EDGEQ_PARALLEL_H

#include <stdint.h>

typedef void eq_task(void *context, int32_t part, int32_t worker);

/* `run` calls task(context, part, worker) once for each part in [0, parts), in any order, on
 * any threads, and returns when all have returned.  A worker is a number in [0, workers) that
 * no two calls at the same time share: it says whose scratch memory the call may use.  Parts
 * that follow each other belong together: let worker w begin with the w-th range of them.  Put
 * this struct first in one of your own to reach more than `self`. */
typedef struct eq_parallel {
    void (*run)(const struct eq_parallel *self, eq_task *task, void *context, int32_t parts,
                int32_t workers);
} eq_parallel;

/* With a null pointer the parts run one after the other. */
static inline void eq_parallel_run(const eq_parallel *parallel, eq_task *task,
                                   void *context, int32_t parts, int32_t workers)
{
    if (parallel != 0) {
        parallel->run(parallel, task, context, parts, workers);
        return;
    }
    for (int32_t part = 0; part < parts; ++part)
        task(context, part, 0);
}

#endif
