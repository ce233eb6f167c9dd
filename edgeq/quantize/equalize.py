"""Cross-layer equalization: give the channels between two layers weights of like ranges.

relu(s x) = s relu(x) for s > 0, so channel i of a layer's output may be divided by s_i, and the
next layer's weights for it multiplied.  With r1 the range of the channel's weights in the
first layer and r2 in the second, s = sqrt(r1 r2) / r2 makes both sqrt(r1 r2), which spends the
levels of both weight tensors best.  Pairs are taken again and again until nothing moves.
Pairs with relu6 between them stay as they are: its clip at 6 is of no scale but one.

The paper's factors look at weights alone.  Trained networks hold channels whose weights decayed
to 1e-30 while their biases did not; such a constant, divided by its factor, would be all that
the layer's per-tensor scale can hold.  Hence two rules of ours: channels below DEAD are left
alone, and a bias beyond CONSTANT times what is usual in its layer counts as the channel's range.

Source: M. Nagel, M. van Baalen, T. Blankevoort, M. Welling, "Data-Free Quantization Through
Weight Equalization and Bias Correction", ICCV 2019, arXiv:1906.04721, section 4.1.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edgeq.ir import Graph, Node, Tensor
from edgeq.quantize.apply import WEIGHT_AXIS, constant, is_mac

ROUNDS = 40
CONVERGED = 1e-3  # the largest change of a channel's factor, as a share
DEAD = 2.0**-24  # of a tensor's largest weight: a channel below it adds nothing in float32
CONSTANT = 16  # times the median of |bias| / r1: beyond, a channel is its bias
HOMOGENEOUS = ("none", "relu")

Array = NDArray[np.float64]
Values = dict[str, Array]


def rewrite(graph: Graph) -> Graph:
    """The same function with equalized weights: a float graph for a float graph."""
    pairs = _pairs(graph)
    used = {t for pair in pairs for node in pair for t in node.inputs[1:] if t}
    values = {t: constant(graph.tensors[t]).astype(np.float64) for t in sorted(used)}
    for _ in range(ROUNDS):
        moved = [_equalize(first, second, values) for first, second in pairs]
        if max(moved, default=0.0) < CONVERGED:
            break
    changed = {t: _with_data(graph.tensors[t], v) for t, v in values.items()}
    return replace(graph, tensors={**graph.tensors, **changed})


def _with_data(tensor: Tensor, values: Array) -> Tensor:
    return replace(tensor, data=values.astype(np.float32))


def _pairs(graph: Graph) -> list[tuple[Node, Node]]:
    """Layers whose output only the next layer reads, and whose constants are theirs alone."""
    pairs = []
    for first in graph.nodes:
        users = graph.users(first.outputs[0])
        if len(users) != 1 or first.outputs[0] in graph.outputs:
            continue
        (second,) = users
        layers = all(_own_constants(graph, node) for node in (first, second))
        if layers and _passes_scales(graph, first, second):
            pairs.append((first, second))
    return pairs


def _own_constants(graph: Graph, node: Node) -> bool:
    return is_mac(graph, node) and all(
        graph.tensors[t].is_constant and len(graph.users(t)) == 1 for t in node.inputs[1:] if t
    )


def _passes_scales(graph: Graph, first: Node, second: Node) -> bool:
    """Whether channels of the first layer's output are inputs of the second's weights."""
    if first.attrs.get("activation") not in HOMOGENEOUS or second.inputs[0] != first.outputs[0]:
        return False
    channels, inputs = (graph.tensors[n.inputs[1]].shape[-1] for n in (first, second))
    if second.op == "depthwise_conv_2d":
        return first.op != "conv_transpose_2d"
    if first.op != "depthwise_conv_2d":
        channels = graph.tensors[first.inputs[1]].shape[0]
    return second.op in ("conv_2d", "fully_connected") and channels == inputs


def _equalize(first: Node, second: Node, values: Values) -> float:
    """Equalize one pair, in place; returns the largest change of a factor."""
    w1 = np.moveaxis(values[first.inputs[1]], WEIGHT_AXIS[first.op], -1)
    w2 = values[second.inputs[1]]
    channels = w1.shape[-1]
    r1 = np.abs(w1).reshape(-1, channels).max(axis=0)
    r2 = np.abs(w2).reshape(-1, channels, w2.shape[-1] // channels).max(axis=(0, 2))
    bias = values[first.inputs[2]] if first.inputs[2:] and first.inputs[2] else np.zeros(channels)
    s = factors(r1, r2, bias.reshape(-1))
    w1 /= s
    w2 *= np.repeat(s, w2.shape[-1] // channels)
    bias /= s
    return float(np.abs(s - 1).max(initial=0.0))


def factors(r1: Array, r2: Array, bias: Array) -> Array:
    """What the channels of a layer's output are divided by, (C,) > 0.

    sqrt(r1 / r2), with r1 raised to |bias| / (CONSTANT * median) where that is more; 1 for a
    channel that is DEAD in either layer.  The ratio |bias| / r1 does not change with factors,
    so that repeating comes to rest.

    r1, r2   ranges of the channels' weights in the two layers, (C,) >= 0
    bias     of the first layer, (C,)
    """
    alive = (r1 > DEAD * r1.max()) & (r2 > DEAD * r2.max())
    said = alive & (bias != 0)
    if said.any():
        r1 = np.maximum(r1, np.abs(bias) / (CONSTANT * np.median(np.abs(bias[said]) / r1[said])))
    return np.sqrt(np.where(alive, r1, 1.0) / np.where(alive, r2, 1.0))
