"""edgeq's own files: a stored graph, its operators and shapes checked as a stranger's are."""

from __future__ import annotations

from collections.abc import Iterator

from edgeq.errors import EdgeqError, GraphError, Problems
from edgeq.ir import Graph, Node, Shape
from edgeq.ir.store import from_bytes
from edgeq.ir.text import show
from edgeq.ops.base import all_ops

NONSENSE = (KeyError, TypeError, ValueError, IndexError, ZeroDivisionError, OverflowError)
"""What an operator raises on attributes that no front end would have given it."""


def read_edgeq(data: bytes) -> Graph:
    """The graph of a .edgeq file's bytes.

    Raises:
        ModelError: the file is damaged.
        Problems: the graph is not well-formed, or operators do not make the shapes it says.
    """
    graph = from_bytes(data)
    problems = list(_problems(graph))
    if problems:
        raise Problems("the graph cannot be read", problems)
    return graph


def _problems(graph: Graph) -> Iterator[EdgeqError]:
    for node in graph.nodes:
        if node.op not in all_ops():
            yield GraphError(f"operator {show(node.op)} is not known", where=show(node.name))
            continue
        try:
            shapes = _inferred(graph, node)
        except EdgeqError as error:
            yield error
            continue
        declared = tuple(t.shape for t in graph.outputs_of(node))
        if shapes != declared:
            yield GraphError(f"outputs are {shapes}, stored as {declared}", where=show(node.name))


def _inferred(graph: Graph, node: Node) -> tuple[Shape, ...]:
    try:
        return all_ops()[node.op].infer(node, graph.inputs_of(node))
    except NONSENSE:
        raise GraphError(
            f"its attributes or inputs are not those of {node.op}", where=show(node.name)
        ) from None
