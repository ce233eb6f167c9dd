/* How a model is run on several threads: the caller says how, the bytes never depend on it.
 *
 * Written by edgeq.  This file is yours, as all of the folder it came in.
 */
#ifndef EDGEQ_PARALLEL_H
#define EDGEQ_PARALLEL_H

#include <stdint.h>

typedef void eq_task(void *context, int32_t part);

/* `run` calls task(context, part) once for each part in [0, parts), in any order, on any
 * threads, and returns when all have returned.  Put this struct first in one of your own to
 * reach more than `self`. */
typedef struct eq_parallel {
    void (*run)(const struct eq_parallel *self, eq_task *task, void *context,
                int32_t parts);
} eq_parallel;

/* With a null pointer the parts run one after the other. */
static inline void eq_parallel_run(const eq_parallel *parallel, eq_task *task,
                                   void *context, int32_t parts)
{
    if (parallel != 0) {
        parallel->run(parallel, task, context, parts);
        return;
    }
    for (int32_t part = 0; part < parts; ++part)
        task(context, part);
}

#endif
