"""What the operator table sees of one operator in a .tflite file, and what it says about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from edgeq.errors import ModelError
from edgeq.frontends.flatbuffer import Reader, Record
from edgeq.ir import Attr, DType, Shape, Tensor

MAX_PARAMETERS = 4096
"""Elements of a constant that an operator reads as its parameter: axes, sizes, paddings."""

ACTIVATIONS = {0: "none", 1: "relu", 2: "relu_n1_to_1", 3: "relu6"}
REFUSED_ACTIVATIONS = {4: "TANH", 5: "SIGN_BIT"}


@dataclass(frozen=True, slots=True)
class Options:
    """The option table of one operator; a field that is absent has the schema's default."""

    reader: Reader
    table: Record

    def number(self, field: str) -> int:
        return self.reader.number(self.table, field)

    def real(self, field: str) -> float:
        return float(self.reader.get(self.table, field))

    def flag(self, field: str) -> bool:
        return bool(self.reader.get(self.table, field))

    def integers(self, field: str) -> tuple[int, ...]:
        return self.reader.integers(self.table, field)

    def pair(self, height: str, width: str) -> tuple[int, int]:
        """Two sizes or steps, each at least 1."""
        h, w = self.number(height), self.number(width)
        if h < 1 or w < 1:
            raise ModelError(f"{height} {h} and {width} {w} must be at least 1")
        return h, w

    def activation(self) -> str:
        """The fused activation, by the IR's name."""
        code = self.number("FusedActivationFunction")
        if code not in ACTIVATIONS:
            name = REFUSED_ACTIVATIONS.get(code, str(code))
            raise ModelError(f"fused activation {name} is not supported")
        return ACTIVATIONS[code]


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """One operator of the file.

    inputs    tensors with the shapes computed so far; None where optional and absent
    outputs   tensors as the file declares them
    """

    name: str
    inputs: tuple[Tensor | None, ...]
    outputs: tuple[Tensor, ...]
    options: Options

    def need(self, index: int, what: str) -> Tensor:
        tensor = self.inputs[index] if index < len(self.inputs) else None
        if tensor is None:
            raise ModelError(f"input {index} ({what}) is missing")
        return tensor

    def ranked(self, index: int, what: str, rank: int) -> Tensor:
        tensor = self.need(index, what)
        if len(tensor.shape) != rank:
            raise ModelError(f"{what} has shape {tensor.shape}, not {rank} dimensions")
        return tensor

    def constant(self, index: int, what: str) -> NDArray[Any]:
        tensor = self.need(index, what)
        if tensor.data is None:
            raise ModelError(f"{what} must be constant", fix="convert the model with fixed shapes")
        return tensor.data

    def integers(self, index: int, what: str, count: int | None = None) -> tuple[int, ...]:
        """A constant input read as a parameter; `count` values if given."""
        data, tensor = self.constant(index, what), self.need(index, what)
        if tensor.dtype not in (DType.INT32, DType.INT64) or data.size > MAX_PARAMETERS:
            raise ModelError(f"{what} is {tensor.dtype} {tensor.shape}, not a few integers")
        if count is not None and data.size != count:
            raise ModelError(f"{what} has {data.size} values, not {count}")
        return tuple(int(v) for v in data.reshape(-1))

    def axis(self, index: int, rank: int) -> int:
        """A constant input of one axis, counted from the front."""
        return axis_of(self.integers(index, "axis", 1)[0], rank)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an operator of the file is in the IR.

    op       the IR's name
    attrs    of the node
    inputs   which of the file's inputs the node keeps; None for all
    shapes   of the outputs, where a parameter decides; None leaves them to the operator
    """

    op: str
    attrs: Mapping[str, Attr] = field(default_factory=dict)
    inputs: tuple[int, ...] | None = None
    shapes: tuple[Shape, ...] | None = None


def axis_of(axis: int, rank: int) -> int:
    """`axis` counted from the front; negative ones count from the back."""
    if not -rank <= axis < rank:
        raise ModelError(f"axis {axis} does not exist in {rank} dimensions")
    return axis % rank
