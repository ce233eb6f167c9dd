"""Bias correction: rounding weights shifts the mean of every output; the bias takes it back.

With dW = Wq - W the mean of a layer's output moves by E[dW x] = dW E[x], a convolution of dW
with the mean input image, of which the mean over all places is taken off the bias.  The mean
image streams from the calibration data (the empirical form).

Source: M. Nagel, M. van Baalen, T. Blankevoort, M. Welling, "Data-Free Quantization Through
Weight Equalization and Bias Correction", ICCV 2019, arXiv:1906.04721, section 4.2 and
appendix D.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from edgeq.ir import Graph, Node
from edgeq.ops.base import all_ops
from edgeq.quantize.apply import (
    Adjustments,
    Floats,
    Prepared,
    constant,
    is_mac,
    mac_tensors,
)
from edgeq.quantize.calibrate import collect
from edgeq.quantize.options import Options
from edgeq.quantize.parameters import to_integers, to_reals
from edgeq.quantize.samples import Samples


class Means:
    """The mean over all samples of what each layer reads."""

    def __init__(self, graph: Graph) -> None:
        nodes = (n for n in graph.nodes if is_mac(graph, n))
        self.sums = {n.inputs[0]: np.zeros(graph.tensors[n.inputs[0]].shape) for n in nodes}
        self.counts = dict.fromkeys(self.sums, 0)

    def see(self, name: str, values: NDArray[np.float32]) -> None:
        if name in self.sums:
            shape = self.sums[name].shape
            samples = values.reshape(-1, *shape)
            self.sums[name] += samples.sum(axis=0, dtype=np.float64)
            self.counts[name] += len(samples)

    def merge(self, other: Self) -> None:
        for name, value in other.sums.items():
            self.sums[name] += value
            self.counts[name] += other.counts[name]

    def of(self, name: str) -> Floats:
        """The mean of the tensor `name`, in its own shape."""
        return (self.sums[name] / max(self.counts[name], 1)).astype(np.float32)


class _MakeMeans:
    """Makes empty `Means`, in whatever process it is called."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def __call__(self) -> Means:
        return Means(self.graph)


def improve(
    prepared: Prepared, samples: Samples, options: Options, adjust: Adjustments
) -> Adjustments:
    """Biases of all layers, corrected; weights stay.

    Layers whose bias an earlier method chose, which has seen to their means, are left alone.
    """
    graph = prepared.graph
    means = collect(graph, samples, _MakeMeans(graph), jobs=options.jobs,
                    progress=options.progress)  # fmt: skip
    biases = {
        node.name: _bias(prepared, node) - shift(prepared, node, adjust, means)
        for node in prepared.mac_nodes() if node.name not in adjust.biases
    }  # fmt: skip
    return replace(adjust, biases={**adjust.biases, **biases})


def _bias(prepared: Prepared, node: Node) -> Floats:
    bias = mac_tensors(prepared.graph, node)[2]
    return np.zeros(1, np.float32) if bias is None else bias


def shift(prepared: Prepared, node: Node, adjust: Adjustments, means: Means) -> Floats:
    """E[dW x] of a layer, averaged over places: (O,)."""
    x, w, _ = mac_tensors(prepared.graph, node)
    weights = constant(w)
    params = adjust.params.get(node.name) or prepared.weight_params(node)
    integers = adjust.weights.get(node.name)
    if integers is None:
        integers = to_integers(weights, params, prepared.schemes.of(node.name).weight)
    error = to_reals(integers, params) - weights
    plain = replace(node, attrs={**node.attrs, "activation": "none"})
    (moved,) = all_ops()[node.op].reference(plain, (means.of(x.name), error, None))
    return np.asarray(moved.reshape(-1, moved.shape[-1]).mean(axis=0), np.float32)
