"""Drop what no output needs."""

from __future__ import annotations

from edgeq.ir import Graph


def remove_dead(graph: Graph) -> Graph:
    """Remove every node that no output depends on, and the tensors that then nothing names.

    Inputs of the graph stay, used or not: they are its face.
    """
    needed = set(graph.outputs)
    dead = []
    for node in reversed(graph.nodes):
        if needed.isdisjoint(node.outputs):
            dead.append(node.name)
        else:
            needed.update(node.inputs)
    return graph.replace_nodes(dict.fromkeys(dead))
