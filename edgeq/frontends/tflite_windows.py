"""Operators with weights or windows: convolutions, fully connected, pools.

Their padding is resolved here: nothing after the front end knows SAME and VALID.
"""

from __future__ import annotations

from edgeq.errors import ModelError
from edgeq.frontends.tflite_source import Meaning, Options, Source
from edgeq.ir import Attr, DType, Tensor

Pair = tuple[int, int]
SAME, VALID = 0, 1
DEFAULT_WEIGHTS_FORMAT = 0


def conv_2d(src: Source) -> Meaning:
    """CONV_2D, grouped when the weights see fewer channels than x has."""
    x, w = src.ranked(0, "x", 4), src.ranked(1, "weights", 4)
    check_weights(src, w, axis=0, channels=w.shape[0])
    channels, in_c = x.shape[3], w.shape[3]
    if channels % in_c or w.shape[0] % (channels // in_c):
        raise ModelError(f"weights {w.shape} do not fit {channels} channels")
    return Meaning("conv_2d", _convolution(src.options, x, (w.shape[1], w.shape[2])))


def depthwise_conv_2d(src: Source) -> Meaning:
    """DEPTHWISE_CONV_2D; its depth multiplier is read off the shapes."""
    x, w = src.ranked(0, "x", 4), src.ranked(1, "weights", 4)
    check_weights(src, w, axis=3, channels=w.shape[3])
    channels, declared = x.shape[3], src.options.number("DepthMultiplier")
    if w.shape[0] != 1 or w.shape[3] % channels:
        raise ModelError(f"weights {w.shape} do not fit {channels} channels")
    if declared not in (0, w.shape[3] // channels):
        raise ModelError(f"depth multiplier {declared} does not fit weights {w.shape}")
    return Meaning("depthwise_conv_2d", _convolution(src.options, x, (w.shape[1], w.shape[2])))


def fully_connected(src: Source) -> Meaning:
    """FULLY_CONNECTED with plain weights (O, I)."""
    x, w = src.need(0, "x"), src.ranked(1, "weights", 2)
    check_weights(src, w, axis=0, channels=w.shape[0])
    if src.options.number("WeightsFormat") != DEFAULT_WEIGHTS_FORMAT:
        raise ModelError("shuffled weights are not supported")
    keep = src.options.flag("KeepNumDims")
    if x.size % w.shape[1] or (keep and (not x.shape or x.shape[-1] != w.shape[1])):
        raise ModelError(f"weights {w.shape} do not fit an input of shape {x.shape}")
    attrs: dict[str, Attr] = {"activation": src.options.activation(), "keep_num_dims": keep}
    return Meaning("fully_connected", attrs)


def pool_2d(src: Source) -> Meaning:
    """AVERAGE_POOL_2D, MAX_POOL_2D."""
    x = src.ranked(0, "x", 4)
    filter_ = src.options.pair("FilterHeight", "FilterWidth")
    stride = src.options.pair("StrideH", "StrideW")
    padding = _padding(src.options, x, filter_, stride, (1, 1))
    attrs: dict[str, Attr] = {"filter": filter_, "stride": stride, "padding": padding}
    return Meaning(src.name.lower(), attrs | {"activation": src.options.activation()})


def same_padding(size: int, taps: int, stride: int, dilation: int) -> Pair:
    """Zeros (before, after) one dimension of SAME padding; the odd one goes after.

    Source: TensorFlow, "Notes on padding": the output has ceil(size / stride) elements.
    """
    out = -(-size // stride)
    total = max((out - 1) * stride + (taps - 1) * dilation + 1 - size, 0)
    return total // 2, total - total // 2


def _convolution(options: Options, x: Tensor, taps: Pair) -> dict[str, Attr]:
    stride = options.pair("StrideH", "StrideW")
    dilation = options.pair("DilationHFactor", "DilationWFactor")
    return {
        "stride": stride,
        "dilation": dilation,
        "padding": _padding(options, x, taps, stride, dilation),
        "activation": options.activation(),
    }


def _padding(
    options: Options, x: Tensor, taps: Pair, stride: Pair, dilation: Pair
) -> tuple[int, ...]:
    """(top, bottom, left, right), with every window on the image at least in part."""
    code = options.number("Padding")
    if code not in (SAME, VALID):
        raise ModelError(f"padding {code} is neither SAME nor VALID")
    pads: list[int] = []
    for size, k, s, d in zip(x.shape[1:3], taps, stride, dilation, strict=True):
        reach = (k - 1) * d + 1
        if code == VALID and reach > size:
            raise ModelError(f"a window of {reach} does not fit an image of {x.shape[1:3]}")
        pads += same_padding(size, k, s, d) if code == SAME else (0, 0)
    return tuple(pads)


def check_weights(src: Source, w: Tensor, axis: int, channels: int, bias: int = 2) -> None:
    """Constant weights, scales along `axis`, at input `bias` one value per channel, if any."""
    src.constant(1, "weights")
    if w.quant is not None and w.quant.axis not in (None, axis):
        raise ModelError(f"weights are quantized along axis {w.quant.axis}, not {axis}")
    if len(src.inputs) <= bias or src.inputs[bias] is None:
        return
    src.constant(bias, "bias")
    if src.need(bias, "bias").size != channels:
        raise ModelError(f"bias {src.need(bias, 'bias').shape} does not fit {channels} channels")


MAC_TYPES = {
    (DType.FLOAT32, DType.FLOAT32, DType.FLOAT32): (DType.FLOAT32,),
    (DType.FLOAT32, DType.INT8, DType.FLOAT32): (DType.FLOAT32,),
    (DType.FLOAT32, DType.INT4, DType.FLOAT32): (DType.FLOAT32,),
    (DType.FLOAT32, DType.UINT8, DType.FLOAT32): (DType.FLOAT32,),
    (DType.INT8, DType.INT8, DType.INT8): (DType.INT32,),
    (DType.INT8, DType.INT4, DType.INT8): (DType.INT32,),
    (DType.INT16, DType.INT8, DType.INT16): (DType.INT32, DType.INT64),
    (DType.INT16, DType.INT4, DType.INT16): (DType.INT32, DType.INT64),
    (DType.UINT8, DType.UINT8, DType.UINT8): (DType.INT32,),
}
"""Types of (x, weights, y) and of the bias beside them."""


def check_mac_types(src: Source) -> None:
    """Types that multiply: float, hybrid, int8 and int16 by int8 or int4, legacy uint8."""
    x, w, y = src.need(0, "x"), src.need(1, "weights"), src.outputs[0]
    biases = MAC_TYPES.get((x.dtype, w.dtype, y.dtype))
    if biases is None:
        raise ModelError(f"{x.dtype} by {w.dtype} weights into {y.dtype} is not supported")
    bias = src.inputs[2] if len(src.inputs) > 2 else None  # noqa: PLR2004
    if bias is not None and bias.dtype not in biases:
        raise ModelError(f"a {bias.dtype} bias beside {x.dtype} is not supported")
    if w.dtype is DType.INT8 and w.quant is not None and w.quant.zero_point:
        raise ModelError(f"int8 weights have zero point {w.quant.zero_point}, not 0")
    if w.dtype is not DType.FLOAT32 and w.quant is None:
        raise ModelError(f"{w.dtype} weights have no scale")
