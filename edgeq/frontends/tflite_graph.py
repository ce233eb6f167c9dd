"""One subgraph of a .tflite file: operators in execution order, shapes from the inputs on.

Every problem is collected with the place where it was found, and reading goes on with what
the file declares, so that one look shows all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from math import prod

import tflite

from edgeq.errors import EdgeqError, ModelError, Problems, UsageError
from edgeq.frontends.flatbuffer import Reader, Record
from edgeq.frontends.tflite_ops import RULES, Rule
from edgeq.frontends.tflite_source import Meaning, Options, Source
from edgeq.frontends.tflite_tensors import TensorTable, check_shape
from edgeq.ir import DType, Graph, Node, Shape, Tensor
from edgeq.ops.base import Inputs, all_ops
from edgeq.reference.constants import constant_values, dequantized

ABSENT = -1
PARAMETERS = (DType.INT32, DType.INT64)
"""Types of operands that may be empty: the shape of a scalar is."""

MAX_PROBLEMS = 500
"""Told at once: more than any honest model has, few enough to read a hostile one quickly."""

HYBRID = ("conv_2d", "depthwise_conv_2d", "fully_connected")


@dataclass(slots=True)
class Subgraph:
    """A subgraph half read.

    problems   found so far, each once
    known      tensors by index that may be read now: inputs, computed ones
    rebatched  another batch than the file's was asked for: its declared shapes are void
    """

    table: TensorTable
    op_names: tuple[str, ...]
    problems: list[EdgeqError]
    known: dict[int, Tensor] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    tensors: dict[str, Tensor] = field(default_factory=dict)
    inputs: tuple[int, ...] = ()
    outputs: tuple[int, ...] = ()
    rebatched: bool = False

    def read(self, subgraph: Record, batch: int | None) -> None:
        """Read all of it; `problems` says whether it became a graph."""
        reader = self.table.reader
        self.inputs = reader.integers(subgraph, "Inputs")
        self.outputs = reader.integers(subgraph, "Outputs")
        for number, index in enumerate(self.inputs):
            with self._collect(f"input {number}"):
                self._input(index, batch)
        self._check_batch(batch)
        for number, operator in enumerate(reader.tables(subgraph, "Operators")):
            self._operator(number, operator)
        for number, index in enumerate(self.outputs):
            with self._collect(f"output {number}"):
                self._output(index)
        if not self.outputs:
            self.problems.append(ModelError("the model has no output"))

    def graph(self, name: str) -> Graph:
        """The graph, when there was no problem."""
        names, order = self.table.names, {n: i for i, n in enumerate(self.table.names)}
        return Graph(
            name,
            self.tensors,
            tuple(self.nodes),
            tuple(names[i] for i in self.inputs),
            tuple(names[i] for i in self.outputs),
            self.table.reader.data,
            {t: order[t] for t in self.tensors if t in order},
        )

    @contextmanager
    def _collect(self, where: str) -> Iterator[None]:
        """Keep a problem, with the place where it happened, and go on."""
        try:
            yield
        except (Problems, UsageError):
            raise
        except EdgeqError as error:
            place = f"{where}, {error.where}" if error.where else where
            self.problems.append(type(error)(error.what, where=place, why=error.why, fix=error.fix))
            if len(self.problems) >= MAX_PROBLEMS:
                what = f"the model cannot be read; the first {MAX_PROBLEMS} problems are"
                raise Problems(what, self.problems) from None

    def _input(self, index: int, batch: int | None) -> None:
        tensor = self.table[index]
        if index in self.known:
            raise ModelError(f"tensor {index} is an input twice")
        self.known[index] = tensor
        if tensor.data is not None:
            raise ModelError(f"tensor {index} is an input, but constant")
        signature = self.table.dynamic.get(index, tensor.shape)
        if -1 in signature[1:]:
            raise ModelError(
                f"its shape {signature} is dynamic beyond the batch",
                fix="convert the model with fixed shapes",
            )
        if signature[:1] == (-1,) and batch not in (None, tensor.shape[0]):
            self.rebatched = True
            self.known[index] = replace(tensor, shape=(batch, *tensor.shape[1:]))
        self.tensors[tensor.name] = self.known[index]

    def _check_batch(self, batch: int | None) -> None:
        shapes = [self.known[i].shape for i in self.inputs if i in self.known]
        if batch is None or any(s[:1] == (batch,) for s in shapes):
            return
        raise UsageError(
            f"no input can have a batch of {batch}",
            why=f"the model's inputs are {', '.join(map(str, shapes))}",
        )

    def _output(self, index: int) -> None:
        """An output may be an input, a constant, or an output twice: it is only named here."""
        tensor = self.known.get(index, self.table[index])
        if index in self.known or tensor.data is not None:
            self.tensors[tensor.name] = tensor
        else:
            raise ModelError(f"tensor {index} is an output, but no operator computes it")

    def _operator(self, number: int, operator: Record) -> None:
        """Read one operator; its outputs are known afterwards in any case."""
        reader = self.table.reader
        outputs = reader.integers(operator, "Outputs")
        code = reader.number(operator, "OpcodeIndex")
        with self._collect(f"operator {number}"):
            if not 0 <= code < len(self.op_names):
                raise ModelError(f"operator code {code} does not exist")
            with self._collect(f"operator {number} ({self.op_names[code]})"):
                self._read(number, self.op_names[code], operator, outputs)
        for index in outputs:
            if index not in self.known:
                self._assume(index)

    def _assume(self, index: int) -> None:
        """Take an output as the file declares it, since its operator has a problem."""
        try:
            self.known[index] = self.table[index]
        except EdgeqError:
            return  # who reads it, says so

    def _read(self, number: int, name: str, operator: Record, outputs: tuple[int, ...]) -> None:
        rule = RULES.get(name)
        if rule is None:
            raise ModelError("the operator is not supported")
        inputs = self.table.reader.integers(operator, "Inputs")
        _check_count("inputs", len(inputs), rule.inputs)
        _check_count("outputs", len(outputs), rule.outputs)
        read = tuple(None if i == ABSENT else self._readable(i) for i in inputs)
        for tensor in read:
            if tensor is not None and tensor.dtype not in PARAMETERS:
                _check_not_empty(tensor)
        declared = tuple(self._writable(i) for i in outputs)
        options = _options(self.table.reader, operator, rule)
        source = Source(name, read, declared, options)
        rule.types(source)
        meaning = rule.read(source)
        node, taken = self._node(number, meaning, source)
        computed = self._shaped(node, taken, meaning, outputs, declared)
        self._add(node, taken, outputs, computed)

    def _readable(self, index: int) -> Tensor:
        if index in self.known:
            return self.known[index]
        tensor = self.table[index]
        if tensor.data is None:
            raise ModelError(
                f"tensor {index} is read before it is computed",
                why="operators must be in execution order, without cycles",
            )
        return tensor

    def _writable(self, index: int) -> Tensor:
        tensor = self.table[index]
        if index in self.known or tensor.data is not None:
            raise ModelError(f"tensor {index} is written, but already has a value")
        return tensor

    def _node(self, number: int, meaning: Meaning, source: Source) -> tuple[Node, Inputs]:
        """The IR's node, and the inputs that it keeps."""
        kept = range(len(source.inputs)) if meaning.inputs is None else meaning.inputs
        taken = [source.inputs[i] for i in kept]
        for tensor in taken:
            _check_not_empty(tensor)
        if meaning.op in HYBRID and source.outputs[0].dtype is DType.FLOAT32:
            weights = _float_weights(source.need(1, "weights"))
            self.table.reader.charge(weights.nbytes)
            taken[1] = weights
        names = tuple("" if t is None else t.name for t in taken)
        outputs = tuple(t.name for t in source.outputs)
        node = Node(f"{meaning.op}_{number}", meaning.op, names, outputs, meaning.attrs)
        return node, tuple(taken)

    def _shaped(
        self,
        node: Node,
        taken: Inputs,
        meaning: Meaning,
        indices: tuple[int, ...],
        declared: tuple[Tensor, ...],
    ) -> tuple[Tensor, ...]:
        """The outputs with computed shapes, which must agree with the declared ones."""
        shapes = meaning.shapes or all_ops()[node.op].infer(node, taken)
        if len(set(indices)) != len(indices) or len(shapes) != len(indices):
            raise ModelError(f"{len(indices)} outputs, one twice or not {len(shapes)}")
        for index, tensor, shape in zip(indices, declared, shapes, strict=True):
            check_shape(shape)
            if prod(shape) == 0:
                raise ModelError(f"an output of shape {shape} has no elements")
            signature = self.table.dynamic.get(index, tensor.shape)
            if not self.rebatched and not _agree(signature, shape):
                raise ModelError(f"an output is declared {tensor.shape}, but is {shape}")
        return tuple(replace(t, shape=s) for t, s in zip(declared, shapes, strict=True))

    def _add(
        self, node: Node, taken: Inputs, indices: tuple[int, ...], outputs: tuple[Tensor, ...]
    ) -> None:
        """Keep the node, or only its outputs when they are known already."""
        values = constant_values(node, taken, outputs)
        if values is not None:
            constants = zip(outputs, values, strict=True)
            outputs = tuple(replace(t, data=v) for t, v in constants)
            self.table.reader.charge(sum(v.nbytes for v in values))
        self.known.update(zip(indices, outputs, strict=True))
        if values is None:
            self.nodes.append(node)
            self.tensors.update((t.name, t) for t in (*taken, *outputs) if t is not None)


