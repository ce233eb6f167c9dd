"""Graph to graph, one file per pass, each exact: the graph's outputs keep every byte.

`prepare` is their order, on the way from a file's graph to one that can be compiled.
"""

from __future__ import annotations

from collections.abc import Callable

from edgeq.ir import Graph
from edgeq.ir.spec import check
from edgeq.passes.float_io import float_io
from edgeq.passes.fold_constants import fold_constants
from edgeq.passes.fold_pad import fold_pad
from edgeq.passes.fold_quantize import fold_quantize
from edgeq.passes.legacy_uint8 import legacy_uint8
from edgeq.passes.remove_dead import remove_dead
from edgeq.passes.separate_outputs import separate_outputs

ORDER: tuple[Callable[[Graph], Graph], ...] = (
    fold_constants,
    legacy_uint8,
    fold_quantize,
    fold_pad,
    remove_dead,
    separate_outputs,
)


def prepare(graph: Graph, io_dtype: str = "") -> Graph:
    """The integer graph that the plan takes.

    Args:
        graph: as loaded or quantized.
        io_dtype: "float32" makes the inputs and outputs floats; "" leaves them.

    Raises:
        Problems: every reason why it cannot be compiled.
        UsageError: an `io_dtype` that does not exist.
    """
    check(graph, "loaded")
    graph = float_io(graph, io_dtype)
    for apply in ORDER:
        graph = apply(graph)
        check(graph, "loaded")
    check(graph, "integer")
    return graph
