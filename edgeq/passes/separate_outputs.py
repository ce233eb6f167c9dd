"""Give every output of the graph memory that nothing else is."""

from __future__ import annotations

from dataclasses import replace

from edgeq.errors import EdgeqError
from edgeq.ir import Attr, Graph, Node, Tensor
from edgeq.numerics.profile import Profile
from edgeq.ops.base import Alias, lower_node


def separate_outputs(graph: Graph) -> Graph:
    """Copy what would be an output and at the same time an input, a constant or another output.

    Applies also where operators without code (reshape) lie between the two.  An output that a
    node makes keeps its name, the others get a new one: NAME/output.  Callers may then hand in
    a buffer of their own for each.  Last in the order: other passes may make such outputs.

    Before   x -> reshape -> y;  outputs y, x, c
    After    x -> reshape -> y/shared -> copy -> y;  x -> copy -> x/output;  c -> copy -> c/output
    """
    for index, name in enumerate(graph.outputs):
        taken = {*graph.inputs, *(_memory_of(graph, t) for t in graph.outputs[:index])}
        memory = _memory_of(graph, name)
        if memory in taken or graph.tensors[memory].is_constant:
            graph = _copied(graph, index)
    return graph


def _memory_of(graph: Graph, name: str) -> str:
    """The tensor whose bytes `name` is: itself, or where a chain of aliases begins."""
    node = graph.producer(name)
    while node is not None and (source := _alias_of(graph, node)) is not None:
        name, node = source, graph.producer(source)
    return name


def _alias_of(graph: Graph, node: Node) -> str | None:
    """The tensor that `node` passes on without code; None when it makes another."""
    try:
        lowered = lower_node(graph, node, Profile.TFLM)  # what is an alias, is one in all
    except EdgeqError:
        return None  # the plan tells, together with all other problems
    return lowered.source if isinstance(lowered, Alias) else None


def _copied(graph: Graph, index: int) -> Graph:
    """The graph with output `index` made by a copy."""
    name = graph.outputs[index]
    old = graph.tensors[name]
    keeps_name = graph.producer(name) is not None and name not in graph.outputs[:index]
    other = _free(f"{name}/{'shared' if keeps_name else 'output'}", graph)
    source, target = (other, name) if keeps_name else (name, other)
    nodes = graph.nodes
    if keeps_name:
        nodes = tuple(_renamed(node, name, other) for node in nodes)
    added = replace(old, name=other, data=None)
    outputs = (*graph.outputs[:index], target, *graph.outputs[index + 1 :])
    file_index = dict(graph.file_index)
    if name in file_index:
        file_index[other] = file_index[name]
    return replace(
        graph, tensors={**graph.tensors, other: added}, outputs=outputs,
        nodes=(*nodes, _copy(index, added, source, target)), file_index=file_index,
    )  # fmt: skip


def _copy(index: int, tensor: Tensor, source: str, target: str) -> Node:
    rank = len(tensor.shape)
    attrs: dict[str, Attr] = {
        "begin": (0,) * rank, "size": tensor.shape, "strides": (1,) * rank, "copy": True,
    }  # fmt: skip
    return Node(f"copy_output_{index}", "strided_slice", (source,), (target,), attrs)


def _renamed(node: Node, name: str, new: str) -> Node:
    inputs = tuple(new if t == name else t for t in node.inputs)
    return replace(
        node, inputs=inputs, outputs=tuple(new if t == name else t for t in node.outputs)
    )


def _free(name: str, graph: Graph) -> str:
    while name in graph.tensors:
        name += "_"
    return name
