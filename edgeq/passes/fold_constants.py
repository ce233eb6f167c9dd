"""Compute now what is known now: shapes, integer arithmetic on them, dequantized constants."""

from __future__ import annotations

from dataclasses import replace

from edgeq.ir import Graph
from edgeq.reference.constants import constant_values


def fold_constants(graph: Graph) -> Graph:
    """Replace nodes whose outputs are known by constants of the same names.

    Before   x -> shape -> strided_slice -> pack -> p
    After    p, a constant
    """
    tensors, folded = dict(graph.tensors), []
    for node in graph.nodes:
        inputs = tuple(tensors[name] if name else None for name in node.inputs)
        outputs = tuple(tensors[name] for name in node.outputs)
        values = constant_values(node, inputs, outputs)
        if values is None:
            continue
        folded.append(node.name)
        for tensor, value in zip(outputs, values, strict=True):
            tensors[tensor.name] = replace(tensor, data=value)
    return graph.replace_nodes(dict.fromkeys(folded), tensors)
