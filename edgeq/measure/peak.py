"""The most int8 multiply-accumulates that this machine does in a second, on one core."""

from __future__ import annotations

import tempfile
from pathlib import Path
from time import perf_counter_ns
from typing import Any

import cffi

from edgeq.build.cc import compile_and_link
from edgeq.targets import Target
from edgeq.targets.target import target_folder

ROUNDS = 200_000  # some hundred microseconds
BLOCKS = 25


def peak_gmacs(target: Target) -> float:
    """10^9 multiply-accumulates per second by the best instruction that `target`'s flags allow.

    The best of many short blocks of targets/timing/peak.c, which neither loads nor stores: what no
    kernel can exceed.  AVX2 counts VPMADDWD with its addition, since sums of VPMADDUBSW saturate.

    Raises:
        ToolError: no compiler, or it failed.
    """
    ffi = cffi.FFI()
    ffi.cdef("int64_t eq_peak_run(int64_t rounds, int32_t seed);")
    with tempfile.TemporaryDirectory(prefix="edgeq-") as folder:
        library: Any = ffi.dlopen(str(compile_and_link(
            [target_folder() / "timing" / "peak.c"], Path(folder) / "peak.so", cc=target.cc,
            cflags=target.cflags, shared=True,
        )))  # fmt: skip
    return max(_block(library) for _ in range(BLOCKS))


def _block(library: Any) -> float:  # noqa: ANN401 (a library of cffi)
    start = perf_counter_ns()
    macs = int(library.eq_peak_run(ROUNDS, 3))
    return macs / (perf_counter_ns() - start)
