"""A graph being changed, node by node."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from edgeq.ir import Graph, Node, Tensor

CHANNEL_AXIS = {"conv_2d": 0, "depthwise_conv_2d": 3, "conv_transpose_2d": 0, "fully_connected": 0}
"""Multiply-accumulates, and which axis of their weights is the output channel."""


@dataclass(slots=True)
class Edit:
    """A graph being changed: nodes by name in order, and who reads each tensor."""

    graph: Graph
    tensors: dict[str, Tensor] = field(init=False)
    nodes: dict[str, Node] = field(init=False)
    makers: dict[str, str] = field(init=False)
    readers: dict[str, list[str]] = field(init=False)

    def __post_init__(self) -> None:
        self.tensors = dict(self.graph.tensors)
        self.nodes = {n.name: n for n in self.graph.nodes}
        self.makers = {t: n.name for n in self.graph.nodes for t in n.outputs}
        self.readers = {}
        for node in self.graph.nodes:
            for name in node.inputs:
                self.readers.setdefault(name, []).append(node.name)

    def only_reader(self, node: Node) -> Node | None:
        """The one node that sees the first output of `node`; None when more or the user do."""
        readers = self.readers.get(node.outputs[0], [])
        if len(readers) != 1 or node.outputs[0] in self.graph.outputs:
            return None
        return self.nodes[readers[0]]

    def maker(self, tensor: str) -> Node | None:
        return self.nodes.get(self.makers.get(tensor, ""))

    def absorb(self, node: Node, reader: Node, changed: Node) -> Node:
        """Let `node` become `changed` with the output of `reader`, which goes."""
        del self.nodes[reader.name]
        merged = replace(changed, outputs=reader.outputs)
        self.nodes[node.name] = merged
        self.makers[reader.outputs[0]] = node.name
        return merged

    def replaced(self, node: Node, new: Node) -> None:
        """Put `new` in the place of `node`, whose name it has."""
        for name in node.inputs:
            self.readers[name].remove(node.name)
        for name in new.inputs:
            self.readers.setdefault(name, []).append(node.name)
        self.nodes[node.name] = new

    def done(self) -> Graph:
        return replace(
            self.graph, nodes=tuple(self.nodes.values()), tensors=self.tensors
        ).replace_nodes({})


def live(graph: Graph) -> Graph:
    """Remove nodes whose results nobody sees."""
    wanted, kept = set(graph.outputs), []
    for node in reversed(graph.nodes):
        if wanted.intersection(node.outputs):
            kept.append(node)
            wanted.update(node.inputs)
    return replace(graph, nodes=tuple(reversed(kept))).replace_nodes({})
