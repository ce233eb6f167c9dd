"""Quantized ONNX models: dequantize, compute, quantize becomes one operator on integers.

The scales, zero points and integers are those of the file.  What the file leaves in float
stays so; whoever compiles the graph is told where.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import EdgeqError, Problems, QuantError
from edgeq.frontends.onnx_edit import CHANNEL_AXIS, Edit, live
from edgeq.frontends.onnx_scales import on_own_scale, on_products, pad_value, same_scale
from edgeq.ir import DType, Graph, Node, QuantParams, Tensor
from edgeq.reference.constants import dequantized

MOVES = frozenset({
    "reshape", "transpose", "strided_slice", "split", "pad", "max_pool_2d", "gather",
    "depth_to_space", "resize_nearest_neighbor",
})  # fmt: skip
"""Operators that do to integers what they do to the reals."""

ONE_SCALE = frozenset({"average_pool_2d", "resize_bilinear"})
"""Operators whose integer form keeps the scale; another one is made by a quantize after it."""

FIXED = {
    ("softmax", DType.INT8): QuantParams(np.array([1 / 256]), -128),
    ("softmax", DType.INT16): QuantParams(np.array([1 / 32768]), 0),
}
"""Operators whose integer form has one scale only."""

BOUNDED = FIXED | {
    ("logistic", DType.INT8): QuantParams(np.array([1 / 256]), -128),
    ("logistic", DType.INT16): QuantParams(np.array([1 / 32768]), 0),
    ("tanh", DType.INT8): QuantParams(np.array([1 / 128]), 0),
    ("tanh", DType.INT16): QuantParams(np.array([1 / 32768]), 0),
}
"""Operators whose results have a range of their own: a file need not give it a scale."""

BIASED = 3


@dataclass(slots=True)
class Integers:
    """A graph becoming integer.

    gone      quantize nodes that became part of the node before them
    extra     nodes that follow a node, by its name
    problems  scales that cannot be kept
    """

    edit: Edit
    gone: set[str] = field(default_factory=set)
    extra: dict[str, Node] = field(default_factory=dict)
    problems: list[EdgeqError] = field(default_factory=list)

    def rewrite(self, node: Node) -> None:
        """Make `node` an operator on integers, if everything around it is quantized."""
        inputs = [self._integer_input(name) for name in node.inputs]
        if not inputs or None in inputs or all(self._constant(n) for n in node.inputs):
            return
        names = tuple(n for n in inputs if n is not None)
        if node.op == "arg_max":
            self.edit.nodes[node.name] = replace(node, inputs=names)
            return
        bounded = BOUNDED.get((node.op, self.edit.tensors[names[0]].dtype))
        ends = [self._quantized_output(name) for name in node.outputs]
        if bounded is not None and ends == [None]:
            self._bound(replace(node, inputs=names), bounded)
            return
        outputs = [e for e in ends if e is not None]
        if len(outputs) != len(ends):
            return
        changed = replace(node, inputs=names, outputs=tuple(q.outputs[0] for q in outputs))
        if node.op in CHANNEL_AXIS:
            weighted = self._weighted(changed)
        else:
            weighted = self._with_constants(changed)
        if weighted is None:
            return
        self.gone.update(q.name for q in outputs)
        self.edit.nodes[node.name] = self._scaled(weighted)

    def _constant(self, name: str) -> bool:
        return not name or self.edit.tensors[name].is_constant

    def _integer_input(self, name: str) -> str | None:
        """The integers behind a real input; constants and absent inputs are themselves."""
        if self._constant(name):
            return name
        maker = self.edit.maker(name)
        if maker is None or maker.op != "dequantize":
            return None
        return maker.inputs[0]

    def _quantized_output(self, name: str) -> Node | None:
        """The one quantize node that reads an output, if nobody else does."""
        readers = [self.edit.nodes[r] for r in self.edit.readers.get(name, [])]
        if name in self.edit.graph.outputs or len(readers) != 1 or readers[0].op != "quantize":
            return None
        return readers[0]

    def _bound(self, node: Node, quant: QuantParams) -> None:
        """Make a node of a known range integer, though its reader wants reals."""
        y, kind = self.edit.tensors[node.outputs[0]], self.edit.tensors[node.inputs[0]].dtype
        inner = Tensor(self._free(f"{y.name}/integer"), y.shape, kind, quant)
        self.edit.tensors[inner.name] = inner
        self.extra[node.name] = Node(f"{node.name}/real", "dequantize", (inner.name,), (y.name,))
        self.edit.nodes[node.name] = replace(node, outputs=(inner.name,))

    def _scaled(self, node: Node) -> Node:
        """The node with a scale that its integer form has, and a quantize behind it if needed."""
        x, y = self.edit.tensors[node.inputs[0]], self.edit.tensors[node.outputs[0]]
        wanted = FIXED.get((node.op, y.dtype))
        if node.op in ONE_SCALE and x.quant is not None:
            wanted = x.quant
            if node.op == "average_pool_2d" and wanted != y.quant and _is_global(node, x):
                return _as_mean(node)
        if wanted is None or same_scale(wanted, y.quant):
            return node
        inner = Tensor(self._free(f"{y.name}/unscaled"), y.shape, y.dtype, wanted)
        self.edit.tensors[inner.name] = inner
        self.extra[node.name] = Node(f"{node.name}/rescale", "quantize", (inner.name,), (y.name,))
        return replace(node, outputs=(inner.name,))

    def _weighted(self, node: Node) -> Node | None:
        """The node with its bias on the scale of the products; None without integer weights."""
        x, w = (self.edit.tensors[n] for n in node.inputs[:2])
        if x.quant is None or w.quant is None or w.dtype not in (DType.INT8, DType.INT4):
            return None
        if w.quant.axis not in (None, CHANNEL_AXIS[node.op]):
            return None
        if len(node.inputs) < BIASED or not node.inputs[2]:
            return node
        products = x.quant.scale * w.quant.scale
        bias = self._bias(node, self.edit.tensors[node.inputs[2]], products, x.dtype)
        return replace(node, inputs=(*node.inputs[:2], bias))

    def _bias(self, node: Node, bias: Tensor, products: NDArray[np.float64], kind: DType) -> str:
        """A bias as integers on the scale of the products, the file's own if they are that."""
        if bias.data is None:
            raise QuantError("the bias must be constant", where=node.name)
        quant = QuantParams(products, 0, 0 if products.size > 1 else None)
        dtype = DType.INT32 if kind is DType.INT8 else DType.INT64
        if on_products(bias, products):
            data = bias.data.astype(dtype.numpy)
            return self._add(replace(bias, quant=quant, dtype=dtype, data=data))
        real = np.asarray(dequantized(bias).data, np.float64)
        steps = np.rint(real / products)
        if not (np.abs(steps) < 2**31).all():
            raise QuantError("the bias does not fit int32 on the scale of its products",
                             where=node.name)  # fmt: skip
        return self._add(replace(bias, quant=quant, dtype=dtype, data=steps.astype(dtype.numpy)))

    def _with_constants(self, node: Node) -> Node:
        """The node, its constant operands as integers of its inputs' type."""
        kind = next(self.edit.tensors[n].dtype for n in node.inputs if not self._constant(n))
        names = []
        for name in node.inputs:
            tensor = self.edit.tensors[name] if name else None
            if tensor is not None and tensor.data is not None and tensor.dtype is DType.FLOAT32:
                name = self._add(on_own_scale(tensor, kind))
            names.append(name)
        return replace(node, inputs=tuple(names))

    def _add(self, tensor: Tensor) -> str:
        name = self._free(f"{tensor.name}/integer")
        self.edit.tensors[name] = replace(tensor, name=name)
        return name

    def _free(self, name: str) -> str:
        while name in self.edit.tensors:
            name += "+"
        return name


