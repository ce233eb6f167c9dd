"""From a float graph, ranges and schemes to an integer graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import EdgeqError, Problems, QuantError
from edgeq.ir import DType, Graph, Node, QuantParams, Tensor
from edgeq.ops.common import RANGES
from edgeq.quantize.boundaries import (
    FIXED,
    SHARING,
    dtypes,
    floats_of,
    insert_boundaries,
    share,
)
from edgeq.quantize.limits import limited
from edgeq.quantize.observers import Observer
from edgeq.quantize.parameters import activation_params, to_integers, weight_params
from edgeq.quantize.schemes import SchemeMap, settled

# Multiply-accumulates, and the axis of their weights that is the output channel.
WEIGHT_AXIS = {"conv_2d": 0, "depthwise_conv_2d": 3, "fully_connected": 0, "conv_transpose_2d": 0}

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Adjustments:
    """What methods decided, by node name.

    weights   integers in the shape of the node's weights
    biases    the real bias (O) to use
    params    of the weights, where they are not `Prepared.weight_params`
    """

    weights: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)
    biases: Mapping[str, Floats] = field(default_factory=dict)
    params: Mapping[str, QuantParams] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A float graph with boundaries, and the parameters of its activations.

    params   by tensor name, for every float activation and shared constant
    """

    graph: Graph
    schemes: SchemeMap
    kinds: Mapping[str, DType]
    params: Mapping[str, QuantParams]

    def mac_nodes(self) -> tuple[Node, ...]:
        """The nodes whose weights are quantized, in execution order."""
        return tuple(n for n in self.graph.nodes if is_mac(self.graph, n))

    def weight_params(self, node: Node) -> QuantParams:
        """The scales of a node's weights under its scheme."""
        x, w, bias = mac_tensors(self.graph, node)
        x_scale = float(self.params[x.name].scale[0])
        scheme = self.schemes.of(node.name)
        group = scheme.group_size if takes_groups(node, w) else 0
        return weight_params(constant(w), WEIGHT_AXIS[node.op], scheme.weight, bias, x_scale, group)


def is_mac(graph: Graph, node: Node) -> bool:
    """True for a multiply-accumulate by constant float weights."""
    if node.op not in WEIGHT_AXIS:
        return False
    w = graph.tensors[node.inputs[1]]
    return w.is_constant and w.dtype is DType.FLOAT32


def takes_groups(node: Node, weights: Tensor) -> bool:
    """True where weights may share factors in groups: fully connected, and 1x1 unpadded."""
    if node.op == "fully_connected":
        return True
    flat = node.op == "conv_2d" and weights.shape[1:-1] == (1, 1)
    return flat and not any(node.ints("padding"))


def mac_tensors(graph: Graph, node: Node) -> tuple[Tensor, Tensor, Floats | None]:
    """The input, the weights, and the bias values of a multiply-accumulate."""
    x, w = graph.tensors[node.inputs[0]], graph.tensors[node.inputs[1]]
    if len(node.inputs) < 3 or not node.inputs[2]:  # noqa: PLR2004 (x, weights, bias)
        return x, w, None
    return x, w, constant(graph.tensors[node.inputs[2]]).reshape(-1)


def constant(tensor: Tensor) -> Floats:
    """The finite float values of a constant.

    Raises:
        QuantError: it is no constant, or holds NaN or infinity.
    """
    if tensor.data is None:
        raise QuantError(f"tensor {tensor.name} must be constant")
    if not np.isfinite(tensor.data).all():
        raise QuantError(f"constant {tensor.name} holds NaN or infinity")
    return np.asarray(tensor.data, np.float32)


def prepare_params(graph: Graph, observers: Mapping[str, Observer], schemes: SchemeMap) -> Prepared:
    """Insert boundaries and choose the parameters of every activation.

    Raises:
        Problems: every tensor whose range gives no scale.
    """
    schemes = settled(schemes, graph)
    bounded = insert_boundaries(graph, schemes)
    kinds, groups = dtypes(bounded, schemes), share(bounded)
    members: dict[str, list[str]] = {}
    names = floats_of(bounded, tuple(bounded.tensors))
    shared = [n for node in bounded.nodes if node.op in SHARING
              for n in floats_of(bounded, node.inputs, constants=node.op != "pad")]  # fmt: skip
    for name in dict.fromkeys([*names, *shared]):
        members.setdefault(groups.root(name), []).append(name)
    params: dict[str, QuantParams] = {}
    problems: list[EdgeqError] = []
    for group in members.values():
        try:
            params |= dict.fromkeys(group, _group_params(bounded, group, kinds, observers))
        except QuantError as error:
            problems.append(QuantError(error.what, where=group[0], why=error.why, fix=error.fix))
    if problems:
        raise Problems(f"{graph.name} cannot be quantized", problems)
    for node in bounded.nodes:
        if is_mac(bounded, node):
            constant(bounded.tensors[node.inputs[1]])  # finite
            bounded = limited(bounded, node, WEIGHT_AXIS[node.op], params, kinds)
    return Prepared(bounded, schemes, kinds, params)


def _group_params(
    graph: Graph, group: list[str], kinds: Mapping[str, DType], observers: Mapping[str, Observer]
) -> QuantParams:
    kind = next(kinds[name] for name in group if name in kinds)
    producers = [graph.producer(name) for name in group]
    fixed = [FIXED[p.op, kind] for p in producers if p is not None and (p.op, kind) in FIXED]
    if fixed:
        return fixed[0]
    levels = RANGES[kind][1] - RANGES[kind][0]
    ranges = [_range(graph, name, observers, levels) for name in group]
    return activation_params(min(r[0] for r in ranges), max(r[1] for r in ranges), kind)


