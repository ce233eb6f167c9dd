"""The float interpreter: what a graph means in real numbers, on many samples at once.

Integer graphs are run too: constants stand for the reals on their scales, and activations
are not rounded, but clamped to what their integers can hold: many models have no other relu.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import UsageError
from edgeq.ir import DType, Graph, Node, QuantParams, Shape, Tensor
from edgeq.ops.base import Floats, all_ops
from edgeq.ops.common import RANGES
from edgeq.reference.batching import WEIGHTED, keeps_apart, over_samples
from edgeq.reference.constants import dequantized

Array: TypeAlias = NDArray[Any]
Memory: TypeAlias = dict[str, Array]
"""By tensor name: (samples, *shape), one sample being what the graph declares."""

INTEGERS = (DType.INT32, DType.INT64)


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """A node in terms of reals.

    constants   its constant inputs by name
    whole       whether it takes all samples in one call
    """

    node: Node
    constants: Memory
    whole: bool


@dataclass(frozen=True, eq=False)
class FloatModel:
    """A graph to be run in float32: inputs and outputs by tensor name.

    An array of a tensor that the graph declares as (B, ...), B being the batch of its first
    input, is (samples * B, ...); of every other tensor it is (samples, *shape).
    """

    graph: Graph

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Floats]:
        """The outputs for real `inputs`.

        Raises:
            UsageError: an input is missing, or its shape does not fit.
        """
        wanted = set(self.graph.outputs)
        found = {name: value for name, value in self.trace(inputs) if name in wanted}
        tensors = self.graph.tensors
        found |= {n: _real(tensors[n]) for n in wanted if tensors[n].is_constant}
        return {name: found[name] for name in self.graph.outputs}

    def trace(self, inputs: Mapping[str, Array]) -> Iterator[tuple[str, Floats]]:
        """Every input and computed tensor with its value, in execution order.

        A value is forgotten after its last use: memory is what the widest place needs.
        """
        memory = self._inputs(inputs)
        samples = len(next(iter(memory.values()))) if memory else 1
        for name in self.graph.inputs:
            yield name, self._joined(name, memory[name])
        last = {t: i for i, n in enumerate(self.graph.nodes) for t in (*n.inputs, *n.outputs)}
        for i, step in enumerate(self._steps):
            memory |= self._execute(step, memory, samples)
            for name in step.node.outputs:
                yield name, self._joined(name, memory[name])
            for name in {t for t in (*step.node.inputs, *step.node.outputs) if last[t] == i}:
                memory.pop(name, None)

    @property
    def batch(self) -> int:
        """The batch that the graph declares: the first dimension of its first input."""
        shape = self.graph.tensors[self.graph.inputs[0]].shape if self.graph.inputs else ()
        return shape[0] if shape else 1

    @cached_property
    def _steps(self) -> tuple[Step, ...]:
        return tuple(
            Step(_in_reals(self.graph, node), _constants(self.graph, node),
                 keeps_apart(self.graph, node, self.batch))
            for node in self.graph.nodes
        )  # fmt: skip

    def _inputs(self, inputs: Mapping[str, Array]) -> Memory:
        memory: Memory = {}
        for name in self.graph.inputs:
            if name not in inputs:
                raise UsageError(f"input {name} is missing", fix=f"give {self.graph.inputs}")
            shape = self.graph.tensors[name].shape
            value = np.asarray(inputs[name], np.float32)
            per_sample = self.batch if self._runs_along(shape) else 1
            rest = shape[1:] if self._runs_along(shape) else shape
            if value.shape[1:] != rest or not value.ndim or len(value) % per_sample:
                raise UsageError(
                    f"input {name} has shape {value.shape}",
                    why=f"one sample of it is {shape}, and samples lie along the first dimension",
                )
            memory[name] = value.reshape(len(value) // per_sample, *shape)
        if len({len(value) for value in memory.values()}) > 1:
            raise UsageError("the inputs have different numbers of samples")
        return memory

    def _runs_along(self, shape: Shape) -> bool:
        return shape[:1] == (self.batch,)

    def _joined(self, name: str, value: Array) -> Array:
        """All samples of a tensor, along its own first dimension where that is the batch."""
        shape = self.graph.tensors[name].shape
        if not self._runs_along(shape):
            return value
        return value.reshape(len(value) * self.batch, *shape[1:])

    def _execute(self, step: Step, memory: Memory, samples: int) -> Memory:
        """The outputs of one node for every sample."""
        node, reference = step.node, all_ops()[step.node.op].reference
        shapes = [self.graph.tensors[t].shape for t in node.outputs]
        if step.whole:
            taken = [self._joined(t, memory[t]) if t in memory else step.constants.get(t)
                     for t in node.inputs]  # fmt: skip
            results = reference(over_samples(node, samples * self.batch, shapes[0]), tuple(taken))
        else:
            singles = [
                reference(node, tuple(memory[t][i] if t in memory else step.constants.get(t)
                                      for t in node.inputs))
                for i in range(samples)
            ]  # fmt: skip
            results = tuple(np.stack(parts) for parts in zip(*singles, strict=True))
        return {
            t: _clamped(self.graph.tensors[t], np.asarray(y, np.float32)).reshape(samples, *shape)
            for t, y, shape in zip(node.outputs, results, shapes, strict=True)
        }


def _clamped(tensor: Tensor, y: Floats) -> Floats:
    """Reals as far as the integers of `tensor` reach."""
    if tensor.quant is None or tensor.quant.per_channel or tensor.dtype not in RANGES:
        return y
    lo, hi = (float(tensor.quant.scale[0]) * (q - tensor.quant.zero_point)
              for q in RANGES[tensor.dtype])  # fmt: skip
    return np.clip(y, np.float32(lo), np.float32(hi))


def _in_reals(graph: Graph, node: Node) -> Node:
    """The node, whose attributes are real numbers: the value of a pad may be on a scale."""
    quant = graph.tensors[node.outputs[0]].quant
    value = node.attrs.get("value")
    if node.op != "pad" or quant is None or not isinstance(value, int):
        return node
    real = float(quant.scale[0]) * (value - quant.zero_point)
    return replace(node, attrs={**node.attrs, "value": real})


def _constants(graph: Graph, node: Node) -> Memory:
    """The constant inputs of a node as reals; a bias has the scale of the products."""
    found = {t.name: t for t in graph.inputs_of(node) if t is not None and t.is_constant}
    if node.op in WEIGHTED and node.inputs[2:] and node.inputs[2] in found:
        x, w, bias = (graph.tensors[t] for t in node.inputs[:3])
        if bias.quant is None and bias.dtype in INTEGERS and x.quant and w.quant:
            products = x.quant.scale * w.quant.scale
            quant = QuantParams(products, 0, 0 if products.size > 1 else None)
            found[bias.name] = replace(bias, quant=quant)
    return {name: _real(t) for name, t in found.items()}


def _real(tensor: Tensor) -> Array:
    """A constant as reals; without a scale integers stay what they are: indices."""
    real = dequantized(tensor) if tensor.quant is not None else tensor
    return np.asarray(real.data)
