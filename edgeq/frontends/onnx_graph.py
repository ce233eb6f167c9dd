"""An ONNX graph, node by node in an order in which everything is known before it is read.

Every problem is collected with the node where it was found, and reading goes on: what a bad
node computes is unknown, and its readers are left out quietly.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import EdgeqError, ModelError, Problems, UsageError
from edgeq.frontends.onnx_build import MAX_ELEMENTS, Builder, Const, Operand, Value
from edgeq.frontends.onnx_file import FLOATS, STANDARD, TYPES, OnnxFile, Proto
from edgeq.frontends.onnx_infer import FOLDED, attributes, infer, known
from edgeq.frontends.onnx_layout import Layout, Order
from edgeq.frontends.onnx_node import OnnxNode
from edgeq.frontends.onnx_ops import RULES
from edgeq.frontends.onnx_outputs import finished
from edgeq.ir import DType, Graph, Shape
from edgeq.ir.text import show

MAX_PROBLEMS = 500
SHOWN = 10
SHAPES = ("Shape", "Size")
FOLDABLE = FOLDED | {"Constant", *SHAPES}
INPUT_TYPES = {TYPES.INT8: DType.INT8, TYPES.UINT8: DType.UINT8, TYPES.INT16: DType.INT16}


@dataclass(slots=True)
class Translation:
    """A graph half read.

    orders    in which inputs lie, where it is not the file's
    known     by the file's name: what may be read now
    lost      names whose node has a problem
    """

    file: OnnxFile
    shapes: Mapping[str, Shape]
    orders: Mapping[str, Order]
    problems: list[EdgeqError]
    build: Builder = field(default_factory=Builder)
    known: dict[str, Operand] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)

    def read(self) -> Graph:
        """Read all of it; `problems` says whether the graph is one."""
        graph = self.file.model.graph
        inputs = self._ends(graph)
        for number, node in enumerate(_sorted(graph.node, {*self.known, *self.lost})):
            label = node.name or f"{node.op_type}_{number}"
            with self.collect(f"{show(label)} ({show(node.op_type)[1:-1]})", *node.output):
                self.build.label = label
                self._node(node)
        wanted = [info.name for info in graph.output]
        for name in wanted:
            if name not in self.known and name not in self.lost:
                self.problems.append(ModelError(f"output {show(name)} is not computed"))
        if not wanted:
            self.problems.append(ModelError("the model has no output"))
        if self.problems:
            raise Problems("the model cannot be read", self.problems)
        return finished(self.build, inputs, [(n, self.known[n]) for n in wanted])

    def _ends(self, graph: Proto) -> list[str]:
        """Read the constants and the inputs; the names of the inputs."""
        for tensor in graph.initializer:
            with self.collect(f"constant {show(tensor.name)}", tensor.name):
                self.known[tensor.name] = self.file.constant(tensor)
        if len(graph.sparse_initializer):
            self.problems.append(ModelError("sparse constants are not supported"))
        constants = {*self.known, *self.lost}
        infos = [info for info in graph.input if info.name not in constants]
        for info in infos:
            with self.collect(f"input {show(info.name)}", info.name):
                self._input(info)
        return [info.name for info in infos]

    @contextmanager
    def collect(self, where: str, *names: str) -> Iterator[None]:
        """Keep a problem with its place, and forget what it should have made."""
        try:
            yield
        except (Problems, UsageError):
            raise
        except EdgeqError as error:
            self.lost.update(names)
            self.problems.append(type(error)(error.what, where=where, why=error.why, fix=error.fix))
            if len(self.problems) >= MAX_PROBLEMS:
                what = f"the model cannot be read; the first {MAX_PROBLEMS} problems are"
                raise Problems(what, self.problems) from None

    def _input(self, info: Proto) -> None:
        kind = info.type.tensor_type.elem_type
        if info.name not in self.shapes:
            self.lost.add(info.name)  # its problem is known
            return
        shape = self.shapes[info.name]
        if kind not in FLOATS and kind not in INPUT_TYPES:
            raise ModelError("inputs of this type are not supported",
                             why="they must be floats, int8, uint8 or int16")  # fmt: skip
        order = self.orders.get(info.name, tuple(range(len(shape))))
        dtype = INPUT_TYPES.get(kind, DType.FLOAT32)
        lies = tuple(shape[d] for d in order)
        tensor = self.build.tensor(info.name, lies, dtype)
        unsigned = dtype is DType.UINT8
        if unsigned:
            self.build.label = f"{info.name}/signed"
            output = (lies, DType.INT8, None)
            tensor = self.build.node_of("flip_sign", (tensor,), f"{info.name}/int8", None, output)
        self.known[info.name] = Value(tensor, Layout.of(shape, order), info.name, unsigned)

    def _node(self, node: Proto) -> None:
        """Read one node; its outputs are known afterwards."""
        missing = [n for n in node.input if n and n not in self.known]
        if any(n in self.lost for n in missing):
            self._check_supported(node)
            self.lost.update(node.output)
            return
        if missing:
            raise ModelError(f"{show(missing[0])} is read, but nothing computes it")
        twice = [n for n in node.output if n and n in self.known]
        if twice:
            raise ModelError(f"{show(twice[0])} is written, but already has a value")
        results = self._results(node)
        for name, value in zip(node.output, results, strict=False):
            if name:
                self.known[name] = value

    def _results(self, node: Proto) -> tuple[Operand, ...]:
        inputs = tuple(self.known[n] if n else None for n in node.input)
        standard = node.domain in STANDARD
        if standard and node.op_type == "Constant":
            return (self._constant(node),)
        rule = RULES.get(("" if standard else node.domain, node.op_type))
        shapes: tuple[Shape, ...] = ()
        if standard:
            if rule is None:
                _check_foldable(node, inputs)
            shapes = infer(node, self.file.opset, inputs, self.build)
            folded = known(node, self.file.opset, inputs, shapes)
            if folded is not None:
                return folded
        if rule is None:
            raise _unsupported()
        self._check(inputs, shapes, integers=rule.integers)
        names = tuple(node.output)
        outputs = tuple(n or f"{names[0]}/{i}" if i == 0 else n for i, n in enumerate(names))
        return rule.read(OnnxNode(node.op_type, self.file.opset, inputs, outputs, shapes,
                                  attributes(node), self.build))  # fmt: skip

    def _check(
        self, inputs: tuple[Operand | None, ...], shapes: tuple[Shape, ...], *, integers: bool
    ) -> None:
        if any(prod(s) > MAX_ELEMENTS or any(d < 1 for d in s) for s in shapes):
            raise ModelError(f"an output of shape {shapes[0]} is not possible")
        for x in inputs:
            if isinstance(x, Const) and x.data.size == 0 and x.data.dtype.kind == "f":
                continue  # an absent parameter, such as the roi of a Resize
            if isinstance(x, Value) and not integers:
                tensor = self.build.tensors[x.tensor]
                if tensor.dtype is not DType.FLOAT32:
                    raise ModelError(f"computed {tensor.dtype} values are not supported here")

    def _constant(self, node: Proto) -> Const:
        values = attributes(node)
        if "value" in values:
            return self.file.constant(values["value"])
        for key in ("value_float", "value_floats", "value_int", "value_ints"):
            if key in values:
                return Const(_array(values[key], floats="float" in key))
        raise ModelError(f"a Constant of {', '.join(map(show, values)) or 'nothing'}"
                         " is not supported")  # fmt: skip

    def _check_supported(self, node: Proto) -> None:
        """Say so at once when a node cannot be read, whatever is known of its inputs."""
        domain = "" if node.domain in STANDARD else node.domain
        if (domain, node.op_type) not in RULES and node.op_type not in FOLDABLE:
            raise _unsupported()


def _check_foldable(node: Proto, inputs: tuple[Operand | None, ...]) -> None:
    computed = any(isinstance(x, Value) for x in inputs)
    if node.op_type not in FOLDABLE or (computed and node.op_type not in SHAPES):
        raise _unsupported()


def _unsupported() -> ModelError:
    return ModelError("the operator is not supported")


def _array(values: object, *, floats: bool) -> NDArray[Any]:
    return np.array(values, np.float32 if floats else np.int64)


def _sorted(nodes: Sequence[Proto], available: Collection[str]) -> list[Proto]:
    """The nodes in an order in which everything is computed before it is read.

    Raises:
        ModelError: some of them wait for each other.
    """
    makers = {n: i for i, node in enumerate(nodes) for n in node.output if n and n not in available}
    waits = [len({makers[n] for n in node.input if n in makers}) for node in nodes]
    readers: dict[int, set[int]] = {}
    for i, node in enumerate(nodes):
        for name in node.input:
            if name in makers:
                readers.setdefault(makers[name], set()).add(i)
    ready = [i for i, count in enumerate(waits) if not count]
    heapify(ready)
    order = []
    while ready:
        i = heappop(ready)
        order.append(i)
        for reader in readers.get(i, ()):
            waits[reader] -= 1
            if not waits[reader]:
                heappush(ready, reader)
    if len(order) < len(nodes):
        done = set(order)
        left = [_label(node, i) for i, node in enumerate(nodes) if i not in done]
        why = f"these nodes wait for each other: {', '.join(left[:SHOWN])}"
        raise ModelError("the graph has a cycle", why=why)
    return [nodes[i] for i in order]


def _label(node: Proto, number: int) -> str:
    """What a node is called in messages: its name, or its operator and place."""
    return show(node.name or f"{node.op_type}_{number}")
