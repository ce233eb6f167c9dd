"""ONNX models: a file becomes a Graph, or a list of every reason why not.

What the file says of shapes is worked out again, node by node, by the onnx package; images
come out channels last, batch normalization folded, and quantized models as integers.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from edgeq.errors import UsageError
from edgeq.frontends.onnx_file import OnnxFile, input_shapes, parse
from edgeq.frontends.onnx_graph import Translation
from edgeq.frontends.onnx_integer import integer
from edgeq.frontends.onnx_layout import Order, channels_last
from edgeq.frontends.onnx_tidy import tidy
from edgeq.frontends.shapes import Given, by_name
from edgeq.ir import Graph
from edgeq.ir.file_order import with_file_orders

ONE_DIMENSION = 3
"""Dimensions of an image of one: (N, C, W)."""


def read_onnx(
    data: bytes, name: str = "model", *, folder: Path | None = None, batch: int | None = None,
    input_shape: Given = None,
) -> Graph:  # fmt: skip
    """The graph of an .onnx file's bytes.

    An image input (N, C, H, W) becomes (N, H, W, C) where the model convolves it, as do such
    outputs; `edgeq.ir.file_order.file_orders` tells which.

    Args:
        data: the file; kept in the graph.
        name: of the graph.
        folder: where its external data lies; None when it may have none.
        batch: what an open first dimension is; None reads it as 1.
        input_shape: every dimension in the file's order, where the file leaves some open: by
            input, or of the only one.

    Raises:
        ModelError: the file is damaged, no ONNX model, or of a version that is not supported.
        Problems: every reason why the model cannot be read.
        UsageError: `input_shape` does not fit the model's inputs.
    """
    file = parse(data, folder)
    with np.errstate(over="ignore", invalid="ignore"):  # of a file's constants, whatever they are
        graph = integer(tidy(_translated(file, input_shape, batch)))
    return replace(graph, name=name, source=data)


def _translated(file: OnnxFile, given: Given, batch: int | None) -> Graph:
    """The graph, its inputs lying as their readers want them."""
    constants = {c.name for c in file.model.graph.initializer}
    inputs = [i for i in file.model.graph.input if i.name not in constants]
    shapes = by_name(given, [i.name for i in inputs])
    found, problems = input_shapes(inputs, shapes, batch)
    if batch is not None and found and not any(s[:1] == (batch,) for s in found.values()):
        raise UsageError(f"no input can have a batch of {batch}")
    orders: dict[str, Order] = {}
    while True:
        translation = Translation(file, found, orders, list(problems))
        graph = translation.read()
        wishes = translation.build.wishes.items()
        new = {n: o for n, o in wishes if n not in orders and _for_images(o)}
        if not new:
            return with_file_orders(graph, orders)
        orders |= new


def _for_images(order: Order) -> bool:
    return len(order) >= ONE_DIMENSION and order == channels_last(len(order))
