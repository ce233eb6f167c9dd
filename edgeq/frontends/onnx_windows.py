"""Operators with weights or windows over images, in one dimension or two.

An image of one dimension (N, C, W) is one of height 1.  Padding is resolved here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import prod

import numpy as np

from edgeq.errors import ModelError
from edgeq.frontends.onnx_build import Builder, Const, Operand, Value
from edgeq.frontends.onnx_layout import Layout, channels_last
from edgeq.frontends.onnx_node import OnnxNode
from edgeq.ir import Attr, DType, Shape

Pair = tuple[int, int]
Results = tuple[Operand, ...]
SAME = ("SAME_UPPER", "SAME_LOWER")
MAX_STEP = 1 << 20
"""Of strides, dilations and pads: far beyond any window that makes sense."""


@dataclass(frozen=True, slots=True)
class Window:
    """Windows over an image, each pair down and across.

    pads   before and after, down then across
    """

    taps: Pair
    stride: Pair
    dilation: Pair
    pads: tuple[Pair, Pair]

    @property
    def padding(self) -> tuple[int, ...]:
        """(top, bottom, left, right)."""
        return (*self.pads[0], *self.pads[1])

    def attrs(self, activation: str = "none") -> dict[str, Attr]:
        """Of a convolution."""
        return {"stride": self.stride, "dilation": self.dilation, "padding": self.padding,
                "activation": activation}  # fmt: skip


def conv(node: OnnxNode) -> Results:
    """Conv: depthwise when every channel is a group of its own."""
    x, w = node.image(), node.const(1, "the weights")
    window = window_of(node, x.shape, w.shape[2:])
    group, channels = node.number("group", 1), x.shape[1]
    out_c, in_c = _check_groups(w, group, channels)
    bias = bias_of(node, 2, out_c)
    if group > 1 and in_c == 1 and out_c % channels == 0:
        op, weights = "depthwise_conv_2d", _depthwise(w)
    else:
        op, weights = "conv_2d", w.moved(channels_last(len(w.shape))).shaped(_ohwi(w))
    return (_convolved(node, x, op, (weights, bias), window.attrs()),)


def conv_transpose(node: OnnxNode) -> Results:
    """ConvTranspose; groups are convolved one by one and joined."""
    x, w = node.image(), node.const(1, "the weights")
    group, channels = node.number("group", 1), x.shape[1]
    if group < 1 or len(w.shape) != len(x.shape) or w.shape[0] != channels or channels % group:
        raise ModelError(f"weights {w.shape} do not fit {channels} channels in {group} groups")
    out_c = w.shape[1] * group
    attrs = _transposed_attrs(node, x.shape, w.shape[2:])
    bias = bias_of(node, 2, out_c)
    swapped = (1, *range(2, len(w.shape)), 0)  # I O H W to O H W I
    if group == 1:
        weights = w.moved(swapped).shaped((out_c, *_pair(w.shape[2:], 1), channels))
        return (_convolved(node, x, "conv_transpose_2d", (weights, bias), attrs),)
    return (_grouped(node, x, w, bias, attrs, swapped),)


def _grouped(
    node: OnnxNode, x: Value, w: Const, bias: Const | None, attrs: Mapping[str, Attr],
    swapped: tuple[int, ...],
) -> Value:  # fmt: skip
    group = node.number("group", 1)
    step, out_step = x.shape[1] // group, w.shape[1]
    tensor = image_of(node.build, x)
    shape = node.build.tensors[tensor].shape
    parts = [node.build.tensor(f"{node.name}/in", (*shape[:3], step)) for _ in range(group)]
    node.build.nodes_with("split", (tensor,), parts, {"axis": 3, "sizes": (step,) * group})
    results = []
    for g, part in enumerate(parts):
        cut = Const(np.ascontiguousarray(w.real[g * step : (g + 1) * step]))
        weights = cut.moved(swapped).shaped((out_step, *_pair(w.shape[2:], 1), step))
        own = None if bias is None else Const(bias.real[g * out_step : (g + 1) * out_step])
        y_shape = (*_spatial(node.shape), out_step)
        results.append(_node(node, "conv_transpose_2d", part, (weights, own), attrs, y_shape))
    joined = (*_spatial(node.shape), out_step * group)
    y = node.build.node("concatenation", results, joined, node.name,
                        {"axis": 3, "activation": "none"})  # fmt: skip
    return _image_value(node, y)


def _convolved(
    node: OnnxNode, x: Value, op: str, constants: tuple[Const, Const | None],
    attrs: Mapping[str, Attr],
) -> Value:  # fmt: skip
    """The node, and its output as an image of the file's shape."""
    shape = (*_spatial(node.shape), node.shape[1])
    y = _node(node, op, image_of(node.build, x), constants, attrs, shape)
    return _image_value(node, y)