def integer(graph: Graph) -> Graph:
    """`graph` with everything on integers that the file has quantized.

    Before   x int8 -> dequantize -> conv_2d(w int8, b int32) -> quantize -> y int8
    After    x int8 -> conv_2d(w int8, b int32) -> y int8

    Raises:
        Problems: what the file has quantized has no integer form.
    """
    if not any(n.op in ("quantize", "dequantize") for n in graph.nodes):
        return _in_floats(graph)
    graph = move_integers(graph)
    work = Integers(Edit(graph))
    for node in graph.nodes:
        if node.op in ("quantize", "dequantize", "flip_sign"):
            continue
        try:
            work.rewrite(node)
        except QuantError as error:
            work.problems.append(error)
    if work.problems:
        raise Problems("the model cannot be read", work.problems)
    nodes: list[Node] = []
    for node in work.edit.nodes.values():
        if node.name not in work.gone:
            nodes += [node, *([work.extra[node.name]] if node.name in work.extra else [])]
    done = replace(graph, nodes=tuple(nodes), tensors=work.edit.tensors, numerics="edgeq")
    return _in_floats(live(_direct(done)))


def move_integers(graph: Graph) -> Graph:
    """Move integers instead of the reals that they are dequantized to.

    Before   x int8 -> dequantize -> t -> transpose -> y
    After    x int8 -> transpose -> y/integer -> dequantize -> y
    """
    tensors, nodes = dict(graph.tensors), []
    behind = {n.outputs[0]: n.inputs[0] for n in graph.nodes if n.op == "dequantize"}
    for node in graph.nodes:
        if node.op not in MOVES or node.inputs[0] not in behind:
            nodes.append(node)
            continue
        x, names = tensors[behind[node.inputs[0]]], []
        for i, name in enumerate(node.outputs):
            inner = f"{name}/integer"
            while inner in tensors:
                inner += "+"
            tensors[inner] = Tensor(inner, tensors[name].shape, x.dtype, x.quant)
            names.append(inner)
            behind[name] = inner
            nodes.append(Node(f"{node.name}/dequantize_{i}", "dequantize", (inner,), (name,)))
        moved = replace(node, inputs=(x.name, *node.inputs[1:]), outputs=tuple(names))
        if node.op == "pad":
            moved = replace(moved, attrs={**node.attrs, "value": pad_value(node, x)})
        nodes.insert(len(nodes) - len(names), moved)
    return replace(graph, nodes=tuple(nodes), tensors=tensors)


