"""One call of one kernel: the memory it is given, and the bytes that must be there afterwards.

Cases come from the operator that claims the contract, expected bytes from its `exact`.  A
trial is plain memory, so that any runner can carry it out: cffi in this machine's process,
or a generated program under a sanitizer or an emulator.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeq.kernels.catalog import Kernel
from edgeq.ops.base import Call, Case, op_of_contract
from edgeq.plan.fuse import as_rescaled, fits
from edgeq.plan.overlap import may_overlap, row_gap
from edgeq.plan.pack import stored

Array = NDArray[Any]

SEED = 20
PLACEMENTS = ("flush", "skewed")  # against the end of memory; aligned to no more than it must be
SCRATCH_FILL = b"\x5a"
OVERLAP_ALIGN = 16  # of x above y, as an arena aligns both
FURTHER = 48  # bytes: x and y, each aligned, may lie further apart than need be
KEPT = 1024  # more cases than any contract has


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
    contract = kernel.contract.name
    for index, case in legal_cases(contract, form):
        if not accepted(kernel, form, case):
            continue
        plain = _trial(kernel, form, case, expected(contract, form, index), f"case {index}")
        yield plain
        for name in kernel.inplace:
            used = case.args["y"].reshape(-1)[: reach(contract, form, index)]
            if used.nbytes <= case.args[name].nbytes:
                yield _in_place(plain, case, index, name, used.size)
        if may_overlap(kernel, case.params):
            label, after = f"case {index}, y over rows of x", partial(over, contract, form, index)
            further = FURTHER * (form in kernel.contract.forms[1:])  # so that either is tried
            gap = row_gap(kernel.contract, case.params) + further
            yield _over_rows(plain, case, label, gap, after)


def accepted(kernel: Kernel, form: str, case: Case) -> bool:
    """Whether `kernel` may be chosen for the call of `case`."""
    contract = kernel.contract.name
    return fits(kernel, Call(contract, case.args, case.params, form, case.facts))


@cache
def written(contract: str, form: str, index: int) -> NDArray[np.bool_]:
    """Which elements of y case `index` writes, flat.

    An element is untouched when two runs that find different bytes there leave them.
    """
    case, first = cases_of(contract)[index], expected(contract, form, index)["y"]
    inverted = (~case.args["y"].reshape(-1).view(np.uint8)).view(case.args["y"].dtype)
    args = {**case.args, "y": inverted.reshape(case.args["y"].shape)}
    second = op_of_contract()[contract].exact(contract, args, case.params, form)["y"]
    same: NDArray[np.bool_] = bits(first) == bits(second)
    return same


def reach(contract: str, form: str, index: int) -> int:
    """Elements of y up to the last one that case `index` writes."""
    return int(np.flatnonzero(written(contract, form, index))[-1]) + 1


def over(contract: str, form: str, index: int, before: Array) -> Array:
    """What case `index` leaves in y, of which the first elements held `before`, flat."""
    after = expected(contract, form, index)["y"].reshape(-1)[: before.size]
    return np.where(written(contract, form, index)[: before.size], after, before)


def bits(array: Array) -> Array:
    """The elements as unsigned integers, flat: equal only when every bit is."""
    flat = np.ascontiguousarray(array).reshape(-1)
    return flat.view(f"u{flat.itemsize}")


def _trial(kernel: Kernel, form: str, case: Case, want: Mapping[str, Array], label: str) -> Trial:
    found, args = dict(_blocks(kernel, case)), case.args
    if rescaled := as_rescaled(kernel, args, case.params, form):
        args = {**args, **rescaled}
        found |= {name: _block(kernel, name, args) for name in rescaled}
    parameters = kernel.contract.parameters
    after = [want[q.name].tobytes() if q.is_output else found[q.name].data for q in parameters]
    return Trial(kernel, form, tuple(found[q.name] for q in parameters),
                 _without_scratch(kernel, after), _views(kernel), case.params, label)  # fmt: skip


@lru_cache(maxsize=KEPT)
def _blocks(kernel: Kernel, case: Case) -> dict[str, Block]:
    """The memory of every parameter of a case, by name: no form has another, but for rescales."""
    found = {name: _block(kernel, name, case.args) for name in case.args}
    found["p"] = Block(
        np.array([case.params[field] for field in kernel.contract.fields], np.int32).tobytes(), 4
    )
    if any(q.name == "scratch" for q in kernel.contract.parameters):
        size = kernel.scratch_bytes({**case.facts, **case.params})
        found["scratch"] = Block(SCRATCH_FILL * size, _align(kernel, "scratch"))
    return found


def _block(kernel: Kernel, name: str, args: Mapping[str, Array]) -> Block:
    """The memory of one of `args`, as the kernel wants it."""
    data = stored(kernel, kernel.contract.parameter(name), args[name], args)
    return Block(data.tobytes(), _align(kernel, name))


def _align(kernel: Kernel, name: str) -> int:
    dtype = kernel.contract.parameter(name).dtype
    assert dtype is not None
    return max(kernel.align, dtype.itemsize)


def _in_place(plain: Trial, case: Case, index: int, name: str, size: int) -> Trial:
    """The trial of case `index` with `size` elements of y in the very memory of input `name`."""
    source = case.args[name].tobytes()
    before = np.frombuffer(source, case.args["y"].dtype, size)
    after = over(plain.kernel.contract.name, plain.form, index, before).tobytes()
    return _shared(plain, name, plain.blocks[_at(plain, name)], after + source[len(after) :],
                   f"case {index}, y in place of {name}")  # fmt: skip


def overlapping(kernel: Kernel, form: str, case: Case, label: str, nearer: int = 0) -> Trial:
    """The case with y as far below x as the plan puts it, or `nearer` bytes more."""

    def after(before: Array) -> Array:
        y = before.reshape(case.args["y"].shape)
        exact = op_of_contract()[kernel.contract.name].exact
        return exact(kernel.contract.name, {**case.args, "y": y}, case.params, form)["y"]

    plain = _trial(kernel, form, case, case.args, label)
    return _over_rows(plain, case, label, row_gap(kernel.contract, case.params) - nearer, after)


def _over_rows(
    plain: Trial, case: Case, label: str, gap: int, after: Callable[[Array], Array]
) -> Trial:
    """The trial with y at least `gap` bytes below x, and `after` of its content what it leaves."""
    gap = -(-gap // OVERLAP_ALIGN) * OVERLAP_ALIGN
    x, y = case.args["x"], case.args["y"]
    memory = bytearray(max(gap + x.nbytes, y.nbytes))
    memory[: y.nbytes] = y.tobytes()
    memory[gap : gap + x.nbytes] = x.tobytes()
    before = np.frombuffer(bytes(memory), y.dtype, y.size)
    align = max(plain.blocks[_at(plain, name)].align for name in ("x", "y"))
    shared = Block(bytes(memory), align, at=gap)
    return _shared(plain, "x", shared, after(before).tobytes() + bytes(memory[y.nbytes :]), label)


def _shared(plain: Trial, name: str, block: Block, want: bytes, label: str) -> Trial:
    """The trial with y in the `block` of input `name`, in which `want` must be afterwards."""
    x_at, y_at = _at(plain, name), _at(plain, "y")
    blocks, after, views = list(plain.blocks), list(plain.want), list(plain.views)
    blocks[x_at], blocks[y_at] = block, Block(b"", blocks[y_at].align, share=x_at)
    after[x_at], after[y_at] = want, b""
    views[x_at] = views[y_at]
    return replace(plain, blocks=tuple(blocks), want=tuple(after), views=tuple(views), label=label)


def _at(trial: Trial, name: str) -> int:
    return [q.name for q in trial.kernel.contract.parameters].index(name)


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
