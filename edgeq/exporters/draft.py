"""A .tflite file in the making: tensors of the IR under their names, operators of the schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import GraphError
from edgeq.exporters.versions import version_of
from edgeq.ir import DType, Graph, Node, QuantParams, Shape, Tensor

Field: TypeAlias = int | float | bool | DType | tuple[int, ...]
Fields: TypeAlias = Mapping[str, Field]


@dataclass(frozen=True, slots=True, eq=False)
class Operator:
    """One operator of the file.

    builtin   the schema's name of it
    inputs    tensors by name, "" where an optional one is absent
    table     the schema's option table, "" for none
    fields    of that table, by the schema's names
    """

    builtin: str
    version: int
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    table: str = ""
    fields: Fields = field(default_factory=dict)


@dataclass(slots=True)
class Draft:
    """What the file will hold; a node's writer adds to it.

    tensors     by name, those of the graph and those that only the file needs
    operators   in execution order
    """

    graph: Graph
    tensors: dict[str, Tensor] = field(default_factory=dict)
    operators: list[Operator] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tensors.update(self.graph.tensors)

    def need(self, node: Node, index: int, what: str) -> Tensor:
        """Input `index` of `node`.

        Raises:
            GraphError: it is absent.
        """
        name = node.inputs[index] if index < len(node.inputs) else ""
        if not name:
            raise GraphError(f"input {index} ({what}) is missing")
        return self.tensors[name]

    def output(self, node: Node) -> Tensor:
        """The first output of `node`."""
        return self.tensors[node.outputs[0]]

    def emit(
        self, builtin: str, inputs: Sequence[str], outputs: Sequence[str], table: str = "",
        fields: Fields | None = None,
    ) -> None:  # fmt: skip
        """Add an operator, in the lowest version that knows these types and options."""
        read = tuple(self.tensors[t] if t else None for t in inputs)
        written = tuple(self.tensors[t] for t in outputs)
        fields = fields or {}
        version = version_of(builtin, read, written, fields)
        names = tuple(inputs), tuple(outputs)
        self.operators.append(Operator(builtin, version, *names, table, fields))

    def parameter(self, node: Node, what: str, values: int | Sequence[int] | NDArray[Any]) -> str:
        """Add a constant operand of int32: a scalar, or an array."""
        data = np.asarray(values, np.int32)
        return self.add(node, what, Tensor("", data.shape, DType.INT32, None, data))

    def between(self, node: Node, what: str, like: Tensor, shape: Shape) -> str:
        """Add the result of an operator that the graph does not have, on the scale of `like`."""
        return self.add(node, what, replace(like, shape=shape, data=None))

    def add(self, node: Node, what: str, tensor: Tensor) -> str:
        """Add `tensor` under a free name made of the node's."""
        name = f"{node.name}/{what}"
        while name in self.tensors:
            name += "_"
        self.tensors[name] = replace(tensor, name=name)
        return name

    def requantized(self, node: Node, what: str, name: str, quant: QuantParams) -> str:
        """The constant `name` with the parameters `quant`; a copy if other nodes read it too."""
        tensor = self.tensors[name]
        if tensor.quant == quant:
            return name
        if len(self.graph.users(name)) > 1 or name in self.graph.outputs:
            return self.add(node, what, replace(tensor, quant=quant))
        self.tensors[name] = replace(tensor, quant=quant)
        return name
