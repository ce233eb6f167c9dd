"""Makes the plan: lower, choose, share, place; all problems of a graph at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import EdgeqError, Problems
from edgeq.ir import Graph, Node
from edgeq.kernels.catalog import Kernel, catalog
from edgeq.numerics.profile import Profile
from edgeq.ops.base import Alias, Call, Lowered, View, lower_node
from edgeq.plan.arena import Buffer, lower_bound, place
from edgeq.plan.buffers import Draft, Sharing, lives, share_in_place
from edgeq.plan.choose import choose, values_of
from edgeq.plan.pack import pack
from edgeq.plan.plan import (
    ARENA, CONSTANT, INPUT, OUTPUT, SCRATCH, Constant, Plan, Pointer, Port, Slot, Step,
    element_bytes,
)  # fmt: skip
from edgeq.targets.target import Target

IO_ARENA, IO_POINTERS = "arena", "pointers"


def make_plan(
    graph: Graph,
    target: Target,
    profile: Profile,
    *,
    io: str = IO_ARENA,
    kernels: Sequence[Kernel] | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Plan:
    """Decide everything about `graph` on `target`.

    Args:
        graph: an integer graph (`ir.spec` stage "integer").
        io: "arena" places inputs and outputs in the arena, "pointers" takes the caller's.
        kernels: the kernels to choose from; all that exist when None.
        progress: told each node's name before it is lowered.

    Raises:
        Problems: every node that cannot be lowered or has no kernel, with its reason.
    """
    lowered, drafts, sharing = _drafts(graph, target, profile, kernels or catalog(), progress)
    ports = {*graph.inputs, *graph.outputs} if io == IO_POINTERS else set()
    fixed = frozenset(sharing.root(t) for t in ports)
    share_in_place(graph, drafts, sharing, fixed)
    layout = _Layout(graph, drafts, sharing, target, fixed)
    steps = tuple(layout.step(i, draft) for i, draft in enumerate(drafts))
    return Plan(
        name=graph.name, graph=graph, target=target, profile=profile, io=io, steps=steps,
        constants=tuple(layout.constants), slots=layout.slots,
        inputs=tuple(layout.input_port(t) for t in graph.inputs),
        outputs=tuple(Port(graph.tensors[t], layout.pointer(View(t), 1)) for t in graph.outputs),
        places=layout.places(), arena_bytes=layout.arena_bytes,
        arena_lower_bound=lower_bound(layout.buffers), scratch_bytes=layout.scratch_bytes,
        lowered=lowered,
    )  # fmt: skip


def _drafts(
    graph: Graph, target: Target, profile: Profile, kernels: Sequence[Kernel],
    progress: Callable[[str], None],
) -> tuple[tuple[Lowered, ...], list[Draft], Sharing]:  # fmt: skip
    lowered: list[Lowered] = []
    drafts: list[Draft] = []
    sharing, problems = Sharing(), []
    for node in graph.nodes:
        progress(node.name)
        try:
            calls = lower_node(graph, node, profile)
            lowered.append(calls)
            if isinstance(calls, Alias):
                sharing.join(node.outputs[0], calls.source)
            else:
                drafts += _drafts_of(node, calls, target, kernels)
        except EdgeqError as error:
            problems.append(_located(error, node))
    if problems:
        raise Problems(f"{graph.name} cannot be compiled for {target.name}", problems)
    return tuple(lowered), drafts, sharing


def _located(error: EdgeqError, node: Node) -> EdgeqError:
    if not error.where:
        return type(error)(error.what, where=node.name, why=error.why, fix=error.fix)
    return error


def _drafts_of(
    node: Node, calls: tuple[Call, ...], target: Target, kernels: Sequence[Kernel]
) -> list[Draft]:
    where = f"{node.name} ({node.op})"
    return [
        Draft(node.name, node.op, call, choose(call, target.isa, kernels, where),
              node.outputs if call is calls[-1] else ())
        for call in calls
    ]  # fmt: skip


class _Layout:
    """Where every buffer, scratch and constant lies."""

    def __init__(
        self, graph: Graph, drafts: Sequence[Draft], sharing: Sharing, target: Target,
        fixed: frozenset[str],
    ) -> None:  # fmt: skip
        self.graph, self.sharing, self.target = graph, sharing, target
        self.spans = lives(graph, drafts, sharing)
        self.ports = self._ports(fixed)
        self.buffers = self._buffers() + self._scratches(drafts)
        offsets, size = place(self.buffers)
        self.slots = tuple(
            Slot(b.name, offsets[b.name], b.nbytes, b.first, b.last) for b in self.buffers
        )
        self.offsets = offsets
        self.arena_bytes = max(_up(size, target.align), target.align)
        self.scratch_bytes = max((b.nbytes for b in self.buffers if b.name[0] == "\0"), default=0)
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

    def _buffers(self) -> list[Buffer]:
        sizes: dict[str, int] = {}
        for name, tensor in self.graph.tensors.items():
            root = self.sharing.root(name)
            sizes[root] = max(sizes.get(root, 0), tensor.nbytes)
        placed = [(r, life) for r, life in self.spans.items() if self._needs_memory(r)]
        align = self.target.align
        return [Buffer(r, _up(sizes[r], align), life.first, life.last, align) for r, life in placed]

    def _needs_memory(self, root: str) -> bool:
        return root not in self.ports and not self.graph.tensors[root].is_constant

    def _scratches(self, drafts: Sequence[Draft]) -> list[Buffer]:
        align = self.target.align
        sizes = [d.kernel.scratch_bytes(values_of(d.call)) for d in drafts]
        return [Buffer(f"\0{i}", _up(size, align), i, i, align) for i, size in enumerate(sizes) if size]

    def pointer(self, view: View, itemsize: int) -> Pointer:
        """Where `view` points; its offset counts elements of `itemsize` bytes."""
        root = self.sharing.root(view.tensor)
        offset = view.offset * itemsize
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
        packings = dict(draft.kernel.packs)
        args: dict[str, Pointer] = {}
        for parameter in draft.kernel.contract.parameters:
            name = parameter.name
            operand = draft.call.args.get(name)
            if name == "scratch":
                args[name] = Pointer(SCRATCH, self.offsets.get(f"\0{index}", 0))
            elif isinstance(operand, View):
                args[name] = self.pointer(operand, element_bytes(draft.kernel, name))
            elif operand is not None:
                data = np.asarray(operand, parameter.dtype)
                if name in packings:
                    data = pack(data, parameter.dims, packings[name])
                args[name] = Pointer(CONSTANT, index=self.constant(data, f"{draft.node}: {name}"))
        return Step(
            draft.node, draft.op, draft.kernel, draft.call.form, args, dict(draft.call.params),
            draft.outputs,
        )  # fmt: skip

    def input_port(self, name: str) -> Port:
        """An input, and whether its memory is used for anything else later."""
        pointer = self.pointer(View(name), 1)
        root = self.sharing.root(name)
        shared = any(self.sharing.root(t) == root and self._written(t) for t in self.graph.tensors)
        return Port(self.graph.tensors[name], pointer, shared or self._reused(root))

    def _written(self, tensor: str) -> bool:
        producer = self.graph.producer(tensor)
        return producer is not None and producer.op != "reshape"

    def _reused(self, root: str) -> bool:
        mine = next((s for s in self.slots if s.name == root), None)
        return mine is not None and any(
            s.name != root and s.offset < mine.offset + mine.nbytes and mine.offset < s.offset + s.nbytes
            for s in self.slots
        )  # fmt: skip

    def places(self) -> Mapping[str, Pointer]:
        """Every computed tensor's place."""
        names = [*self.graph.inputs, *(t for n in self.graph.nodes for t in n.outputs)]
        return {name: self.pointer(View(name), 1) for name in names}


def _up(value: int, align: int) -> int:
    return -(-value // align) * align


