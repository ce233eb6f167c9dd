"""Operators of later networks: transposed convolution, slopes, reductions, gathering."""

from __future__ import annotations

from math import isfinite

from edgeq.errors import ModelError
from edgeq.frontends.tflite_source import Meaning, Source, axis_of
from edgeq.frontends.tflite_windows import SAME, VALID, check_weights
from edgeq.ir import Attr, DType, Shape

MAX_BLOCK = 1 << 12
BIAS = 3
"""The input of TRANSPOSE_CONV that is its bias."""

CHANNEL_TYPES = {
    (DType.FLOAT32, DType.FLOAT32, DType.FLOAT32): (DType.FLOAT32,),
    (DType.INT8, DType.INT8, DType.INT8): (DType.INT32,),
    (DType.INT16, DType.INT8, DType.INT16): (DType.INT64,),
}
"""Types of (x, weights, y) and of the bias beside them."""

SLOPE_TYPES = {
    DType.FLOAT32: DType.FLOAT32, DType.INT8: DType.INT8, DType.UINT8: DType.UINT8,
    DType.INT16: DType.INT8,
}  # fmt: skip
"""Types of slopes by that of x."""


def transpose_conv(src: Source) -> Meaning:
    """TRANSPOSE_CONV: the output's shape comes first, and says what is cut off or added."""
    w, x = src.ranked(1, "weights", 4), src.ranked(2, "x", 4)
    shape = src.integers(0, "output shape", 4)
    if shape[0] != x.shape[0] or shape[3] != w.shape[0] or x.shape[3] != w.shape[3]:
        raise ModelError(f"weights {w.shape} do not turn {x.shape} into {shape}")
    check_weights(src, w, axis=0, channels=w.shape[0], bias=BIAS)
    stride = src.options.pair("StrideH", "StrideW")
    padding, extra = _edges(src, x.shape[1:3], shape[1:3], w.shape[1:3], stride)
    attrs: dict[str, Attr] = {
        "stride": stride, "dilation": (1, 1), "padding": padding,
        "output_padding": extra, "activation": src.options.activation(),
    }  # fmt: skip
    kept = (2, 1, BIAS) if len(src.inputs) > BIAS else (2, 1)
    return Meaning("conv_transpose_2d", attrs, kept)