def _node(
    node: OnnxNode, op: str, tensor: str, constants: tuple[Const, Const | None],
    attrs: Mapping[str, Attr], shape: Shape,
) -> str:  # fmt: skip
    names = [tensor, node.build.constant(constants[0], f"{node.name}/weights")]
    if constants[1] is not None:
        names.append(node.build.constant(constants[1], f"{node.name}/bias"))
    output = (shape, DType.FLOAT32, None)
    return node.build.node_of(op, names, node.name, attrs, output)


def pool(node: OnnxNode) -> Results:
    """AveragePool, MaxPool."""
    x = node.image()
    if any(node.outputs[1:]):
        raise ModelError("the indices of a MaxPool are not supported")
    window = _reach(node, window_of(node, x.shape, node.list("kernel_shape")), x.shape)
    if window.dilation != (1, 1):
        raise ModelError(f"pools with dilation {window.dilation} are not supported")
    tensor = image_of(node.build, x)
    if node.op == "AveragePool" and node.number("count_include_pad") and any(window.padding):
        tensor, window = _with_border(node, tensor, window)
    attrs: dict[str, Attr] = {"filter": window.taps, "stride": window.stride,
                              "padding": window.padding, "activation": "none"}  # fmt: skip
    op = {"AveragePool": "average_pool_2d", "MaxPool": "max_pool_2d"}[node.op]
    y = node.build.node(op, (tensor,), (*_spatial(node.shape), node.shape[1]), node.name, attrs)
    return (replace(_image_value(node, y), unsigned=x.unsigned),)


def global_max_pool(node: OnnxNode) -> Results:
    """GlobalMaxPool: one window that is the whole image."""
    x = node.image()
    tensor = image_of(node.build, x)
    attrs: dict[str, Attr] = {"filter": _pair(x.shape[2:], 1), "stride": (1, 1),
                              "padding": (0, 0, 0, 0), "activation": "none"}  # fmt: skip
    shape = (x.shape[0], 1, 1, x.shape[1])
    y = node.build.node("max_pool_2d", (tensor,), shape, node.name, attrs)
    return (replace(_image_value(node, y), unsigned=x.unsigned),)


def image_of(build: Builder, x: Value) -> str:
    """The tensor of an image as (N, H, W, C)."""
    return build.arranged(x, channels_last(len(x.shape)), (*_spatial(x.shape), x.shape[1]))


def window_of(node: OnnxNode, image: Shape, taps: Shape) -> Window:
    """The windows over an image (N, C, ...), their padding resolved.

    Raises:
        ModelError: attributes are missing, of the wrong length, negative or huge.
    """
    dims = len(image) - 2
    kernel = node.list("kernel_shape") or taps
    if tuple(kernel) != tuple(taps) or len(taps) != dims or any(k < 1 for k in taps):
        raise ModelError(f"kernel_shape {kernel} does not fit weights of {taps}, or the image")
    stride, dilation = node.list("strides") or (1,) * dims, node.list("dilations") or (1,) * dims
    pads = node.list("pads") or (0,) * (2 * dims)
    if len(stride) != dims or len(dilation) != dims or len(pads) != 2 * dims:
        raise ModelError(f"strides {stride}, dilations {dilation} or pads {pads} of a wrong length")
    if any(not 1 <= v <= MAX_STEP for v in (*stride, *dilation)) or any(
        not 0 <= p <= MAX_STEP for p in pads
    ):
        raise ModelError(f"strides {stride}, dilations {dilation} or pads {pads} are not possible")
    around = tuple((pads[i], pads[i + dims]) for i in range(dims))
    auto = node.text("auto_pad", "NOTSET")
    if auto in SAME:
        around = tuple(
            _same(auto, n, (k - 1) * d + 1, s)
            for n, k, d, s in zip(image[2:], taps, dilation, stride, strict=True)
        )
    elif auto not in ("NOTSET", "VALID", ""):
        raise ModelError(f"auto_pad {auto!a} is not known")
    elif auto == "VALID":
        around = ((0, 0),) * dims
    whole = ((0, 0),) * (2 - dims) + around
    return Window(_pair(taps, 1), _pair(stride, 1), _pair(dilation, 1), (whole[0], whole[1]))


def bias_of(node: OnnxNode, index: int, count: int) -> Const | None:
    """The constant bias of an input, one value per output channel."""
    if node.given(index) is None:
        return None
    bias = node.const(index, "the bias")
    if prod(bias.shape) != count:
        raise ModelError(f"a bias of shape {bias.shape} does not fit {count} channels")
    return bias.shaped((count,))


