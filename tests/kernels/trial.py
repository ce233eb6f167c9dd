"""One call of one kernel: the memory it is given, and the bytes that must be there afterwards.

Cases come from the operator that claims the contract, expected bytes from its `exact`.  A
trial is plain memory, so that any runner can carry it out: cffi in this machine's process,
or a generated program under a sanitizer or an emulator.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeq.kernels.catalog import Kernel
from edgeq.kernels.contract import Parameter
from edgeq.ops.base import Call, Case, op_of_contract
from edgeq.plan.fuse import as_rescaled, fits
from edgeq.plan.overlap import may_overlap, row_gap
from edgeq.plan.pack import pack_arguments

Array = NDArray[Any]

SEED = 20
PLACEMENTS = ("flush", "skewed")  # against the end of memory; aligned to no more than it must be
SCRATCH_FILL = b"\x5a"
OVERLAP_ALIGN = 16  # of x above y, as an arena aligns both


class NotTestedError(Exception):
    """No operator, or no case of it, reaches a kernel."""


@dataclass(frozen=True, slots=True)
class Block:
    """The memory behind one pointer.

    data    content before the call
    align   what its address is a multiple of, bytes
    share   index of the block whose very memory it is, or -1
    at      where the pointer points, bytes from the start of that memory
    """

    data: bytes
    align: int
    share: int = -1
    at: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """A call of `kernel` in rounding `form`, its blocks in the header's order.

    want    content of each block after the call, None where it does not matter (scratch)
    views   (name, dtype) under which a difference in a block is shown
    label   which case it is
    """

    kernel: Kernel
    form: str
    blocks: tuple[Block, ...]
    want: tuple[bytes | None, ...]
    views: tuple[tuple[str, np.dtype[Any]], ...]
    params: Mapping[str, int]
    label: str

    @property
    def symbol(self) -> str:
        return self.kernel.symbol(self.form)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is in each block after the call, and whether the bytes around it are as before.

    crash   why there is no result, else ""
    """

    memory: tuple[bytes, ...] = ()
    intact: tuple[bool, ...] = ()
    crash: str = ""


def forms_of(kernel: Kernel) -> tuple[str, ...]:
    return kernel.contract.forms or ("",)


@cache
def cases_of(contract: str) -> tuple[Case, ...]:
    """The cases of a contract, outputs filled with noise that must survive where untouched."""
    if contract not in op_of_contract():
        raise NotTestedError(f"{contract}: no operator in edgeq/ops claims this contract")
    rng = np.random.default_rng(SEED)
    cases = tuple(op_of_contract()[contract].cases(contract, rng))
    for case in cases:
        for name in case.args:
            if name.startswith("y"):
                case.args[name] = noise(rng, case.args[name])
    return cases


def noise(rng: np.random.Generator, like: Array) -> Array:
    return np.frombuffer(bytearray(rng.bytes(like.nbytes)), like.dtype).reshape(like.shape)


@cache
def expected(contract: str, form: str, index: int) -> dict[str, Array]:
    """What case `index` must return."""
    case = cases_of(contract)[index]
    return op_of_contract()[contract].exact(contract, case.args, case.params, form)


def legal_cases(contract: str, form: str) -> Iterator[tuple[int, Case]]:
    """The cases of a contract that are legal under `form`, with their numbers."""
    for index, case in enumerate(cases_of(contract)):
        if not case.forms or form in case.forms:
            yield index, case


def trials(kernel: Kernel, form: str) -> Iterator[Trial]:
    """Every case that `kernel` accepts, and each again in place as far as it allows that."""
    for index, case in legal_cases(kernel.contract.name, form):
        if not accepted(kernel, form, case):
            continue
        want = expected(kernel.contract.name, form, index)
        yield _trial(kernel, form, case, want, f"case {index}")
        for name in kernel.inplace:
            used = case.args["y"].reshape(-1)[: reach(kernel.contract.name, form, index)]
            if used.nbytes <= case.args[name].nbytes:
                moved = Case({**case.args, "y": used}, case.params, case.facts)
                yield _in_place(kernel, form, moved, name, f"case {index}, y in place of {name}")
        if may_overlap(kernel, case.params):
            yield overlapping(kernel, form, case, f"case {index}, y over rows of x")


def accepted(kernel: Kernel, form: str, case: Case) -> bool:
    """Whether `kernel` may be chosen for the call of `case`."""
    contract = kernel.contract.name
    return fits(kernel, Call(contract, case.args, case.params, form, case.facts))


@cache
def reach(contract: str, form: str, index: int) -> int:
    """Elements of y up to the last one that case `index` writes.

    An element is untouched when two runs that find different bytes there leave them.
    """
    case, first = cases_of(contract)[index], expected(contract, form, index)["y"]
    inverted = (~case.args["y"].reshape(-1).view(np.uint8)).view(case.args["y"].dtype)
    args = {**case.args, "y": inverted.reshape(case.args["y"].shape)}
    second = op_of_contract()[contract].exact(contract, args, case.params, form)["y"]
    return int(np.flatnonzero(bits(first) == bits(second))[-1]) + 1


def bits(array: Array) -> Array:
    """The elements as unsigned integers, flat: equal only when every bit is."""
    flat = np.ascontiguousarray(array).reshape(-1)
    return flat.view(f"u{flat.itemsize}")


