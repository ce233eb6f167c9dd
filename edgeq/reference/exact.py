"""The exact interpreter: lower every node, then call what its contract must return."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import UsageError
from edgeq.ir import Graph
from edgeq.numerics.profile import Profile
from edgeq.ops.base import Alias, Call, Lowered, View, lower_node, op_of_contract

Memory = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Exact:
    """A graph lowered once, to be run many times: inputs and outputs by tensor name."""

    graph: Graph
    lowered: tuple[Lowered, ...]

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """The outputs for integer `inputs` of the graph's shapes and dtypes."""
        memory = dict(self.trace(inputs))
        return {name: memory[name] for name in self.graph.outputs}

    def trace(self, inputs: Mapping[str, NDArray[Any]]) -> Iterator[tuple[str, NDArray[Any]]]:
        """Every input and computed tensor with its value, in execution order."""
        memory = self._inputs(inputs)
        yield from [(name, memory[name].reshape(self.graph.tensors[name].shape)) for name in memory]
        memory |= {
            n: t.data.reshape(-1) for n, t in self.graph.tensors.items() if t.data is not None
        }
        for node, lowered in zip(self.graph.nodes, self.lowered, strict=True):
            _execute(self.graph, node.outputs, lowered, memory)
            for name in node.outputs:
                yield name, memory[name].reshape(self.graph.tensors[name].shape)

    def _inputs(self, inputs: Mapping[str, NDArray[Any]]) -> Memory:
        memory: Memory = {}
        for name in self.graph.inputs:
            tensor = self.graph.tensors[name]
            if name not in inputs:
                raise UsageError(f"input {name} is missing", fix=f"give {self.graph.inputs}")
            value = np.asarray(inputs[name])
            if value.dtype != tensor.dtype.numpy or value.size != tensor.size:
                raise UsageError(
                    f"input {name} is {value.dtype} {value.shape}",
                    why=f"the model takes {tensor.dtype} {tensor.shape}",
                )
            memory[name] = value.reshape(-1)
        return memory


def exact(graph: Graph, profile: Profile) -> Exact:
    """Lower every node of `graph` under `profile`."""
    return Exact(graph, tuple(lower_node(graph, node, profile) for node in graph.nodes))


def _execute(graph: Graph, outputs: tuple[str, ...], lowered: Lowered, memory: Memory) -> None:
    if isinstance(lowered, Alias):
        memory[outputs[0]] = memory[lowered.source]
        return
    for name in outputs:
        tensor = graph.tensors[name]
        memory[name] = np.zeros(tensor.size, tensor.dtype.numpy)
    for call in lowered:
        run_call(call, lambda view: memory[view.tensor][view.offset :])


def run_call(call: Call, memory: Callable[[View], NDArray[Any]]) -> None:
    """Run one call on flat arrays; `memory` gives the writable elements from a view on."""
    args = {
        name: memory(operand) if isinstance(operand, View) else operand
        for name, operand in call.args.items()
    }
    results = op_of_contract()[call.contract].exact(call.contract, args, call.params, call.form)
    for name, value in results.items():
        args[name][:] = value.reshape(-1)
