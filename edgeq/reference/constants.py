"""Values known when a model is compiled: shape arithmetic, and weights back in float.

Exporters compute the target of a reshape from the shape of a tensor: integer operators on
a handful of values, which are all known once the batch is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import GraphError
from edgeq.ir import DType, Node, QuantParams, Shape, Tensor

Array = NDArray[Any]
Inputs = tuple[Array, ...]

MAX_FOLDED = 4096
"""Elements; shape arithmetic has a few, and folding more would only grow the constants."""

INTEGERS = (DType.INT32, DType.INT64)


def constant_values(
    node: Node, inputs: tuple[Tensor | None, ...], outputs: tuple[Tensor, ...]
) -> tuple[Array, ...] | None:
    """The outputs of a node that are known when the model is compiled; None when they are not.

    Known are shapes, integer arithmetic on constants (which wraps around, as the runtimes'
    does), and dequantized constants.
    """
    if node.op == "shape" and inputs[0] is not None:
        return (np.array(inputs[0].shape, outputs[0].dtype.numpy),)
    if node.op == "dequantize" and inputs[0] is not None and inputs[0].data is not None:
        real = dequantized(inputs[0]).data
        return None if real is None else (real,)
    return _integer_values(node, inputs, outputs)


def _integer_values(
    node: Node, inputs: tuple[Tensor | None, ...], outputs: tuple[Tensor, ...]
) -> tuple[Array, ...] | None:
    evaluate = _EVALUATE.get(node.op)
    values = tuple(t.data for t in inputs if t is not None and t.data is not None)
    if evaluate is None or len(values) != len(inputs):
        return None
    if node.attrs.get("activation", "none") != "none":
        return None
    tensors = (*(t for t in inputs if t is not None), *outputs)
    if any(t.dtype not in INTEGERS or t.size > MAX_FOLDED for t in tensors):
        return None
    results = evaluate(node, values)
    return tuple(
        np.asarray(v).astype(t.dtype.numpy).reshape(t.shape)
        for v, t in zip(results, outputs, strict=True)
    )


def dequantized(tensor: Tensor) -> Tensor:
    """A constant as the float32 constant that it stands for.

    scale * (q - zero_point) in float32, one rounding, as the runtimes' dequantize.
    """
    quant, data = tensor.quant, tensor.data
    if tensor.dtype is DType.FLOAT32 and data is not None:
        return tensor
    if quant is None or data is None:
        raise GraphError(f"tensor {tensor.name} is not a quantized constant")
    scale = _along_axis(quant, tensor.shape).astype(np.float32)
    real = (data.astype(np.int32) - quant.zero_point).astype(np.float32) * scale
    return replace(tensor, dtype=DType.FLOAT32, quant=None, data=real.astype(np.float32))


def _along_axis(quant: QuantParams, shape: Shape) -> NDArray[np.float64]:
    """The scales, times their groups' factors, in a shape that broadcasts over the tensor."""
    rank = len(shape)
    if quant.axis is None:
        return quant.scale.reshape((1,) * rank)
    if quant.group_factors is not None:
        channels = (shape[0], *(1 for _ in shape[1:-1]))
        factors = quant.factors(shape[-1]).reshape(*channels, shape[-1])
        return quant.scale.reshape((-1, *(1 for _ in shape[1:]))) * factors
    return quant.scale.reshape(tuple(-1 if i == quant.axis else 1 for i in range(rank)))


def _slice(node: Node, inputs: Inputs) -> Inputs:
    """The elements at begin + i * stride of every dimension."""
    spans = zip(node.ints("begin"), node.ints("size"), node.ints("strides"), strict=True)
    return (inputs[0][np.ix_(*(begin + stride * np.arange(n) for begin, n, stride in spans))],)


def _split(node: Node, inputs: Inputs) -> Inputs:
    ends = np.cumsum(node.ints("sizes"))[:-1]
    return tuple(np.split(inputs[0], ends, _axis(node)))


def _unpack(node: Node, inputs: Inputs) -> Inputs:
    return tuple(np.moveaxis(inputs[0], _axis(node), 0))


def _axis(node: Node) -> int:
    axis = node.attrs["axis"]
    if not isinstance(axis, int):
        raise TypeError(f"{node.name}: attribute axis is not an integer")
    return axis


def _pad(node: Node, inputs: Inputs) -> Inputs:
    widths = tuple(zip(node.ints("before"), node.ints("after"), strict=True))
    return (np.pad(inputs[0], widths, constant_values=node.attrs["value"]),)


_EVALUATE: Mapping[str, Callable[[Node, Inputs], Inputs]] = {
    "reshape": lambda _, x: (x[0],),
    "strided_slice": _slice,
    "pack": lambda node, x: (np.stack(x, _axis(node)),),
    "unpack": _unpack,
    "concatenation": lambda node, x: (np.concatenate(x, _axis(node)),),
    "split": _split,
    "transpose": lambda node, x: (x[0].transpose(node.ints("perm")),),
    "pad": _pad,
    "add": lambda _, x: (x[0] + x[1],),
    "sub": lambda _, x: (x[0] - x[1],),
    "mul": lambda _, x: (x[0] * x[1],),
    "maximum": lambda _, x: (np.maximum(x[0], x[1]),),
    "minimum": lambda _, x: (np.minimum(x[0], x[1]),),
}
"""By operator: the values of its outputs, any integer dtype, elements in order."""
