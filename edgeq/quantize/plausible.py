"""Whether the data looks like what the model was trained on: pixels 0..255 or fractions 0..1.

A trained first layer balances its biases against its products: over trained networks the
median of |bias| / deviation of the products lies between 0.1 and 2.  Pixels 0..255 at a model of
[0, 1] make the products 255 times as large, fractions at a model of pixels as much smaller.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edgeq.ir import Graph, Node
from edgeq.quantize.apply import WEIGHT_AXIS
from edgeq.quantize.samples import Samples
from edgeq.reference.float import FloatModel

LOOKED_AT = 8  # samples
LARGEST_PIXEL, SMALLEST_PIXEL_MAX = 255, 16
BALANCE = (0.02, 50.0)
MOVES = frozenset({"pad", "reshape", "transpose", "quantize"})


def doubt(graph: Graph, samples: Samples) -> str:
    """Why the data may be in another range than the model's; "" when nothing suggests so.

    Looked at are the first samples of models of one input whose first layer reads it as it is.
    """
    if len(graph.inputs) != 1 or (layer := _first_layer(graph)) is None:
        return ""
    name = graph.inputs[0]
    x = next(samples.batches(0, min(LOOKED_AT, len(samples)), LOOKED_AT))[name]
    low, high = float(x.min(initial=0)), float(x.max(initial=0))
    said = f"the data of {name} ranges from {low:g} to {high:g}"
    if not np.isfinite(x).all():
        return ""  # refused later, by name
    balance = _balance(graph, layer, x)
    if _are_pixels(x) and (balance is None or balance < BALANCE[0]):
        return f"{said}, in integers: the model may expect pixels scaled to 0..1 or -1..1"
    if balance is not None and balance > BALANCE[1] and max(-low, high) <= 1:
        return f"{said}: the model may expect a larger range, such as pixels 0..255"
    return ""


def _are_pixels(x: NDArray[np.float32]) -> bool:
    within = x.min(initial=0) >= 0 and SMALLEST_PIXEL_MAX < x.max(initial=0) <= LARGEST_PIXEL
    return bool(within and np.array_equal(x, np.round(x)))


def _first_layer(graph: Graph) -> Node | None:
    """The layer with weights that reads the input, moved at most; None when others do."""
    name = graph.inputs[0]
    while len(users := graph.users(name)) == 1:
        (user,) = users
        if user.op in WEIGHT_AXIS:
            return user
        if user.op not in MOVES:
            return None
        name = user.outputs[0]
    return None


def _balance(graph: Graph, layer: Node, x: NDArray[np.float32]) -> float | None:
    """The median over channels of |bias| / deviation of the products; None without biases."""
    bias = graph.tensors[layer.inputs[2]].data if layer.inputs[2:] and layer.inputs[2] else None
    if bias is None or not bias.any():
        return None
    end = graph.nodes.index(layer)
    attrs = {**layer.attrs, "activation": "none"}
    nodes = (*graph.nodes[:end], replace(layer, attrs=attrs))
    first = replace(graph, nodes=nodes, outputs=layer.outputs)
    with np.errstate(over="ignore", invalid="ignore"):
        y = FloatModel(first).run({graph.inputs[0]: x})[layer.outputs[0]]
        deviation = y.reshape(-1, y.shape[-1]).std(axis=0, dtype=np.float64)
    used = np.isfinite(deviation) & (deviation > 0)
    if not used.any():
        return None
    return float(np.median(np.abs(bias.reshape(-1)[used]) / deviation[used]))
