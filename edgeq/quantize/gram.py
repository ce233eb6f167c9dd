"""Layer after layer: what each one reads in the quantized network, and what it should give.

Methods that choose the integers of a layer's weights minimize the error of its output,

    E |Wq xq + bq - (W x + b)|^2 ,

where x is what the layer reads in the float network and xq what it reads when everything
before it is quantized (asymmetric reconstruction: Nagel et al. 2020, section 3.2; He et al.,
"Channel Pruning for Accelerating Very Deep Neural Networks", arXiv:1707.06168).  The best bias
follows from the means, bq = b + W E[x] - Wq E[xq], and what is left depends on second
moments alone, with xq and d = x - xq taken less their means:

    G = E[xq xq^T],  K = E[d xq^T],  T = W + W K (G + lambda)^-1,
    E |...|^2 = tr((Wq - T) G (Wq - T)^T) + what no Wq changes.

T is what real weights would be best; lambda keeps it near W where there are few samples.
The network is walked once, in one process, since what a layer reads depends on how those before
it were rounded: every node is run on all samples in float and quantized, and values are kept as
long as a later node reads them.  Memory is bounded by taking at most as
many samples as fit into MEMORY bytes, spread evenly over the set.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edgeq.ir import DType, Graph, Node, QuantParams, Tensor
from edgeq.quantize.apply import Adjustments, Prepared, constant, integer_node, is_mac, mac_tensors
from edgeq.quantize.blocks import Blocks, Floats, Matrices, blocks_of
from edgeq.quantize.calibrate import batch_size
from edgeq.quantize.moments import Moments
from edgeq.quantize.options import Options
from edgeq.quantize.parameters import (
    LARGEST,
    smallest_scales,
    steps_of,
    to_integers,
    to_reals,
)  # fmt: skip
from edgeq.quantize.samples import Samples, check_finite
from edgeq.reference.float import FloatModel

MEMORY = 512_000_000  # bytes of activations that are kept
ROWS = 1 << 15, 32  # of a layer that its moments are taken from: at least, and per input


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """What a solver is given.

    blocks   how matrices lie
    target   T, (B, R, D)
    gram     G + lambda, (B, D, D)
    steps    what one integer step means for each weight, (B, R, D)
    floor    the smallest scale per output channel, (O,), for the bias' sake
    limit    the largest integer: 7 or 127
    grouped  True when steps are in groups, so that a channel's scale alone says nothing
    start    integers that an earlier method chose, (B, R, D), or None
    """

    node: Node
    blocks: Blocks
    target: Matrices
    gram: Matrices
    steps: Matrices
    floor: NDArray[np.float64]
    limit: int
    grouped: bool
    start: Matrices | None


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """What a solver returns: integers (B, R, D), and scales (O,) where it changed them."""

    integers: Matrices
    scales: NDArray[np.float64] | None = None


Solve = Callable[[Layer], Solution]


Memory = dict[str, Floats]


class Walk:
    """The two networks side by side, node after node."""

    def __init__(self, prepared: Prepared, samples: Samples, options: Options) -> None:
        self.prepared, self.graph = prepared, prepared.graph
        self.rng = np.random.default_rng(options.seed)
        self.real: Memory = _spread(self.graph, samples)
        self.quantized = {n: self._rounded(n, v) for n, v in self.real.items()}
        self.count = len(next(iter(self.real.values())))
        self.step = batch_size(self.graph)

    def moments(self, blocks: Blocks, name: str) -> Moments:
        """Of the rows that a layer reads from the tensor `name`."""
        shape = self.graph.tensors[name].shape
        places, some = blocks.places(shape), None
        wanted = -(-max(ROWS[0], ROWS[1] * blocks.inputs) // self.count)
        found: Moments | None = None
        for i in range(0, self.count, self.step):
            if wanted < places:
                some = np.sort(self.rng.choice(places, wanted, replace=False))
            part = slice(i, i + self.step)
            rows = [blocks.rows(_joined(m[name][part]), some) for m in (self.quantized, self.real)]
            found = found or Moments.of(len(rows[0]), rows[0].shape[2])
            found.add(*rows)
        return found or Moments.of(1, 1)

    def execute(self, node: Node, adjust: Adjustments) -> None:
        """Run `node` on all samples in both networks; quantized values are rounded."""
        integer, constants = integer_node(self.prepared, node, adjust)
        rounded = replace(node, inputs=integer.inputs)  # its attributes are reals here
        tensors = {**self.graph.tensors, **constants}
        for memory, used in ((self.real, node), (self.quantized, rounded)):
            memory |= self._run(replace(self.graph, tensors=tensors, nodes=(used,)), used, memory)
        for name in node.outputs:
            self.quantized[name] = self._rounded(name, self.quantized[name])

    def forget(self, node: Node, last: Mapping[str, int], index: int) -> None:
        """Drop what no later node reads."""
        for name in {t for t in (*node.inputs, *node.outputs) if last.get(t) == index}:
            self.real.pop(name, None)
            self.quantized.pop(name, None)

    def _run(self, graph: Graph, node: Node, memory: Memory) -> Memory:
        inputs = tuple(dict.fromkeys(t for t in node.inputs if t in memory))
        single = replace(graph, inputs=inputs, outputs=node.outputs)
        model, parts = FloatModel(single), []
        for i in range(0, self.count, self.step):
            feed = {t: _fed(memory[t][i : i + self.step], model.batch) for t in inputs}
            parts.append(model.run(feed))
        return {
            t: np.concatenate([p[t].reshape(-1, *graph.tensors[t].shape) for p in parts])
            for t in node.outputs
        }

    def _rounded(self, name: str, values: Floats) -> Floats:
        params = self.prepared.params.get(name)
        if params is None:
            return values
        out = np.empty_like(values)
        for i, sample in enumerate(values):
            out[i] = to_reals(to_integers(sample, params, self.prepared.kinds[name]), params)
        return out


def reconstruct(
    prepared: Prepared, samples: Samples, options: Options, adjust: Adjustments, solve: Solve
) -> Adjustments:
    """Choose the integers of every layer with `solve`, in execution order."""
    walk, graph = Walk(prepared, samples, options), prepared.graph
    last = {t: i for i, n in enumerate(graph.nodes) for t in (*n.inputs, *n.outputs)}
    for index, node in enumerate(graph.nodes):
        if is_mac(graph, node):
            adjust = _solved(walk, node, adjust, solve)
        walk.execute(node, adjust)
        walk.forget(node, last, index)
    return adjust


def _solved(walk: Walk, node: Node, adjust: Adjustments, solve: Solve) -> Adjustments:
    """`adjust` with the integers, the bias and the scales of one layer."""
    x, w, bias = mac_tensors(walk.graph, node)
    blocks = blocks_of(node, w.shape, x.shape)
    moments = walk.moments(blocks, x.name)
    weights = blocks.split(constant(w).astype(np.float64))
    params = adjust.params.get(node.name) or walk.prepared.weight_params(node)
    found = solve(_layer(walk, node, blocks, moments.best(weights), adjust))
    if found.scales is not None:
        params = replace(params, scale=found.scales.astype(np.float32).astype(np.float64))
    quantized = found.integers * _steps(params, w, blocks)
    shift = blocks.per_output(moments.shift(weights, quantized))
    old = np.zeros(blocks.outputs) if bias is None else bias
    return Adjustments(
        {**adjust.weights, node.name: blocks.join(found.integers).astype(np.int64)},
        {**adjust.biases, node.name: (old + shift).astype(np.float32)},
        {**adjust.params, node.name: params},
    )


def _layer(
    walk: Walk, node: Node, blocks: Blocks, best: tuple[Matrices, Matrices], adjust: Adjustments
) -> Layer:
    x, w, bias = mac_tensors(walk.graph, node)
    target, gram = best
    params = adjust.params.get(node.name) or walk.prepared.weight_params(node)
    start = adjust.weights.get(node.name)
    x_scale = float(walk.prepared.params[x.name].scale[0])
    return Layer(
        node, blocks, target, gram,
        steps=_steps(params, w, blocks),
        floor=smallest_scales(blocks.outputs, bias, x_scale),
        limit=LARGEST[walk.prepared.schemes.of(node.name).weight],
        grouped=params.group_factors is not None,
        start=None if start is None else blocks.split(start.astype(np.float64)),
    )  # fmt: skip


def _steps(params: QuantParams, weights: Tensor, blocks: Blocks) -> Matrices:
    """(B, R, D); 1 where blocks are padded, so that their weights of zero stay zero."""
    steps = np.broadcast_to(steps_of(params, weights.shape), weights.shape)
    split = blocks.split(steps)
    return np.where(split > 0, split, 1.0)


def _joined(values: Floats) -> Floats:
    """(samples, B, ...) as (samples * B, ...)."""
    return values.reshape(-1, *values.shape[2:]) if values.ndim > 1 else values


def _fed(values: Floats, batch: int) -> Floats:
    """Samples as `FloatModel` wants them: joined where the first dimension is the batch."""
    return _joined(values) if values.ndim > 1 and values.shape[1] == batch else values


def _spread(graph: Graph, samples: Samples) -> Memory:
    """As many samples as fit, evenly from the set: input name -> (samples, *shape)."""
    count = min(len(samples), max(1, MEMORY // _kept_bytes(graph)))
    chosen = [len(samples) * i // count for i in range(count)]
    rows: dict[str, list[Floats]] = {name: [] for name in graph.inputs}
    for i in chosen:
        (batch,) = samples.batches(i, i + 1, 1)
        check_finite(batch, i)
        for name in graph.inputs:
            rows[name].append(batch[name].reshape(graph.tensors[name].shape))
    return {name: np.stack(found) for name, found in rows.items()}


def _kept_bytes(graph: Graph) -> int:
    """Bytes of the activations that one sample keeps at the widest place, in both networks."""
    last = {t: i for i, n in enumerate(graph.nodes) for t in n.inputs}
    born = {t: i for i, n in enumerate(graph.nodes) for t in n.outputs}
    widest = 1
    for i in range(len(graph.nodes)):
        alive = [t for t in {*graph.inputs, *born} if born.get(t, -1) <= i <= last.get(t, -1)]
        widest = max(widest, sum(graph.tensors[t].size for t in alive))
    return 2 * DType.FLOAT32.bytes * widest
