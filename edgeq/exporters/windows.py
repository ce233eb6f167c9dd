"""Operators with weights or windows: convolutions, fully connected, pools.

TensorFlow Lite knows the paddings SAME and VALID alone: any other becomes an operator of its
own, in front.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import GraphError, QuantError
from edgeq.exporters.checks import need_one_scale, need_quant
from edgeq.exporters.draft import Draft, Field
from edgeq.ir import DType, Node, QuantParams, Tensor

SAME, VALID = 0, 1
ACTIVATIONS = {"none": 0, "relu": 1, "relu_n1_to_1": 2, "relu6": 3}
Pair = tuple[int, int]
PRODUCTS = {
    (DType.FLOAT32, DType.FLOAT32, DType.FLOAT32): (DType.FLOAT32,),
    (DType.INT8, DType.INT8, DType.INT8): (DType.INT32,),
    (DType.INT8, DType.INT4, DType.INT8): (DType.INT32,),
    (DType.INT16, DType.INT8, DType.INT16): (DType.INT64, DType.INT32),
    (DType.UINT8, DType.UINT8, DType.UINT8): (DType.INT32,),
}
"""Types of (x, weights, y), and of the bias beside them."""


def conv_2d(draft: Draft, node: Node) -> None:
    """CONV_2D, grouped when the weights see fewer channels than x has."""
    weights = draft.need(node, 1, "weights")
    inputs, options = products(draft, node, axis=0)
    window = _Window(node, (weights.shape[1], weights.shape[2]))
    fields = window.fields(draft, inputs, "Dilation") | options
    draft.emit("CONV_2D", inputs, node.outputs, "Conv2DOptions", fields)


def depthwise_conv_2d(draft: Draft, node: Node) -> None:
    """DEPTHWISE_CONV_2D; TensorFlow Lite has no int32 bias beside int16 here."""
    x, weights = draft.need(node, 0, "x"), draft.need(node, 1, "weights")
    inputs, options = products(draft, node, axis=3)
    if options.pop("QuantizedBiasType", None):
        raise QuantError("an int32 bias beside int16 has no place in DEPTHWISE_CONV_2D",
                         fix="give the layer an int64 bias")  # fmt: skip
    window = _Window(node, (weights.shape[1], weights.shape[2]))
    fields = window.fields(draft, inputs, "Dilation") | options
    fields["DepthMultiplier"] = weights.shape[3] // x.shape[3]
    draft.emit("DEPTHWISE_CONV_2D", inputs, node.outputs, "DepthwiseConv2DOptions", fields)


def fully_connected(draft: Draft, node: Node) -> None:
    """FULLY_CONNECTED with weights (O, I)."""
    inputs, options = products(draft, node, axis=0)
    fields = {"KeepNumDims": bool(node.attrs.get("keep_num_dims", False))} | options
    if len(inputs) == 2:  # noqa: PLR2004 (x, weights: older versions count three inputs)
        inputs.append("")
    draft.emit("FULLY_CONNECTED", inputs, node.outputs, "FullyConnectedOptions", fields)


def pool_2d(draft: Draft, node: Node) -> None:
    """AVERAGE_POOL_2D, MAX_POOL_2D."""
    need_one_scale((draft.need(node, 0, "x"), draft.output(node)))
    height, width = node.ints("filter")
    inputs = [node.inputs[0]]
    fields = _Window(node, (height, width)).fields(draft, inputs)
    fields |= {"FilterHeight": height, "FilterWidth": width, **activation(node)}
    draft.emit(node.op.upper(), inputs, node.outputs, "Pool2DOptions", fields)


def activation(node: Node) -> dict[str, Field]:
    """The option field of the fused activation.

    Raises:
        GraphError: TensorFlow Lite has none like it.
    """
    kind = str(node.attrs.get("activation", "none"))
    if kind not in ACTIVATIONS:
        raise GraphError(f"TensorFlow Lite has no fused activation {kind}")
    return {"FusedActivationFunction": ACTIVATIONS[kind]}


class _Window:
    """The window of a convolution or a pool: `taps` rows and columns over an image."""

    def __init__(self, node: Node, taps: Pair) -> None:
        self._node, self._taps = node, taps
        self._stride, self._padding = node.ints("stride"), node.ints("padding")
        self._dilation = node.ints("dilation") if "dilation" in node.attrs else (1, 1)

    def fields(self, draft: Draft, inputs: list[str], dilation: str = "") -> dict[str, Field]:
        """The options; `inputs[0]` becomes the padded image where a PAD is needed.

        Args:
            draft: gets the PAD.
            inputs: the operator's, x first.
            dilation: how the fields of the dilation begin, "" for operators without.
        """
        x = draft.tensors[inputs[0]]
        code = self._code(x, draft.output(self._node))
        if code is None:
            inputs[0], code = self._padded(draft, x), VALID
        fields: dict[str, Field] = {
            "Padding": code, "StrideH": self._stride[0], "StrideW": self._stride[1],
        }  # fmt: skip
        if dilation:
            fields |= {f"{dilation}HFactor": self._dilation[0],
                       f"{dilation}WFactor": self._dilation[1]}  # fmt: skip
        return fields

    def _code(self, x: Tensor, y: Tensor) -> int | None:
        """VALID or SAME where it means this padding; None where neither does.

        What matters is where the first window begins and how many there are: padding that no
        window reaches may differ.
        """
        for code in (VALID, SAME):
            found = [self._meaning(code, x.shape[1 + axis], axis) for axis in range(2)]
            wanted = [(self._padding[2 * axis], y.shape[1 + axis]) for axis in range(2)]
            if found == wanted:
                return code
        return None

    def _meaning(self, code: int, size: int, axis: int) -> Pair:
        """(padding before, windows) along one axis, in the formulas of TensorFlow's notes."""
        reach = (self._taps[axis] - 1) * self._dilation[axis] + 1
        stride = self._stride[axis]
        if code == VALID:
            return 0, (size - reach) // stride + 1
        count = -(-size // stride)
        return max((count - 1) * stride + reach - size, 0) // 2, count

    def _padded(self, draft: Draft, x: Tensor) -> str:
        """The image with its border, made by an operator of its own."""
        node, (top, bottom, left, right) = self._node, self._padding
        if node.op == "average_pool_2d":
            raise GraphError(
                f"TensorFlow Lite has no average over windows padded by {self._padding}",
                why="it is neither SAME nor VALID, and pixels of a PAD would be counted",
            )
        n, h, w, c = x.shape
        y = draft.between(node, "padded", x, (n, top + h + bottom, left + w + right, c))
        amounts = draft.parameter(node, "padding", _amounts(self._padding))
        if node.op != "max_pool_2d":
            draft.emit("PAD", [x.name, amounts], [y], "PadOptions")
            return y
        inputs = [x.name, amounts, draft.add(node, "least", _least(x))]
        draft.emit("PADV2", inputs, [y], "PadV2Options")
        return y


def _least(x: Tensor) -> Tensor:
    """A border that no maximum takes, on the scale of `x`."""
    limits = np.finfo(np.float32) if x.dtype is DType.FLOAT32 else np.iinfo(x.dtype.numpy)
    return Tensor("", (1,), x.dtype, x.quant, np.array([limits.min], x.dtype.numpy))


def _amounts(padding: tuple[int, ...]) -> NDArray[np.int32]:
    """(top, bottom, left, right) as (before, after) of each dimension, (4, 2)."""
    top, bottom, left, right = padding
    return np.array([(0, 0), (top, bottom), (left, right), (0, 0)], np.int32)


def products(draft: Draft, node: Node, axis: int) -> tuple[list[str], dict[str, Field]]:
    """Inputs and options that every multiply-accumulate has; the bias gets its scale.

    axis   of the weights' output channels
    """
    x, w, y = draft.need(node, 0, "x"), draft.need(node, 1, "weights"), draft.output(node)
    biases = PRODUCTS.get((x.dtype, w.dtype, y.dtype))
    if biases is None:
        raise GraphError(f"TensorFlow Lite has no {x.dtype} by {w.dtype} weights into {y.dtype}")
    check_weights(w, axis)
    inputs, fields = [x.name, w.name], activation(node)
    if len(node.inputs) <= 2 or not node.inputs[2]:  # noqa: PLR2004 (x, weights, bias)
        return inputs, fields
    bias = draft.need(node, 2, "bias")
    if bias.dtype not in biases:
        raise QuantError(f"TensorFlow Lite has no {bias.dtype} bias beside {x.dtype}")
    if x.dtype is DType.INT16 and bias.dtype is DType.INT32:
        fields["QuantizedBiasType"] = DType.INT32
    name = bias.name
    if bias.dtype is not DType.FLOAT32:
        name = draft.requantized(node, "bias", bias.name, bias_quant(x, w))
    return [*inputs, name], fields


def bias_quant(x: Tensor, w: Tensor) -> QuantParams:
    """The scale of the products, in the single precision of the file.

    Raises:
        QuantError: single precision cannot hold it.
    """
    scales = need_weights_quant(w).scale.astype(np.float32)
    with np.errstate(over="ignore", under="ignore"):
        product = np.float32(need_quant(x).scale[0]) * scales
    if not (np.isfinite(product) & (product > 0)).all():
        raise QuantError(f"the scales of {x.name} and {w.name} have a product beyond float32")
    return QuantParams(product.astype(np.float64), 0, 0 if scales.size > 1 else None)


def need_weights_quant(w: Tensor) -> QuantParams:
    """The scales of quantized weights.

    Raises:
        QuantError: there are none.
    """
    if w.quant is None:
        raise QuantError(f"{w.dtype} weights {w.name} have no scale")
    return w.quant


def check_weights(w: Tensor, axis: int) -> None:
    """Raise GraphError or QuantError unless TensorFlow Lite can express these weights."""
    if not w.is_constant:
        raise GraphError(f"weights {w.name} are computed, not constant")
    if w.dtype is DType.FLOAT32:
        return
    quant = need_weights_quant(w)
    if quant.group_factors is not None:
        raise QuantError(
            f"weights {w.name} have scales in groups of {quant.group_size}",
            why="TensorFlow Lite has one scale per output channel at most",
            fix="quantize this layer with scheme int4 or int8, or write an .edgeq file",
        )
    if quant.axis not in (None, axis):
        raise QuantError(f"weights {w.name} are quantized along axis {quant.axis}, not {axis}")
    if quant.zero_point and w.dtype is not DType.UINT8:
        raise QuantError(f"{w.dtype} weights {w.name} have zero point {quant.zero_point}, not 0")