def _same(auto: str, size: int, reach: int, stride: int) -> Pair:
    """Zeros before and after so that the output has ceil(size / stride) elements."""
    total = max((-(-size // stride) - 1) * stride + reach - size, 0)
    small, large = total // 2, total - total // 2
    return (small, large) if auto == "SAME_UPPER" else (large, small)


def _reach(node: OnnxNode, window: Window, image: Shape) -> Window:
    """The windows with as much padding at the end as the number of outputs says (ceil_mode)."""
    ends = []
    sizes = zip(_spatial(image)[1:], _spatial(node.shape)[1:], window.taps, window.stride,
                window.pads, window.dilation, strict=True)  # fmt: skip
    for size, count, k, s, (before, after), d in sizes:
        needed = (count - 1) * s + (k - 1) * d + 1 - size - before
        extra = needed > after
        if extra and node.op == "AveragePool" and node.number("count_include_pad"):
            raise ModelError("ceil_mode with count_include_pad is not supported")
        ends.append((before, max(needed, 0) if extra else after))
    return replace(window, pads=(ends[0], ends[1]))


def _with_border(node: OnnxNode, tensor: str, window: Window) -> tuple[str, Window]:
    """The image with its border written out, so that the zeros count."""
    (top, bottom), (left, right) = window.pads
    n, h, w, c = node.build.tensors[tensor].shape
    attrs: dict[str, Attr] = {"before": (0, top, left, 0), "after": (0, bottom, right, 0),
                              "value": 0.0}  # fmt: skip
    shape = (n, h + top + bottom, w + left + right, c)
    padded = node.build.node("pad", (tensor,), shape, f"{node.name}/padded", attrs)
    return padded, replace(window, pads=((0, 0), (0, 0)))


def _transposed_attrs(node: OnnxNode, image: Shape, taps: Shape) -> dict[str, Attr]:
    """Of a conv_transpose_2d: pads as the number of outputs asks for them."""
    auto = node.text("auto_pad", "NOTSET")
    plain = replace(node, attrs={k: v for k, v in node.attrs.items() if k != "auto_pad"})
    window = window_of(plain, image, taps)
    extra = _pair(node.list("output_padding") or (0,) * len(taps), 0)
    if any(not 0 <= e < max(s, d) for e, s, d in
           zip(extra, window.stride, window.dilation, strict=True)):  # fmt: skip
        raise ModelError(f"output_padding {extra} is not below the stride or the dilation")
    pads: list[Pair] = []
    for i, size in enumerate(_spatial(image)[1:]):
        full = (size - 1) * window.stride[i] + (window.taps[i] - 1) * window.dilation[i] + 1
        cut = full + extra[i] - _spatial(node.shape)[1 + i]
        given = window.pads[i]
        if node.list("output_shape") or auto in SAME:
            small = max(cut, 0) // 2
            given = (small, cut - small) if auto == "SAME_UPPER" else (cut - small, small)
        if sum(given) != cut or min(given) < 0:
            raise ModelError(f"pads {given} do not make an output of shape {node.shape}")
        pads.append(given)
    attrs = replace(window, pads=(pads[0], pads[1])).attrs()
    return {**attrs, "output_padding": extra}


def _check_groups(w: Const, group: int, channels: int) -> Pair:
    """(output channels, input channels of a group)."""
    out_c, in_c = w.shape[:2]
    if group < 1 or out_c % group or in_c * group != channels or not out_c:
        raise ModelError(f"weights {w.shape} do not fit {channels} channels in {group} groups")
    return out_c, in_c


def _depthwise(w: Const) -> Const:
    """(O, 1, KH, KW) as (1, KH, KW, O)."""
    rank = len(w.shape)
    return w.moved((1, *range(2, rank), 0)).shaped((1, *_pair(w.shape[2:], 1), w.shape[0]))


def _ohwi(w: Const) -> Shape:
    return (w.shape[0], *_pair(w.shape[2:], 1), w.shape[1])


def _spatial(shape: Shape) -> tuple[int, int, int]:
    """(N, H, W) of (N, C, ...)."""
    return (shape[0], *_pair(shape[2:], 1))


def _pair(values: Shape, fill: int) -> Pair:
    """Down and across; `fill` down when there is one dimension."""
    return (values[0], values[1]) if len(values) > 1 else (fill, values[0])


def _image_value(node: OnnxNode, tensor: str) -> Value:
    return Value(tensor, Layout.of(node.shape, channels_last(len(node.shape))))
