"""One-operator .tflite models with the output's shape worked out, for every operator.

Every function takes tensors described by `one_op.T` and returns a file; an output `y` given
by the caller lends its dtype and quantization, its shape is computed here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from tests.one_op import T, const, one_op

Pair = tuple[int, int]


def window(size: Pair, kernel: Pair, stride: Pair, dilation: Pair, padding: str) -> Pair:
    """Output rows and columns of a sliding window, "SAME" or "VALID"."""
    valid = int(padding == "VALID")
    reach = [valid * (k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    h, w = ((n - r) // s + 1 for n, r, s in zip(size, reach, stride, strict=True))
    return h, w


def conv_2d(
    x: T,
    w: T,
    bias: T | None = None,
    y: T | None = None,
    *,
    stride: Pair = (1, 1),
    dilation: Pair = (1, 1),
    padding: str = "SAME",
    activation: str = "NONE",
) -> bytes:
    """CONV_2D of x (N, H, W, I) with weights (O, KH, KW, I)."""
    n, h, wide, _ = x.shape
    size = window((h, wide), (w.shape[1], w.shape[2]), stride, dilation, padding)
    options = _spatial(stride, padding, activation) | _dilation(dilation)
    out = _like(x, (n, *size, w.shape[0]), y)
    inputs = [x, w] if bias is None else [x, w, bias]
    return one_op("CONV_2D", inputs, [out], **options | _short_bias(x, bias, 8))


def depthwise_conv_2d(
    x: T,
    w: T,
    bias: T | None = None,
    y: T | None = None,
    *,
    stride: Pair = (1, 1),
    dilation: Pair = (1, 1),
    padding: str = "SAME",
    activation: str = "NONE",
) -> bytes:
    """DEPTHWISE_CONV_2D of x (N, H, W, C) with weights (1, KH, KW, C * multiplier)."""
    n, h, wide, c = x.shape
    size = window((h, wide), (w.shape[1], w.shape[2]), stride, dilation, padding)
    options = _spatial(stride, padding, activation) | _dilation(dilation)
    options["depth_multiplier"] = w.shape[3] // c
    out = _like(x, (n, *size, w.shape[3]), y)
    inputs = [x, w] if bias is None else [x, w, bias]
    return one_op("DEPTHWISE_CONV_2D", inputs, [out], **options)


def fully_connected(
    x: T,
    w: T,
    bias: T | None = None,
    y: T | None = None,
    *,
    keep_num_dims: bool = False,
    activation: str = "NONE",
    version: int | None = None,
) -> bytes:
    """FULLY_CONNECTED of x, any rank with I values a row, with weights (O, I); bias may be None."""
    o, i = w.shape
    rows = x.shape[:-1] if keep_num_dims else (int(np.prod(x.shape)) // i,)
    options: dict[str, Any] = {
        "keep_num_dims": keep_num_dims,
        "activation": activation,
        "version": version,
    }
    options |= _short_bias(x, bias, 11)
    return one_op("FULLY_CONNECTED", [x, w, bias], [_like(x, (*rows, o), y)], **options)


def binary(op: str, a: T, b: T, y: T | None = None, **options: Any) -> bytes:
    """ADD, SUB, MUL, MAXIMUM, MINIMUM with broadcasting; a or b may be a constant."""
    return one_op(op, [a, b], [_like(a, np.broadcast_shapes(a.shape, b.shape), y)], **options)


def pool_2d(
    op: str,
    x: T,
    y: T | None = None,
    *,
    kernel: Pair = (2, 2),
    stride: Pair = (2, 2),
    padding: str = "VALID",
    activation: str = "NONE",
) -> bytes:
    """AVERAGE_POOL_2D or MAX_POOL_2D of x (N, H, W, C)."""
    n, h, w, c = x.shape
    size = window((h, w), kernel, stride, (1, 1), padding)
    options = _spatial(stride, padding, activation)
    options |= {"filter_height": kernel[0], "filter_width": kernel[1]}
    return one_op(op, [x], [_like(x, (n, *size, c), y)], **options)


def unary(op: str, x: T, y: T | None = None, **options: Any) -> bytes:
    """An operator whose output has the input's shape: RELU, SOFTMAX, QUANTIZE, ..."""
    return one_op(op, [x], [_like(x, x.shape, y)], **options)