def _direct(graph: Graph) -> Graph:
    """Let a quantize node read the integers that were made reals for it alone."""
    behind = {n.outputs[0]: n.inputs[0] for n in graph.nodes if n.op == "dequantize"}
    nodes = tuple(
        replace(n, inputs=(behind[n.inputs[0]],))
        if n.op == "quantize" and n.inputs[0] in behind else n
        for n in graph.nodes
    )  # fmt: skip
    return replace(graph, nodes=nodes)


def _in_floats(graph: Graph) -> Graph:
    """Constants on a scale beside floats as the floats that they stand for."""
    tensors, nodes = dict(graph.tensors), []
    for node in graph.nodes:
        if any(tensors[n].dtype is DType.FLOAT32 for n in node.outputs) and node.op != "dequantize":
            node = replace(node, inputs=tuple(_as_floats(tensors, n) for n in node.inputs))
        nodes.append(node)
    return replace(graph, tensors=tensors, nodes=tuple(nodes)).replace_nodes({})


def _as_floats(tensors: dict[str, Tensor], name: str) -> str:
    if not name or tensors[name].data is None or tensors[name].quant is None:
        return name
    new = f"{name}/float"
    if new not in tensors:
        tensors[new] = replace(dequantized(tensors[name]), name=new)
    return new


def _is_global(node: Node, x: Tensor) -> bool:
    return (
        node.ints("filter") == x.shape[1:3] and not any(node.ints("padding"))
        and node.attrs["activation"] == "none"
    )  # fmt: skip


def _as_mean(node: Node) -> Node:
    """A pool over the whole image, which rounds once to any scale."""
    return replace(node, op="mean", attrs={"axes": (1, 2), "keep_dims": True})
