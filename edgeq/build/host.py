"""The generated C on this machine, as a Python callable (cffi, ABI mode)."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import cffi
import numpy as np
from numpy.typing import NDArray

from edgeq.build.cc import compile_and_link
from edgeq.build.write import c_sources, flags_of, write_files
from edgeq.codegen import emit
from edgeq.codegen.levels import level_idents
from edgeq.codegen.parallel import has_pool
from edgeq.errors import UsageError
from edgeq.ir import Tensor
from edgeq.ir.values import quantize
from edgeq.plan.plan import ARENA, CONSTANT, Plan, Pointer
from edgeq.plan.trace import tensors_after
from edgeq.targets.levels import level_name

NAME = "model"
POOL_CDEF = """
    void *eq_threads_start(int32_t);
    const void *eq_threads_parallel(const void *);
    void eq_threads_stop(void *);
"""


class HostModel:
    """A compiled model: `model(x)` runs the C code and returns the output.

    Inputs of integer dtype are taken as they are; floats are quantized with the input's
    parameters.  Outputs have the graph's dtype, one array or a tuple of them.

    plan     what runs: of a fat target the plan of a level
    levels   the levels of a fat target that this CPU has, by name, best first; the first runs
             unless `use` takes another
    """

    def __init__(self, plan: Plan) -> None:
        self.plan, self._function = plan, NAME
        folder = tempfile.mkdtemp(prefix="edgeq-")
        self._cleanup = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        files = emit(plan, name=NAME, selftest=False)
        write_files(files, Path(folder))
        library = compile_and_link(
            c_sources(files, Path(folder)), Path(folder) / "model.so", target=plan.target,
            include=[Path(folder), Path(folder) / "include"], shared=True,
            extra=["-pthread"] if has_pool(plan) else (),
            own_flags=flags_of(plan, Path(folder)),
        )  # fmt: skip
        self._ffi = cffi.FFI()
        idents = [*level_idents(plan, NAME), (NAME, plan.each[-1])]
        self._ffi.cdef(_declarations(plan, [ident for ident, _ in idents]))
        self._lib: Any = self._ffi.dlopen(str(library))
        self.levels = {
            level_name(level.target): (ident, level)
            for i, (ident, level) in enumerate(idents) if plan.levels and self._lib.model_level(i)
        }  # fmt: skip
        self._more = self._pool()
        self._arena = _aligned(plan.arena_bytes, plan.target.align)
        self._pointer = self._ffi.cast("uint8_t *", self._arena.ctypes.data)
        if self.levels:
            self.use(next(iter(self.levels)))

    def use(self, level: str) -> None:
        """Run one level of a fat target from now on, one of `levels`."""
        self._function, self.plan = self.levels[level]

    def __call__(self, *inputs: Any) -> Any:  # noqa: ANN401 (arrays of any dtype, one or several)
        """Run on one array per model input, or on a dict from input name to array."""
        results = list(self.run(self._named(inputs)).values())
        return results[0] if len(results) == 1 else tuple(results)

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Outputs by tensor name for inputs by tensor name."""
        self.fill(inputs)
        getattr(self._lib, f"{self._function}_run")(self._pointer, *self._more)
        return self.outputs()

    def _pool(self) -> tuple[Any, ...]:
        """What `run` takes beside the arena: threads, where the plan asks for more than one."""
        if self.plan.threads == 1:
            return ()
        pool = self._lib.eq_threads_start(self.plan.threads)
        weakref.finalize(self, self._lib.eq_threads_stop, pool)
        return (self._lib.eq_threads_parallel(pool),)

    def outputs(self) -> dict[str, NDArray[Any]]:
        """What the last run left, by tensor name."""
        return {
            port.tensor.name: self._read(port.tensor, port.pointer) for port in self.plan.outputs
        }

    def trace(self, inputs: Mapping[str, NDArray[Any]]) -> Iterator[tuple[str, NDArray[Any]]]:
        """Every computed tensor with its value, as the steps complete them."""
        self.fill(inputs)
        step_function = getattr(self._lib, f"{self._function}_step")
        for step, names in enumerate(tensors_after(self.plan)):
            step_function(self._pointer, step)
            for name in names:
                yield name, self._read(self.plan.graph.tensors[name], self.plan.places[name])

    def address(self, function: str) -> int:
        """Where the C function NAME_`function` is, for callers that time it."""
        found = getattr(self._lib, f"{self._function}_{function}")
        return int(self._ffi.cast("uintptr_t", found))

    @property
    def parallel_address(self) -> int:
        """Where the `eq_parallel` of its pool of threads is, 0 without one."""
        return int(self._ffi.cast("uintptr_t", self._more[0])) if self._more else 0

    @property
    def arena_address(self) -> int:
        """Where its arena is."""
        return int(self._arena.ctypes.data)

    def _named(self, inputs: tuple[Any, ...]) -> dict[str, NDArray[Any]]:
        ports = [port.tensor for port in self.plan.inputs]
        if len(inputs) == 1 and isinstance(inputs[0], Mapping):
            given = dict(inputs[0])
        elif len(inputs) == len(ports):
            given = {t.name: value for t, value in zip(ports, inputs, strict=True)}
        else:
            raise UsageError(f"{len(inputs)} arrays for {len(ports)} inputs",
                             fix=f"the inputs are {', '.join(t.name for t in ports)}")  # fmt: skip
        missing = [t.name for t in ports if t.name not in given]
        if missing:
            raise UsageError(f"input {missing[0]} is missing")
        return {t.name: as_integers(t, np.asarray(given[t.name])) for t in ports}

    def fill(self, inputs: Mapping[str, NDArray[Any]]) -> None:
        """Put inputs, by tensor name, into the arena."""
        self._arena[:] = 0xA5
        for port in self.plan.inputs:
            data = np.ascontiguousarray(inputs[port.tensor.name]).reshape(-1).view(np.uint8)
            start = port.pointer.offset
            self._arena[start : start + data.size] = data

    def _read(self, tensor: Tensor, pointer: Pointer) -> NDArray[Any]:
        if pointer.kind == CONSTANT:
            memory: NDArray[Any] = self.plan.constants[pointer.index].data.view(np.uint8)
        elif pointer.kind == ARENA:
            memory = self._arena
        else:
            raise UsageError("the callable needs inputs and outputs in the arena")
        raw = memory[pointer.offset : pointer.offset + tensor.nbytes].copy()
        return raw.view(tensor.dtype.numpy).reshape(tensor.shape)


