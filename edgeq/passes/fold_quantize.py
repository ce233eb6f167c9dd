"""Drop conversions that convert nothing."""

from __future__ import annotations

from dataclasses import replace

from edgeq.ir import Graph, Node


def fold_quantize(graph: Graph) -> Graph:
    """Remove quantize nodes between tensors of one type, scale and zero point.

    Rescaling by exactly 1 gives the same integer under every rounding.  A result that is an
    output of the graph keeps its node.

    Before   x -> quantize -> t -> conv_2d -> y, with x and t quantized alike
    After    x -> conv_2d -> y
    """
    same: dict[str, str] = {}
    for node in graph.nodes:
        if node.op == "quantize" and _converts_nothing(graph, node):
            same[node.outputs[0]] = same.get(node.inputs[0], node.inputs[0])
    changes: dict[str, Node | None] = {
        node.name: None if node.outputs[0] in same else _reading(node, same)
        for node in graph.nodes
        if not same.keys().isdisjoint((*node.inputs, *node.outputs))
    }
    return graph.replace_nodes(changes) if same else graph


def _converts_nothing(graph: Graph, node: Node) -> bool:
    (x,), (y,) = graph.inputs_of(node), graph.outputs_of(node)
    if x is None or y.name in graph.outputs:
        return False
    return x.quant is not None and (x.dtype, x.quant) == (y.dtype, y.quant)


def _reading(node: Node, same: dict[str, str]) -> Node:
    return replace(node, inputs=tuple(same.get(name, name) for name in node.inputs))
