"""Keeps dead channels within what integers can hold, before weights are quantized.

A trained network may hold channels that relu always cuts off, with biases or weights that are
enormous beside the output's range; on the output's scale they leave int32.  What no output can
tell apart is brought closer:

- weights and bias of a channel are scaled down together until no sum of products exceeds
  2^28 output steps.  That moves outputs only where the channel's sum is less than 2^-20 of the
  sum of its absolute products, which float32 does not resolve either;
- a bias that saturates the output for every input becomes the smallest that still does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edgeq.ir import DType, Graph, Node, QuantParams, Tensor
from edgeq.ops.common import RANGES

LARGEST_SUM = 2.0**28  # steps of the output: three of them stay below 2^31

Array = NDArray[np.float64]


def limited(
    graph: Graph, node: Node, axis: int, params: Mapping[str, QuantParams],
    kinds: Mapping[str, DType],
) -> Graph:  # fmt: skip
    """The float graph with the channels of one layer, along `axis` of its weights, in reach."""
    x, y = node.inputs[0], node.outputs[0]
    weights = graph.tensors[node.inputs[1]]
    rows = np.moveaxis(np.asarray(weights.data, np.float64), axis, 0)
    step = float(params[y].scale[0])
    products = np.abs(rows).reshape(len(rows), -1).sum(axis=1) * _largest(params[x], kinds[x])
    factors = LARGEST_SUM * step / np.maximum(products, LARGEST_SUM * step)
    lowest, highest = RANGES[kinds[y]]
    reach = 2 * (products * factors + (highest - lowest) * step)
    along = [1] * len(weights.shape)
    along[axis] = -1
    graph = _changed(graph, node, 1, np.asarray(weights.data) * factors.reshape(along))
    if not (node.inputs[2:] and node.inputs[2]):
        return graph
    bias = graph.tensors[node.inputs[2]]
    scaled = np.asarray(bias.data, np.float64).reshape(-1) * factors
    return _changed(graph, node, 2, np.clip(scaled, -reach, reach).reshape(bias.shape))


def _largest(params: QuantParams, kind: DType) -> float:
    """The largest absolute value that integers of `kind` stand for."""
    lowest, highest = RANGES[kind]
    return float(params.scale[0]) * max(highest - params.zero_point, params.zero_point - lowest)


def _changed(graph: Graph, node: Node, index: int, values: Array) -> Graph:
    """The graph where that input of the node is a constant of its own with other values."""
    tensor = graph.tensors[node.inputs[index]]
    data = values.astype(np.float32)
    if np.array_equal(data, np.asarray(tensor.data)):
        return graph
    new = Tensor(f"{node.name}.limited.{index}", tensor.shape, DType.FLOAT32, None, data)
    current = next(n for n in graph.nodes if n.name == node.name)
    inputs = tuple(new.name if i == index else t for i, t in enumerate(current.inputs))
    added = replace(graph, tensors={**graph.tensors, new.name: new})
    return added.replace_nodes({node.name: replace(current, inputs=inputs)})