def _range(
    graph: Graph, name: str, observers: Mapping[str, Observer], levels: int
) -> tuple[float, float]:
    tensor = graph.tensors[name]
    if tensor.is_constant:
        data = constant(tensor)
        return float(data.min(initial=0)), float(data.max(initial=0))
    producer = graph.producer(name)
    if name not in observers and producer is not None:  # a boundary: the range of its source
        return _range(graph, producer.inputs[0], observers, levels)
    return observers[name].range(levels)


def apply(prepared: Prepared, adjust: Adjustments | None = None) -> Graph:
    """The integer graph: every float activation and constant on its scale.

    Raises:
        Problems: every constant that cannot be quantized.
    """
    adjust = adjust or Adjustments()
    graph = prepared.graph
    tensors = {name: _activation(t, prepared) for name, t in graph.tensors.items()}
    nodes: list[Node] = []
    problems: list[EdgeqError] = []
    for node in graph.nodes:
        try:
            new, constants = integer_node(prepared, node, adjust)
        except QuantError as error:
            problems.append(QuantError(error.what, where=node.name, why=error.why, fix=error.fix))
            continue
        nodes.append(new)
        tensors |= constants
    if problems:
        raise Problems(f"{graph.name} cannot be quantized", problems)
    quantized = replace(graph, nodes=tuple(nodes), tensors=tensors, source=b"", file_index={})
    return quantized.replace_nodes({})  # drops tensors that nothing names any more


def _activation(tensor: Tensor, prepared: Prepared) -> Tensor:
    if tensor.is_constant or tensor.dtype is not DType.FLOAT32:
        return tensor
    return replace(tensor, dtype=prepared.kinds[tensor.name], quant=prepared.params[tensor.name])


def integer_node(
    prepared: Prepared, node: Node, adjust: Adjustments
) -> tuple[Node, dict[str, Tensor]]:
    """A node on integers, with constants of its own."""
    if is_mac(prepared.graph, node):
        return _mac(prepared, node, adjust)
    attrs = {k: v for k, v in node.attrs.items() if not (node.op == "quantize" and k == "dtype")}
    if node.op == "pad" and "value" in attrs:
        quant = prepared.params[node.outputs[0]]
        kind = prepared.kinds[node.outputs[0]]
        real = np.array([float(str(attrs["value"]))], np.float32)
        attrs["value"] = int(to_integers(real, quant, kind)[0])
    constants = {
        f"{node.name}.{i}": _operand(prepared, node, name, f"{node.name}.{i}")
        for i, name in enumerate(node.inputs)
        if floats_of(prepared.graph, (name,), constants=True)
        and prepared.graph.tensors[name].is_constant
    }
    inputs = tuple(
        f"{node.name}.{i}" if f"{node.name}.{i}" in constants else name
        for i, name in enumerate(node.inputs)
    )
    return replace(node, inputs=inputs, attrs=attrs), constants


def _operand(prepared: Prepared, node: Node, name: str, new: str) -> Tensor:
    """A constant operand (of an addition, a concatenation, ...) on a scale."""
    tensor = prepared.graph.tensors[name]
    data, kind = constant(tensor), prepared.kinds[node.outputs[0]]
    params = prepared.params.get(name) if node.op in SHARING else None
    if params is None:
        params = activation_params(float(data.min(initial=0)), float(data.max(initial=0)), kind)
    integers = to_integers(data, params, kind).astype(kind.numpy)
    return replace(tensor, name=new, dtype=kind, quant=params, data=integers)


def _mac(prepared: Prepared, node: Node, adjust: Adjustments) -> tuple[Node, dict[str, Tensor]]:
    x, w, bias = mac_tensors(prepared.graph, node)
    scheme = prepared.schemes.of(node.name)
    params = adjust.params.get(node.name) or prepared.weight_params(node)
    integers = adjust.weights.get(node.name)
    if integers is None:
        integers = to_integers(constant(w), params, scheme.weight)
    weights = replace(w, name=f"{node.name}.weights", dtype=scheme.weight, quant=params,
                      data=integers.astype(scheme.weight.numpy))  # fmt: skip
    made = {weights.name: weights}
    inputs: tuple[str, ...] = (x.name, weights.name)
    bias = adjust.biases.get(node.name, bias)
    if bias is not None:
        made[f"{node.name}.bias"] = _bias(prepared, node, x, params, bias)
        inputs = (*inputs, f"{node.name}.bias")
    return replace(node, inputs=inputs), made


def _bias(prepared: Prepared, node: Node, x: Tensor, params: QuantParams, bias: Floats) -> Tensor:
    """The bias on the scale of the products: int32, int64 for int16 activations."""
    kind = DType.INT64 if prepared.kinds[x.name] is DType.INT16 else DType.INT32
    scale = prepared.params[x.name].scale[0] * params.scale
    rounded = np.round(bias.astype(np.float64) / scale)
    if np.abs(rounded).max(initial=0) > RANGES[DType.INT32][1] and kind is DType.INT32:
        raise QuantError("its bias leaves int32 on the scale of the products",
                         fix="quantize the layer as int16x8, whose biases are int64")  # fmt: skip
    integers = rounded.astype(kind.numpy)
    quant = QuantParams(scale, 0, 0)
    return Tensor(f"{node.name}.bias", integers.shape, kind, quant, integers)