def _trial(kernel: Kernel, form: str, case: Case, want: Mapping[str, Array], label: str) -> Trial:
    rescaled = as_rescaled(kernel, case.args, case.params, form)
    memory = pack_arguments(kernel, {**case.args, **rescaled})
    blocks = tuple(_block(q, kernel, case, memory) for q in kernel.contract.parameters)
    after = [b.data for b in blocks]
    for i, parameter in enumerate(kernel.contract.parameters):
        if parameter.is_output:
            after[i] = want[parameter.name].tobytes()
    return Trial(kernel, form, blocks, _without_scratch(kernel, after), _views(kernel),
                 case.params, label)  # fmt: skip


def _in_place(kernel: Kernel, form: str, case: Case, name: str, label: str) -> Trial:
    """The case with y in the very memory of input `name`."""
    source, y = case.args[name], case.args["y"]
    there = np.frombuffer(source.tobytes()[: y.nbytes], y.dtype).reshape(y.shape)
    moved = Case({**case.args, "y": there}, case.params, case.facts)
    contract = kernel.contract.name
    want = op_of_contract()[contract].exact(contract, moved.args, case.params, form)
    plain = _trial(kernel, form, moved, want, label)
    names = [q.name for q in kernel.contract.parameters]
    x_at, y_at = names.index(name), names.index("y")
    blocks, after, views = list(plain.blocks), list(plain.want), list(plain.views)
    blocks[y_at] = Block(b"", blocks[y_at].align, share=x_at)
    after[x_at] = want["y"].tobytes() + source.tobytes()[y.nbytes :]
    after[y_at] = b""
    views[x_at] = views[y_at]
    return Trial(kernel, form, tuple(blocks), tuple(after), tuple(views), case.params, label)


def overlapping(kernel: Kernel, form: str, case: Case, label: str, nearer: int = 0) -> Trial:
    """The case with y as far below x as the plan puts it, or `nearer` bytes more."""
    gap = row_gap(kernel.contract, case.params) - nearer
    gap = -(-gap // OVERLAP_ALIGN) * OVERLAP_ALIGN
    x, y = case.args["x"], case.args["y"]
    memory = bytearray(max(gap + x.nbytes, y.nbytes))
    memory[: y.nbytes] = y.tobytes()
    memory[gap : gap + x.nbytes] = x.tobytes()
    there = np.frombuffer(bytes(memory[: y.nbytes]), y.dtype).reshape(y.shape)
    moved = Case({**case.args, "y": there}, case.params, case.facts)
    contract = kernel.contract.name
    want = op_of_contract()[contract].exact(contract, moved.args, case.params, form)
    plain = _trial(kernel, form, moved, want, label)
    names = [q.name for q in kernel.contract.parameters]
    x_at, y_at = names.index("x"), names.index("y")
    blocks, after, views = list(plain.blocks), list(plain.want), list(plain.views)
    blocks[x_at] = Block(bytes(memory), max(blocks[x_at].align, blocks[y_at].align), at=gap)
    blocks[y_at] = Block(b"", blocks[y_at].align, share=x_at)
    after[x_at] = want["y"].tobytes() + bytes(memory[y.nbytes :])
    after[y_at] = b""
    views[x_at] = views[y_at]
    return Trial(kernel, form, tuple(blocks), tuple(after), tuple(views), case.params, label)


def _block(parameter: Parameter, kernel: Kernel, case: Case, memory: Mapping[str, Array]) -> Block:
    if parameter.name == "p":
        fields = [case.params[field] for field in kernel.contract.fields]
        return Block(np.array(fields, np.int32).tobytes(), 4)
    assert parameter.dtype is not None
    align = max(kernel.align, parameter.dtype.itemsize)
    if parameter.name == "scratch":
        size = kernel.scratch_bytes({**case.facts, **case.params})
        return Block(SCRATCH_FILL * size, align)
    return Block(memory[parameter.name].tobytes(), align)


def _without_scratch(kernel: Kernel, after: Sequence[bytes]) -> tuple[bytes | None, ...]:
    names = [q.name for q in kernel.contract.parameters]
    return tuple(None if n == "scratch" else a for n, a in zip(names, after, strict=True))


def _views(kernel: Kernel) -> tuple[tuple[str, np.dtype[Any]], ...]:
    return tuple((q.name, q.dtype or np.dtype(np.int32)) for q in kernel.contract.parameters)


def complaint(trial: Trial, placement: str, outcome: Outcome) -> str:
    """What is wrong with `outcome`, in the fewest words that lead to the fault; "" if nothing."""
    where = f"  {trial.label}, {placement}\n  params {dict(trial.params)}"
    if outcome.crash:
        return f"{trial.symbol}: {outcome.crash}\n{where}"
    found = zip(trial.views, trial.want, outcome.memory, outcome.intact, strict=True)
    for (name, dtype), want, got, intact in found:
        if not intact:
            return f"{trial.symbol}: wrote outside '{name}'\n{where}"
        if want is not None and want != got:
            return f"{trial.symbol}: {_difference(name, dtype, want, got)}\n{where}"
    return ""


def _difference(name: str, dtype: np.dtype[Any], want: bytes, got: bytes) -> str:
    """One element, not an array: the first that differs, bit for bit."""
    bits = np.dtype(f"u{dtype.itemsize}")
    differ = np.frombuffer(got, bits) != np.frombuffer(want, bits)
    first = int(np.argmax(differ))
    a, b = (np.frombuffer(data, dtype)[first] for data in (got, want))
    count = int(np.count_nonzero(differ))
    return f"{count} of {differ.size} wrong in '{name}'\n  first at {first}: got {a}, want {b}"