def _edges(
    src: Source, image: Shape, output: Shape, taps: Shape, stride: tuple[int, int]
) -> tuple[Shape, Shape]:
    """What is cut off (top, bottom, left, right), and what is added behind (h, w).

    Source: the padding is that of a convolution from the output to the input, as TensorFlow
    Lite's ComputePaddingHeightWidth has it.
    """
    code = src.options.number("Padding")
    if code not in (SAME, VALID):
        raise ModelError(f"padding {code} is neither SAME nor VALID")
    padding: list[int] = []
    extra: list[int] = []
    for size, out, k, s in zip(image, output, taps, stride, strict=True):
        if out < 1:
            raise ModelError(f"output size {output} has nothing in it")
        steps = -(-out // s) if code == SAME else (out + s - k) // s
        before = max((steps - 1) * s + k - out, 0) // 2
        cut = (size - 1) * s + k - before - out
        padding += [before, max(cut, 0)]
        extra.append(max(-cut, 0))
    return tuple(padding), tuple(extra)


def check_transpose_types(src: Source) -> None:
    """Float, int8, and int16 by int8 weights."""
    w, x, y = src.need(1, "weights"), src.need(2, "x"), src.outputs[0]
    biases = CHANNEL_TYPES.get((x.dtype, w.dtype, y.dtype))
    if biases is None:
        raise ModelError(f"{x.dtype} by {w.dtype} weights into {y.dtype} is not supported")
    bias = src.inputs[BIAS] if len(src.inputs) > BIAS else None
    if bias is not None and bias.dtype not in biases:
        raise ModelError(f"a {bias.dtype} bias beside {x.dtype} is not supported")
    if w.dtype is DType.INT8 and (w.quant is None or w.quant.zero_point):
        raise ModelError("int8 weights need a scale and zero point 0")


def prelu(src: Source) -> Meaning:
    """PRELU: constant slopes that broadcast."""
    x, slope = src.need(0, "x"), src.need(1, "slopes")
    src.constant(1, "slopes")
    if slope.quant is not None and slope.quant.per_channel:
        raise ModelError("its slopes have more than one scale")
    trailing = (
        x.shape[len(x.shape) - len(slope.shape) :] if len(slope.shape) <= len(x.shape) else ()
    )
    if len(slope.shape) > len(x.shape) or any(
        s not in (1, d) for s, d in zip(slope.shape, trailing, strict=True)
    ):
        raise ModelError(f"slopes {slope.shape} do not fit an input of shape {x.shape}")
    return Meaning("prelu")


def check_prelu_types(src: Source) -> None:
    """One type for all; beside int16 the slopes are int8, as LiteRT reads them."""
    x, slope, y = src.need(0, "x"), src.need(1, "slopes"), src.outputs[0]
    if x.dtype not in SLOPE_TYPES or y.dtype is not x.dtype:
        raise ModelError(f"{x.dtype} into {y.dtype} is not supported")
    if slope.dtype is not SLOPE_TYPES[x.dtype]:
        raise ModelError(f"{slope.dtype} slopes beside {x.dtype} are not supported")


def elu(src: Source) -> Meaning:
    """ELU: alpha is 1."""
    del src
    return Meaning("elu", {"alpha": 1.0})


def gelu(src: Source) -> Meaning:
    """GELU, exact or by tanh."""
    return Meaning("gelu", {"approximate": "tanh" if src.options.flag("Approximate") else "none"})


def power(src: Source) -> Meaning:
    """POW: one constant exponent."""
    data = src.constant(1, "exponent")
    if data.size != 1 or not isfinite(float(data.reshape(-1)[0])):
        raise ModelError(f"an exponent of shape {data.shape} is not one finite number")
    shape = src.need(0, "x").shape
    return Meaning("pow", {"exponent": float(data.reshape(-1)[0])}, (0,), (shape,))


def reduction(src: Source) -> Meaning:
    """SUM, REDUCE_MAX: axes in ascending order, each once."""
    x = src.need(0, "x")
    axes = tuple(sorted({axis_of(a, len(x.shape)) for a in src.integers(1, "axes")}))
    if not axes:
        raise ModelError("no axes are reduced")
    op = {"SUM": "reduce_sum", "REDUCE_MAX": "reduce_max"}[src.name]
    return Meaning(op, {"axes": axes, "keep_dims": src.options.flag("KeepDims")}, (0,))


def depth_to_space(src: Source) -> Meaning:
    """DEPTH_TO_SPACE: blocks before channels."""
    x, block = src.ranked(0, "x", 4), src.options.number("BlockSize")
    if not 1 <= block <= MAX_BLOCK or x.shape[3] % (block * block):
        raise ModelError(f"{x.shape[3]} channels do not make blocks of {block} by {block}")
    return Meaning("depth_to_space", {"block_size": block, "mode": "DCR"})


def gather(src: Source) -> Meaning:
    """GATHER along one axis by constant indices."""
    x, indices = src.need(0, "x"), src.constant(1, "indices")
    if src.options.number("BatchDims"):
        raise ModelError("batch dimensions are not supported")
    axis = axis_of(src.options.number("Axis"), len(x.shape))
    if src.need(1, "indices").dtype not in (DType.INT32, DType.INT64):
        raise ModelError(f"indices are {src.need(1, 'indices').dtype}")
    if indices.size and not 0 <= int(indices.min()) <= int(indices.max()) < x.shape[axis]:
        raise ModelError(f"indices {indices.min()} to {indices.max()} of {x.shape[axis]}")
    return Meaning("gather", {"axis": axis})
