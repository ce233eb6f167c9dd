"""How far an output may lie over rows of its input that are consumed.

A kernel that says `@overlap rows` writes row r of y only when it needs no input row before the
window of r any more, those above `r * stride_h - pad_top`.  So y may begin a gap below x and
follow it (as segments do in "vMCU", Zheng et al., 2024), and both take little more than one.
The gap is the least for which no row is written over one that it, or a later one, reads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from edgeq.ir import Graph
from edgeq.kernels.catalog import Kernel
from edgeq.kernels.contract import Contract
from edgeq.ops.base import Call, View
from edgeq.plan.buffers import Draft, Sharing, lives

NEEDED = frozenset(("in_h", "stride_h", "pad_top", "row0", "row1", "x_row", "x_ring", "y_row"))


def row_gap(contract: Contract, params: Mapping[str, int], x_at: int = 0, y_at: int = 0) -> int:
    """The least number of bytes from the start of y's buffer to that of x's, at least 0.

    Args:
        contract: whose parameters x and y are meant, for the size of their elements.
        params: fields of a spatial contract, those of `NEEDED` among them.
        x_at: where x begins in its buffer, elements.
        y_at: where y begins in its.
    """
    x, y = contract.parameter("x").dtype, contract.parameter("y").dtype
    assert x is not None
    assert y is not None
    gap = 0
    for row in range(params["row0"], params["row1"]):
        needed = max(0, row * params["stride_h"] - params["pad_top"])
        if needed >= params["in_h"]:
            break
        end = (y_at + (row + 1) * params["y_row"]) * y.itemsize
        gap = max(gap, end - (x_at + needed * params["x_row"]) * x.itemsize)
    return gap


def may_overlap(kernel: Kernel, params: Mapping[str, int]) -> bool:
    """Whether the kernel says so, and nothing of the call forbids it: no ring, all rows known."""
    known = params.keys() >= NEEDED
    return kernel.overlap and known and params["x_ring"] == params["in_h"]


def row_gaps(
    graph: Graph, drafts: Sequence[Draft], sharing: Sharing, fixed: frozenset[str]
) -> dict[tuple[str, str], int]:
    """(buffer of y, buffer of x) -> bytes that y must begin below x, where less than y's size.

    Applies where the kernel may, the call is no part of several that run together, and this
    very step is the last that reads x and the first that writes y.  Buffers in `fixed` are the
    caller's; outputs of the graph and constants are never written over.
    """
    spans = lives(graph, drafts, sharing)
    kept = fixed | {sharing.root(t) for t in graph.outputs}
    found: dict[tuple[str, str], int] = {}
    for step, draft in enumerate(drafts):
        if draft.parts > 1 or not may_overlap(draft.kernel, draft.call.params):
            continue
        roots = _roots(draft, sharing)
        if roots is None or roots[1] in kept or roots[0] in fixed:
            continue
        y, x = roots
        if graph.tensors[x].is_constant or spans[y].first != step or spans[x].last != step:
            continue
        gap = row_gap(draft.kernel.contract, draft.call.params, *_offsets(draft.call))
        if gap < max(t.nbytes for n, t in graph.tensors.items() if sharing.root(n) == y):
            found[y, x] = gap
    return found


def _roots(draft: Draft, sharing: Sharing) -> tuple[str, str] | None:
    """The buffers of y and x, unless there are more or they are one."""
    reads, writes = draft.reads(), draft.writes()
    if set(reads) != {"x"} or set(writes) != {"y"}:
        return None
    y, x = sharing.root(writes["y"]), sharing.root(reads["x"])
    return None if x == y else (y, x)


def _offsets(call: Call) -> tuple[int, int]:
    """Where x and y begin in their buffers, elements."""
    x, y = call.args["x"], call.args["y"]
    assert isinstance(x, View)
    assert isinstance(y, View)
    return x.offset, y.offset
