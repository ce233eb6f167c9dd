"""Times single kernels on this machine, called from C with their arguments in memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cffi
import numpy as np
from numpy.typing import NDArray

from edgeq.build.cc import compile_and_link
from edgeq.kernels.catalog import Kernel
from edgeq.ops.base import Call
from edgeq.plan.fuse import as_rescaled, values_of
from edgeq.plan.pack import pack_arguments
from edgeq.resources import data_root
from edgeq.targets import Target
from edgeq.targets.target import target_folder

ALIGN = 64
DECLARATIONS = """
    void eq_call(uint8_t *);
    int64_t eq_time_run(void (*run)(uint8_t *), uint8_t *, int32_t);
"""
PROGRAM = """\
#include "edgeq/{contract}.h"
eq_{contract}_fn {symbol};
void eq_call(uint8_t *arguments);
void eq_call(uint8_t *arguments)
{{
    void *const *a = (void *const *)(void *)arguments;
    {symbol}({arguments});
}}
"""
"""Calls a kernel with an array of pointers, so that one timer serves every contract."""


class KernelClock:
    """Compiles kernels for `target`, this machine, into `folder`, and times them."""

    def __init__(self, target: Target, folder: Path) -> None:
        self._target, self._folder = target, folder
        self._ffi = cffi.FFI()
        self._ffi.cdef(DECLARATIONS)
        self._libraries: dict[str, Any] = {}

    def timed(self, kernel: Kernel, call: Call) -> Callable[[int], int]:
        """A function that takes how often `kernel` carries out `call`, and returns nanoseconds.

        Activations of the call are arrays.
        """
        library = self._library(kernel, call.form)
        types = {q.name: q.dtype for q in kernel.contract.pointers}
        args = {n: np.asarray(call.args[n]).astype(dtype) for n, dtype in types.items()}
        rescaled = as_rescaled(kernel, args, call.params, call.form)
        packed = pack_arguments(kernel, {**args, **rescaled}) | _unpacked(kernel, call)
        arrays = [_aligned(packed[q.name]) for q in kernel.contract.parameters]
        pointers = np.array([a.ctypes.data for a in arrays], np.uintp)
        arguments = self._ffi.cast("uint8_t *", pointers.ctypes.data)

        def time(times: int, _keep: object = (arrays, pointers)) -> int:
            return int(library.eq_time_run(library.eq_call, arguments, times))

        return time

    def _library(self, kernel: Kernel, form: str) -> Any:  # noqa: ANN401 (a library of cffi)
        """The kernel in one rounding form, with the timer."""
        symbol = kernel.symbol(form)
        if symbol not in self._libraries:
            source = self._folder / f"{symbol}.c"
            arguments = ", ".join(f"a[{i}]" for i in range(len(kernel.contract.parameters)))
            text = PROGRAM.format(contract=kernel.contract.name, symbol=symbol, arguments=arguments)
            source.write_text(text, encoding="utf-8")
            library = compile_and_link(
                [kernel.path, source, target_folder() / "timing" / "timer.c"],
                source.with_suffix(".so"), target=self._target, shared=True,
                cflags=[f"-DEQ_FORM={form}"] if form else [],
                include=[data_root() / "kernels" / "include"],
            )  # fmt: skip
            self._libraries[symbol] = self._ffi.dlopen(str(library))
        return self._libraries[symbol]


def _unpacked(kernel: Kernel, call: Call) -> dict[str, NDArray[Any]]:
    """The params struct, and scratch where the contract has it."""
    fields = np.array([call.params[f] for f in kernel.contract.fields], np.int32)
    scratch = np.zeros(kernel.scratch_bytes(values_of(call)), np.uint8)
    return {"p": fields, "scratch": scratch}


def _aligned(array: NDArray[Any]) -> NDArray[np.uint8]:
    data = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    room = np.empty(data.size + 2 * ALIGN, np.uint8)
    start = -room.ctypes.data % ALIGN
    room[start : start + data.size] = data
    return room[start:]