def _declarations(plan: Plan, idents: Sequence[str]) -> str:
    """What the library has, for cffi."""
    more = ", const void *" if plan.threads > 1 else ""
    pool = POOL_CDEF if has_pool(plan) else ""
    functions = (f"void {ident}_run(uint8_t *{more}); void {ident}_step(uint8_t *, int32_t);"
                 for ident in idents)  # fmt: skip
    return f"{pool} const void *{NAME}_level(int32_t); {' '.join(functions)}"


def as_integers(tensor: Tensor, value: NDArray[Any]) -> NDArray[Any]:
    """An input as the C code takes it: floats quantized, shape checked.

    Raises:
        UsageError: wrong number of elements, or integers that do not fit the dtype.
    """
    if value.size != tensor.size:
        raise UsageError(f"input {tensor.name} has shape {value.shape}",
                         why=f"the model takes {tensor.shape}")  # fmt: skip
    wanted = tensor.dtype.numpy
    if value.dtype != wanted and np.issubdtype(value.dtype, np.floating):
        return quantize(value, tensor).reshape(tensor.shape)
    if not np.array_equal(value.astype(wanted), value):
        raise UsageError(f"input {tensor.name}: {value.dtype} values do not fit {tensor.dtype}")
    return value.astype(wanted).reshape(tensor.shape)


def _aligned(size: int, align: int) -> NDArray[np.uint8]:
    raw = np.empty(size + align, np.uint8)
    start = -raw.ctypes.data % align
    return raw[start : start + size]
