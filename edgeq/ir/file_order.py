"""Inputs and outputs whose dimensions come in another order than in the model's file.

A file may have images as (N, C, H, W); a graph has them as (N, H, W, C), so that nothing is
transposed on the device.  The order is kept in the graph's notes, where people see it and
tools that hold data in the file's order find it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from edgeq.ir.graph import Graph, Shape

PREFIX = "file order of "
"""Of the key in `Graph.notes`; the tensor's name follows."""


def with_file_orders(graph: Graph, orders: Mapping[str, Shape]) -> Graph:
    """`graph`, noting for tensors by name that dimension i is dimension order[i] of the file."""
    notes = {PREFIX + name: " ".join(map(str, order)) for name, order in orders.items()}
    return replace(graph, notes={**graph.notes, **notes})


def file_orders(graph: Graph) -> dict[str, Shape]:
    """The orders that are noted, by name: `array_of_file.transpose(order)` fits the graph."""
    found = {}
    for name in (*graph.inputs, *graph.outputs):
        digits = graph.notes.get(PREFIX + name, "").split()
        order = tuple(int(d) for d in digits if d.isdigit())
        if digits and sorted(order) == list(range(len(graph.tensors[name].shape))):
            found[name] = order
    return found