def mean(x: T, axes: Sequence[int], y: T | None = None, *, keep_dims: bool = False) -> bytes:
    """MEAN of x over `axes`, which may be negative."""
    gone = {a % len(x.shape) for a in axes}
    kept = [n if i not in gone else 1 for i, n in enumerate(x.shape) if i not in gone or keep_dims]
    axis = const(np.array(axes, np.int32).reshape(-1))
    return one_op("MEAN", [x, axis], [_like(x, kept, y)], keep_dims=keep_dims)


def pad(x: T, pads: Sequence[Pair], value: T | None = None, y: T | None = None) -> bytes:
    """PAD, or PADV2 when there is a `value` (a constant of one element with quantization)."""
    shape = [n + before + after for n, (before, after) in zip(x.shape, pads, strict=True)]
    inputs = [x, const(np.array(pads, np.int32))]
    if value is None:
        return one_op("PAD", inputs, [_like(x, shape, y)])
    return one_op("PADV2", [*inputs, value], [_like(x, shape, y)])


def reshape(x: T, shape: Sequence[int], *, as_option: bool = False, y: T | None = None) -> bytes:
    """RESHAPE, the new shape (one -1 allowed) as a second input or, `as_option`, in the options."""
    out = _like(x, np.empty(x.shape, np.int8).reshape(shape).shape, y)
    wanted = list(shape)
    if as_option:
        return one_op("RESHAPE", [x], [out], new_shape=wanted)
    return one_op("RESHAPE", [x, const(np.array(wanted, np.int32))], [out], new_shape=wanted)


def squeeze(x: T, axes: Sequence[int] = ()) -> bytes:
    """SQUEEZE of the axes, or of every axis of size 1."""
    chosen = {a % len(x.shape) for a in axes} or {i for i, n in enumerate(x.shape) if n == 1}
    shape = [n for i, n in enumerate(x.shape) if i not in chosen]
    return one_op("SQUEEZE", [x], [_like(x, shape, None)], squeeze_dims=list(axes))


def expand_dims(x: T, axis: int) -> bytes:
    """EXPAND_DIMS at `axis`, which may be negative."""
    shape = list(x.shape)
    shape.insert(axis if axis >= 0 else len(shape) + 1 + axis, 1)
    return one_op("EXPAND_DIMS", [x, const(np.array([axis], np.int32))], [_like(x, shape, None)])


def shape_of(x: T) -> bytes:
    """SHAPE: the int32 shape of x."""
    return one_op("SHAPE", [x], [T((len(x.shape),), "int32")], out_type="INT32")


def concatenation(
    xs: Sequence[T], axis: int, y: T | None = None, activation: str = "NONE"
) -> bytes:
    """CONCATENATION along `axis`, which may be negative; some of xs may be constants."""
    shape = list(xs[0].shape)
    shape[axis] = sum(x.shape[axis] for x in xs)
    return one_op("CONCATENATION", xs, [_like(xs[0], shape, y)], axis=axis, activation=activation)