def _options(reader: Reader, operator: Record, rule: Rule) -> Options:
    kind = reader.number(operator, "BuiltinOptionsType")
    table = rule.table()
    if table is None:
        return Options(reader, None)
    if kind not in (0, getattr(tflite.BuiltinOptions, rule.options)):
        raise ModelError(f"its options are not {rule.options}")
    return Options(reader, reader.member(operator, "BuiltinOptions", table))


def _agree(declared: Shape, computed: Shape) -> bool:
    """Whether a declared shape, -1 where it is open and () where unknown, fits."""
    if declared == ():
        return True
    same = (d in (-1, c) for d, c in zip(declared, computed, strict=False))
    return len(declared) == len(computed) and all(same)


def _float_weights(weights: Tensor) -> Tensor:
    """Weights of a float operator; quantized ones become what they stand for."""
    if weights.dtype is DType.FLOAT32:
        return weights
    return replace(dequantized(weights), name=f"{weights.name}#float")


def _check_not_empty(tensor: Tensor | None) -> None:
    if tensor is not None and tensor.size == 0:
        raise ModelError(f"an input of shape {tensor.shape} has no elements")


def _check_count(what: str, count: int, limits: tuple[int, int]) -> None:
    if not limits[0] <= count <= limits[1]:
        raise ModelError(f"it has {count} {what}, not {limits[0]} to {limits[1]}")
