"""Operators that move, cut and join: their constant operands become normalized attributes."""

from __future__ import annotations

from math import prod

import numpy as np

from edgeq.errors import ModelError
from edgeq.frontends.tflite_source import Meaning, Source, axis_of
from edgeq.ir import Attr, DType, Shape, Tensor

MAX_INT32 = 2**31 - 1


def reshape(src: Source) -> Meaning:
    """RESHAPE: the shape is the second input, or in the options."""
    x = src.need(0, "x")
    wanted = src.options.integers("NewShape")
    if len(src.inputs) > 1 and src.inputs[1] is not None:
        wanted = src.integers(1, "shape")
    elif wanted == (0,):  # what old converters wrote for a scalar
        wanted = ()
    known = prod(d for d in wanted if d != -1)
    if wanted.count(-1) > 1 or any(d < -1 for d in wanted):
        raise ModelError(f"shape {wanted} is not a shape")
    if (x.size % known if known and -1 in wanted else known != x.size) or not known:
        raise ModelError(f"{x.size} elements of shape {x.shape} do not make a shape {wanted}")
    shape = tuple(x.size // known if d == -1 else d for d in wanted)
    return Meaning("reshape", {"shape": shape}, (0,))


def squeeze(src: Source) -> Meaning:
    """SQUEEZE: the axes of the options, or every one of size 1."""
    x, axes = src.need(0, "x"), src.options.integers("SqueezeDims")
    chosen = {axis_of(a, len(x.shape)) for a in axes}
    if any(x.shape[a] != 1 for a in chosen):
        raise ModelError(f"axes {axes} of shape {x.shape} are not of size 1")
    chosen = chosen or {i for i, d in enumerate(x.shape) if d == 1}
    shape = tuple(d for i, d in enumerate(x.shape) if i not in chosen)
    return Meaning("reshape", {"shape": shape}, (0,))


def expand_dims(src: Source) -> Meaning:
    """EXPAND_DIMS: the axis counts in the output."""
    x = src.need(0, "x")
    axis = src.axis(1, len(x.shape) + 1)
    shape = (*x.shape[:axis], 1, *x.shape[axis:])
    return Meaning("reshape", {"shape": shape}, (0,))


def transpose(src: Source) -> Meaning:
    """TRANSPOSE: output dimension i is input dimension perm[i]."""
    x = src.need(0, "x")
    perm = src.integers(1, "permutation", len(x.shape))
    perm = tuple(axis_of(a, len(x.shape)) for a in perm)
    if len(set(perm)) != len(perm):
        raise ModelError(f"{perm} is not a permutation")
    return Meaning("transpose", {"perm": perm}, (0,))


def mean(src: Source) -> Meaning:
    """MEAN: axes in ascending order, each once."""
    x = src.need(0, "x")
    axes = tuple(sorted({axis_of(a, len(x.shape)) for a in src.integers(1, "axes")}))
    if not axes:
        raise ModelError("no axes are averaged")
    return Meaning("mean", {"axes": axes, "keep_dims": src.options.flag("KeepDims")}, (0,))


def arg_max(src: Source) -> Meaning:
    """ARG_MAX along one axis."""
    x = src.need(0, "x")
    axis = src.axis(1, len(x.shape))
    return Meaning("arg_max", {"axis": axis}, (0,))


def pad(src: Source) -> Meaning:
    """PAD, PADV2: the value is what the output's zero is, or the third input."""
    x, y = src.need(0, "x"), src.outputs[0]
    amounts = src.integers(1, "paddings", 2 * len(x.shape))
    if not all(0 <= a <= MAX_INT32 for a in amounts):
        raise ModelError(f"paddings {amounts} are negative or too large")
    attrs: dict[str, Attr] = {
        "before": amounts[0::2],
        "after": amounts[1::2],
        "value": _pad_value(src, y),
    }
    return Meaning("pad", attrs, (0,))


def _pad_value(src: Source, y: Tensor) -> int | float:
    if src.name == "PAD":
        if y.dtype is DType.FLOAT32:
            return 0.0
        return 0 if y.quant is None else y.quant.zero_point
    data, value = src.constant(2, "value"), src.need(2, "value")
    if data.size != 1 or value.dtype is not y.dtype or value.quant != y.quant:
        raise ModelError(
            f"the value is {value.dtype} {value.shape}",
            why="it must be one element of the output's type and quantization",
        )
    if y.dtype is not DType.FLOAT32:
        return int(data.reshape(-1)[0])
    real = float(data.reshape(-1)[0])
    if not np.isfinite(real):
        raise ModelError(f"the value {real} is not finite")
    return real


def resize(src: Source) -> Meaning:
    """RESIZE_BILINEAR, RESIZE_NEAREST_NEIGHBOR."""
    n, _, _, c = src.ranked(0, "x", 4).shape
    h, w = src.integers(1, "size", 2)
    if not (0 < h <= MAX_INT32 and 0 < w <= MAX_INT32):
        raise ModelError(f"cannot resize to {h} by {w}")
    corners, half = src.options.flag("AlignCorners"), src.options.flag("HalfPixelCenters")
    if corners and half:
        raise ModelError("align_corners and half_pixel_centers exclude each other")
    attrs: dict[str, Attr] = {"size": (h, w), "align_corners": corners, "half_pixel_centers": half}
    return Meaning(src.name.lower(), attrs, (0,), ((n, h, w, c),))


def concatenation(src: Source) -> Meaning:
    """CONCATENATION along one axis."""
    first = src.need(0, "x0")
    axis = axis_of(src.options.number("Axis"), len(first.shape))
    for i in range(1, len(src.inputs)):
        shape = src.need(i, f"x{i}").shape
        if _without(shape, axis) != _without(first.shape, axis) or len(shape) <= axis:
            raise ModelError(f"shapes {first.shape} and {shape} do not join along axis {axis}")
    return Meaning("concatenation", {"axis": axis, "activation": src.options.activation()})


def pack(src: Source) -> Meaning:
    """PACK: a new axis."""
    first = src.need(0, "x0")
    if src.options.number("ValuesCount") != len(src.inputs):
        raise ModelError(f"{len(src.inputs)} inputs, but its options say otherwise")
    for i in range(1, len(src.inputs)):
        if src.need(i, f"x{i}").shape != first.shape:
            raise ModelError("its inputs have different shapes")
    return Meaning("pack", {"axis": axis_of(src.options.number("Axis"), len(first.shape) + 1)})


def unpack(src: Source) -> Meaning:
    """UNPACK: one output for each slice."""
    x = src.need(0, "x")
    axis = axis_of(src.options.number("Axis"), len(x.shape))
    if not x.shape[axis] == src.options.number("Num") == len(src.outputs):
        raise ModelError(f"{len(src.outputs)} outputs for {x.shape[axis]} slices of axis {axis}")
    return Meaning("unpack", {"axis": axis})


def split(src: Source) -> Meaning:
    """SPLIT: the axis comes first; all parts have one size."""
    x = src.need(1, "x")
    axis, parts = src.axis(0, len(x.shape)), len(src.outputs)
    if src.options.number("NumSplits") != parts or x.shape[axis] % parts:
        raise ModelError(f"axis {axis} of {x.shape} does not split into {parts} equal parts")
    sizes = (x.shape[axis] // parts,) * parts
    return Meaning("split", {"axis": axis, "sizes": sizes}, (1,))


def split_v(src: Source) -> Meaning:
    """SPLIT_V: one size may be -1, and takes the rest."""
    x = src.need(0, "x")
    axis, sizes = src.axis(2, len(x.shape)), src.integers(1, "sizes", len(src.outputs))
    total = x.shape[axis]
    if sizes.count(-1) == 1:
        rest = total - sum(s for s in sizes if s != -1)
        sizes = tuple(rest if s == -1 else s for s in sizes)
    if any(s < 1 for s in sizes) or sum(sizes) != total:
        raise ModelError(f"axis {axis} of {x.shape} does not split into {sizes}")
    return Meaning("split", {"axis": axis, "sizes": sizes}, (0,))


def _without(shape: Shape, axis: int) -> Shape:
    return (*shape[:axis], *shape[axis + 1 :])