def split(x: T, axis: int, parts: int) -> bytes:
    """SPLIT into equal parts."""
    out = _resized(x, axis, x.shape[axis] // parts)
    at = const(np.array(axis, np.int32))
    return one_op("SPLIT", [at, x], [out] * parts, num_splits=parts)


def split_v(x: T, axis: int, sizes: Sequence[int]) -> bytes:
    """SPLIT_V into parts of these sizes."""
    inputs = [x, const(np.array(sizes, np.int32)), const(np.array(axis, np.int32))]
    outputs = [_resized(x, axis, n) for n in sizes]
    return one_op("SPLIT_V", inputs, outputs, num_splits=len(sizes))


def pack(xs: Sequence[T], axis: int, y: T | None = None) -> bytes:
    """PACK: stack along a new axis, which may be negative."""
    shape = np.stack([np.empty(x.shape, np.int8) for x in xs], axis).shape
    return one_op("PACK", xs, [_like(xs[0], shape, y)], axis=axis, values_count=len(xs))


def unpack(x: T, axis: int) -> bytes:
    """UNPACK: one output for each slice along the axis."""
    shape = [n for i, n in enumerate(x.shape) if i != axis % len(x.shape)]
    outputs = [_like(x, shape, None)] * x.shape[axis]
    return one_op("UNPACK", [x], outputs, axis=axis, num=x.shape[axis])


def slice_of(x: T, begin: Sequence[int], size: Sequence[int]) -> bytes:
    """SLICE; a size of -1 reaches to the end."""
    shape = [n - b if s < 0 else s for n, b, s in zip(x.shape, begin, size, strict=True)]
    ends = [const(np.array(v, np.int32)) for v in (begin, size)]
    return one_op("SLICE", [x, *ends], [_like(x, shape, None)])


def strided_slice(
    x: T, begin: Sequence[int], end: Sequence[int], strides: Sequence[int], **masks: int
) -> bytes:
    """STRIDED_SLICE; masks are begin_mask, end_mask, shrink_axis_mask, ellipsis_mask, ..."""
    index = _numpy_index(begin, end, strides, masks)
    shape = np.empty(x.shape, np.int8)[index].shape
    inputs = [x, *(const(np.array(v, np.int32)) for v in (begin, end, strides))]
    return one_op("STRIDED_SLICE", inputs, [_like(x, shape, None)], **masks)


def transpose(x: T, perm: Sequence[int]) -> bytes:
    """TRANSPOSE: output dimension i is input dimension perm[i]."""
    shape = [x.shape[p] for p in perm]
    return one_op("TRANSPOSE", [x, const(np.array(perm, np.int32))], [_like(x, shape, None)])


def arg_max(x: T, axis: int, dtype: str = "int32") -> bytes:
    """ARG_MAX along `axis`, which may be negative; int32 or int64 indices."""
    shape = [n for i, n in enumerate(x.shape) if i != axis % len(x.shape)]
    inputs = [x, const(np.array(axis, np.int32))]
    return one_op("ARG_MAX", inputs, [T(tuple(shape), dtype)], output_type=dtype)


def resize(op: str, x: T, size: Pair, *, align_corners: bool = False, half: bool = False) -> bytes:
    """RESIZE_NEAREST_NEIGHBOR or RESIZE_BILINEAR of x (N, H, W, C) to `size`."""
    n, _, _, c = x.shape
    inputs, out = [x, const(np.array(size, np.int32))], _like(x, (n, *size, c), None)
    return one_op(op, inputs, [out], align_corners=align_corners, half_pixel_centers=half)


def _like(x: T, shape: Sequence[int], y: T | None) -> T:
    """The output: y with this shape, or x's dtype and quantization when None."""
    source = x if y is None else y
    return replace(source, shape=tuple(int(n) for n in shape), data=None)


def _resized(x: T, axis: int, size: int) -> T:
    shape = list(x.shape)
    shape[axis] = size
    return _like(x, shape, None)


def _spatial(stride: Pair, padding: str, activation: str) -> dict[str, Any]:
    h, w = stride
    return {"stride_h": h, "stride_w": w, "padding": padding, "activation": activation}


def _dilation(dilation: Pair) -> dict[str, Any]:
    return {"dilation_h_factor": dilation[0], "dilation_w_factor": dilation[1]}


def _short_bias(x: T, bias: T | None, version: int) -> dict[str, Any]:
    """What announces an int32 bias beside int16 activations; runtimes read int64 without it."""
    if x.dtype == "int16" and bias is not None and bias.dtype == "int32":
        return {"version": version, "quantized_bias_type": "INT32"}
    return {}


def _numpy_index(
    begin: Sequence[int], end: Sequence[int], strides: Sequence[int], masks: dict[str, int]
) -> tuple[Any, ...]:
    """What numpy calls the same slice."""

    def one(i: int) -> Any:
        if _bit(masks, "ellipsis_mask", i):
            return Ellipsis
        if _bit(masks, "new_axis_mask", i):
            return None
        if _bit(masks, "shrink_axis_mask", i):
            return begin[i]
        first = None if _bit(masks, "begin_mask", i) else begin[i]
        last = None if _bit(masks, "end_mask", i) else end[i]
        return slice(first, last, strides[i])

    return tuple(one(i) for i in range(len(begin)))


def _bit(masks: dict[str, int], name: str, i: int) -> bool:
    return bool(masks.get(name, 0) >> i & 1)
