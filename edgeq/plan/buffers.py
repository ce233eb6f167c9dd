"""Which tensors share memory, and how long each piece of memory lives.

Tensors that are the same bytes (reshape) or that a kernel may write in place share one
buffer.  A buffer is alive from the first step that writes it to the last that reads it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from edgeq.ir import Graph
from edgeq.kernels.catalog import Kernel
from edgeq.ops.base import Call, View
from edgeq.plan.ranges import element_wise


@dataclass(frozen=True, slots=True)
class Life:
    """The first and the last step in which a buffer is read or written."""

    first: int
    last: int


@dataclass(frozen=True, slots=True, eq=False)
class Draft:
    """A call with its kernel, before anything is placed.

    part, parts   which of how many that may run at the same time
    chosen        what decided for the kernel, see `plan.choose`
    """

    node: str
    op: str
    call: Call
    kernel: Kernel
    outputs: tuple[str, ...] = ()
    part: int = 0
    parts: int = 1
    chosen: str = ""

    def together(self, step: int) -> Life:
        """The steps that may run while this one, number `step`, does."""
        return Life(step - self.part, step - self.part + self.parts - 1)

    def reads(self) -> dict[str, str]:
        """Parameter -> tensor, for the activations it reads."""
        return self._views(output=False)

    def writes(self) -> dict[str, str]:
        """Parameter -> tensor, for the activations it writes."""
        return self._views(output=True)

    def _views(self, *, output: bool) -> dict[str, str]:
        contract = self.kernel.contract
        return {
            name: operand.tensor
            for name, operand in self.call.args.items()
            if isinstance(operand, View) and contract.parameter(name).is_output == output
        }


@dataclass(slots=True)
class Sharing:
    """Tensor -> representative of its buffer, grown by `join`."""

    parent: dict[str, str] = field(default_factory=dict)

    def root(self, tensor: str) -> str:
        while tensor in self.parent:
            tensor = self.parent[tensor]
        return tensor

    def join(self, tensor: str, into: str) -> None:
        a, b = self.root(tensor), self.root(into)
        if a != b:
            self.parent[a] = b


def lives(graph: Graph, drafts: Sequence[Draft], sharing: Sharing) -> dict[str, Life]:
    """The life of every buffer, by its root tensor.

    Inputs live from step 0, outputs to the last step.
    """
    found: dict[str, Life] = {}
    end = max(len(drafts) - 1, 0)

    def touch(tensor: str, steps: Life) -> None:
        root = sharing.root(tensor)
        known = found.get(root, steps)
        found[root] = Life(min(known.first, steps.first), max(known.last, steps.last))

    for name in graph.inputs:
        touch(name, Life(0, 0))
    for step, draft in enumerate(drafts):
        for tensor in (*draft.reads().values(), *draft.writes().values()):
            touch(tensor, draft.together(step))
    for name in graph.outputs:
        touch(name, Life(end, end))
    return found


def share_in_place(
    graph: Graph, drafts: Sequence[Draft], sharing: Sharing, fixed: frozenset[str]
) -> None:
    """Let outputs take over the memory of inputs that nobody needs any more.

    Applies where the kernel says so, the input's last read and the output's first write
    are this very step, both begin where their buffer begins, no other argument lies in the
    same buffer, and the output is not larger.  The step may be parts of an element-wise one: each
    then writes over what it alone reads.  Buffers in `fixed` are the caller's and keep
    to themselves; outputs of the graph and constants are never written over.
    """
    spans = lives(graph, drafts, sharing)
    for step, draft in enumerate(drafts):
        if not draft.kernel.inplace or len(draft.writes()) != 1:
            continue
        if draft.parts > 1 and not element_wise(draft.call):
            continue
        ((result, tensor),) = draft.writes().items()
        y = sharing.root(tensor)
        if y in fixed or spans[y].first != step or _offset(draft, result):
            continue
        for parameter in draft.kernel.inplace:
            if not _may_take(graph, draft, parameter, sharing, fixed, tensor):
                continue
            x = sharing.root(draft.reads()[parameter])
            if spans[x].last == draft.together(step).last:
                sharing.join(tensor, x)
                spans[x] = Life(spans[x].first, spans[y].last)
                break


def _offset(draft: Draft, parameter: str) -> int:
    operand = draft.call.args[parameter]
    return operand.offset if isinstance(operand, View) else 0


def _may_take(
    graph: Graph, draft: Draft, parameter: str, sharing: Sharing, fixed: frozenset[str], y: str
) -> bool:
    """Whether `y` may lie where `parameter` does, could that be given up at this step."""
    source = draft.reads().get(parameter)
    if source is None or _offset(draft, parameter):
        return False
    x = sharing.root(source)
    kept = fixed | {sharing.root(t) for t in graph.outputs}
    return (
        x not in kept
        and x != sharing.root(y)
        and not graph.tensors[x].is_constant
        and [sharing.root(t) for t in draft.reads().values()].count(x) == 1
        and graph.tensors[y].nbytes <= graph.tensors[source].nbytes
    )
