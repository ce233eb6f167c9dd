"""Which tensors share memory, and how long each piece of memory lives.

Tensors that are the same bytes (reshape) or that a kernel may write in place share one
buffer.  A buffer is alive from the first step that writes it to the last that reads it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from edgeq.ir import Graph
from edgeq.kernels.catalog import Kernel
from edgeq.ops.base import Call, View


@dataclass(frozen=True, slots=True, eq=False)
class Draft:
    """A call with its kernel, before anything is placed."""

    node: str
    op: str
    call: Call
    kernel: Kernel
    outputs: tuple[str, ...] = ()

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


@dataclass(frozen=True, slots=True)
class Life:
    """Steps in which a buffer is written first, read last, and written last."""

    first: int
    last: int


def lives(graph: Graph, drafts: Sequence[Draft], sharing: Sharing) -> dict[str, Life]:
    """The life of every buffer, by its root tensor.

    Inputs live from step 0, outputs to the last step.
    """
    found: dict[str, Life] = {}

    def touch(tensor: str, step: int) -> None:
        root = sharing.root(tensor)
        known = found.get(root, Life(step, step))
        found[root] = Life(min(known.first, step), max(known.last, step))

    for name in graph.inputs:
        touch(name, 0)
    for step, draft in enumerate(drafts):
        for tensor in (*draft.reads().values(), *draft.writes().values()):
            touch(tensor, step)
    for name in graph.outputs:
        touch(name, max(len(drafts) - 1, 0))
    return found


def share_in_place(
    graph: Graph, drafts: Sequence[Draft], sharing: Sharing, fixed: frozenset[str]
) -> None:
    """Let outputs take over the memory of inputs that nobody needs any more.

    Applies where the kernel says so, the input's last read and the output's first write
    are this very step, both begin where their buffer begins, and the output is not larger.
    Buffers in `fixed` are the caller's and keep to themselves.
    """
    for step, draft in enumerate(drafts):
        spans = lives(graph, drafts, sharing)
        for parameter in draft.kernel.inplace:
            if _takes_over(draft, parameter, step, spans, sharing, graph, fixed):
                sharing.join(next(iter(draft.writes().values())), draft.reads()[parameter])
                break


def _takes_over(
    draft: Draft, parameter: str, step: int, spans: Mapping[str, Life], sharing: Sharing,
    graph: Graph, fixed: frozenset[str],
) -> bool:  # fmt: skip
    source, written = draft.reads().get(parameter), list(draft.writes().items())
    if source is None or len(written) != 1:
        return False
    x, y = sharing.root(source), sharing.root(written[0][1])
    operands = (draft.call.args[parameter], draft.call.args[written[0][0]])
    return (
        x != y
        and not {x, y} & fixed
        and all(isinstance(o, View) and o.offset == 0 for o in operands)
        and spans[x].last == step == spans[y].first
        and list(draft.reads().values()).count(source) == 1
        and graph.tensors[written[0][1]].nbytes <= graph.tensors[source].nbytes
    )
