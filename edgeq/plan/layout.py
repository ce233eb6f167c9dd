"""Where everything lies: arguments become pointers into the arena, to ports and constants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import PlanError
from edgeq.ir import Graph
from edgeq.kernels.contract import Parameter
from edgeq.ops.base import View
from edgeq.plan.arena import NO_GAPS, Buffer, Gaps, lower_bound, place, round_up
from edgeq.plan.buffers import Draft, Sharing, lives
from edgeq.plan.fuse import as_rescaled, values_of
from edgeq.plan.pack import stored
from edgeq.plan.plan import (
    ARENA,
    CONSTANT,
    INPUT,
    NOWHERE,
    OUTPUT,
    SCRATCH,
    Constant,
    Pointer,
    Port,
    Slot,
    Step,
)
from edgeq.targets import Target

CACHE_LINE = 64  # workers' scratches share none
SCRATCH_NAME = "\0"  # no tensor is called so: the front ends cut names at NUL


class Layout:
    """The places of a graph's buffers, of scratch memory and of constants.

    fixed   roots of buffers that are the caller's: not in the arena
    gaps    which buffers may begin how far below which, see `plan.overlap`

    Of several threads each has its scratch in one place for all steps: memory that one core wrote
    is slow for another to write, so buffers do not take turns with it.
    """

    def __init__(
        self, graph: Graph, drafts: Sequence[Draft], sharing: Sharing, target: Target,
        fixed: frozenset[str], threads: int, gaps: Gaps = NO_GAPS,
    ) -> None:  # fmt: skip
        self.graph, self.sharing, self.target = graph, sharing, target
        self.ports = self._ports(fixed)
        self.written = {sharing.root(t) for d in drafts for t in d.writes().values()}
        self.kept = threads > 1
        self.scratch = self._scratch(drafts)
        buffers = self._buffers(drafts) + self._scratches(drafts, threads)
        self.offsets, size = place(buffers, gaps)
        self.slots = tuple(
            Slot(b.name, self.offsets[b.name], b.nbytes, b.first, b.last) for b in buffers
        )
        self.arena_bytes = max(round_up(size, target.align), target.align)
        self.lower_bound = lower_bound(buffers, gaps)
        self.scratch_bytes = max(
            (b.nbytes for b in buffers if b.name.startswith(SCRATCH_NAME)), default=0
        )
        self.constants: list[Constant] = []
        self._known: dict[tuple[str, bytes], int] = {}

    def _ports(self, fixed: frozenset[str]) -> dict[str, Pointer]:
        found = {}
        for kind, names in ((OUTPUT, self.graph.outputs), (INPUT, self.graph.inputs)):
            for index, name in enumerate(names):
                root = self.sharing.root(name)
                if root in fixed:
                    found[root] = Pointer(kind, index=index)
        return found

    def _buffers(self, drafts: Sequence[Draft]) -> list[Buffer]:
        sizes: dict[str, int] = {}
        for name, tensor in self.graph.tensors.items():
            root = self.sharing.root(name)
            sizes[root] = max(sizes.get(root, 1), tensor.nbytes)
        align = self.target.align
        return [
            Buffer(root, round_up(sizes[root], align), life.first, life.last, align)
            for root, life in lives(self.graph, drafts, self.sharing).items()
            if root not in self.ports and not self.graph.tensors[root].is_constant
        ]

    def _scratch(self, drafts: Sequence[Draft]) -> dict[int, int]:
        """The scratch of a step, or of the worst of the parts that begin with it, where any is.

        Where it is kept, all parts have the worst of any.
        """
        found: dict[int, int] = {}
        for step, draft in enumerate(drafts):
            if size := draft.kernel.scratch_bytes(values_of(draft.call)):
                align = max(self.target.align, CACHE_LINE if draft.parts > 1 else 1)
                first = draft.together(step).first
                found[first] = max(found.get(first, 0), round_up(size, align))
        shared = max((n for first, n in found.items() if drafts[first].parts > 1), default=0)
        return {first: shared if self.kept and drafts[first].parts > 1 else size
                for first, size in found.items()}  # fmt: skip

    def _scratches(self, drafts: Sequence[Draft], threads: int) -> list[Buffer]:
        """Memory for them, once for each worker."""
        align = self.target.align
        each = [
            Buffer(f"{SCRATCH_NAME}{step}", size * min(threads, drafts[step].parts),
                   step, drafts[step].together(step).last, align)
            for step, size in self.scratch.items()
        ]  # fmt: skip
        return [_as_one(each)] if self.kept and each else each

    def pointer(self, view: View) -> Pointer:
        """Where `view` points."""
        root = self.sharing.root(view.tensor)
        offset = view.offset * self.graph.tensors[view.tensor].dtype.bytes
        if (data := self.graph.tensors[root].data) is not None:
            return Pointer(CONSTANT, offset, self.constant(data, root))
        if root in self.ports:
            port = self.ports[root]
            return Pointer(port.kind, offset, port.index)
        return Pointer(ARENA, self.offsets[root] + offset)

    def constant(self, data: NDArray[Any], comment: str) -> int:
        """The index of a constant of these bytes, a new one if need be."""
        flat = np.ascontiguousarray(data).reshape(-1)
        key = (str(flat.dtype), flat.tobytes())
        if key not in self._known:
            self._known[key] = len(self.constants)
            self.constants.append(Constant(flat, comment))
        return self._known[key]

    def step(self, index: int, draft: Draft) -> Step:
        """The draft with every argument placed."""
        args: dict[str, Pointer] = {}
        call = draft.call
        operands = {**call.args, **as_rescaled(draft.kernel, call.args, call.params, call.form)}
        for parameter in draft.kernel.contract.parameters:
            operand = operands.get(parameter.name)
            if parameter.name == "scratch":
                args["scratch"] = self._scratch_pointer(draft, index)
            elif isinstance(operand, View):
                args[parameter.name] = self.pointer(operand)
            elif operand is not None:
                data = packed(draft, parameter, operand)
                comment = f"{draft.node}: {parameter.name}"
                args[parameter.name] = Pointer(CONSTANT, index=self.constant(data, comment))
        return Step(
            draft.node, draft.op, draft.kernel, draft.call.form, args, dict(draft.call.params),
            draft.outputs, draft.part, draft.parts, draft.chosen,
        )  # fmt: skip

    def _scratch_pointer(self, draft: Draft, index: int) -> Pointer:
        first = draft.together(index).first
        if first not in self.scratch:
            return Pointer(NOWHERE)
        stride = self.scratch[first] if draft.parts > 1 else 0
        name = SCRATCH_NAME if self.kept else f"{SCRATCH_NAME}{first}"
        return Pointer(SCRATCH, self.offsets[name], stride=stride)

    def input_port(self, name: str) -> Port:
        """An input, and whether its memory is used for anything else later."""
        root = self.sharing.root(name)
        overwritten = root in self.written or self._reused(root)
        return Port(self.graph.tensors[name], self.pointer(View(name)), overwritten)

    def _reused(self, root: str) -> bool:
        mine = next((s for s in self.slots if s.name == root), None)
        return mine is not None and any(s.meets(mine) for s in self.slots if s.name != root)

    def output_port(self, name: str) -> Port:
        return Port(self.graph.tensors[name], self.pointer(View(name)))

    def places(self) -> Mapping[str, Pointer]:
        """Every input's and computed tensor's place."""
        names = [*self.graph.inputs, *(t for n in self.graph.nodes for t in n.outputs)]
        return {name: self.pointer(View(name)) for name in names}


def _as_one(scratches: Sequence[Buffer]) -> Buffer:
    """The largest of them in place of all, from the first step to the last."""
    largest = max(scratches, key=lambda buffer: buffer.nbytes)
    first, last = min(b.first for b in scratches), max(b.last for b in scratches)
    return replace(largest, name=SCRATCH_NAME, first=first, last=last)


def packed(draft: Draft, parameter: Parameter, operand: NDArray[Any]) -> NDArray[Any]:
    """A constant argument in the kernel's element type and order.

    Raises:
        PlanError: a value does not fit the element type.
    """
    data = np.asarray(operand).astype(parameter.dtype)
    if not np.array_equal(data, operand):
        raise PlanError(f"constant {parameter.name} does not fit {data.dtype}", where=draft.node)
    return stored(draft.kernel, parameter, data, draft.call.args)
