"""Make a float graph ready for the quantizer."""

from __future__ import annotations

from edgeq.errors import UsageError
from edgeq.ir import Graph
from edgeq.ir.spec import check
from edgeq.passes.fold_constants import fold_constants
from edgeq.passes.fold_pad import fold_pad
from edgeq.passes.fuse_activation import fuse_activation
from edgeq.passes.remove_dead import remove_dead

ORDER = (fold_constants, fold_pad, fuse_activation, remove_dead)


def prepare_float(graph: Graph) -> Graph:
    """The float graph that is calibrated: constants known, borders and clamps in their layers.

    Raises:
        UsageError: its activations are on scales already.
        Problems: it is not well-formed.
    """
    check(graph, "loaded")
    for apply in ORDER:
        graph = apply(graph)
        check(graph, "loaded")
    if not is_float(graph):
        raise UsageError("its activations are integers already", where=graph.name,
                         why="floats can be quantized", fix="give the float model")  # fmt: skip
    return graph


def is_float(graph: Graph) -> bool:
    """Whether no computed tensor is on a scale (constants may be: they stand for reals)."""
    return all(t.quant is None or t.is_constant for t in fold_constants(graph).tensors.values())
