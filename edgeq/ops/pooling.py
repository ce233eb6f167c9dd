"""What the pooling operators share: lowering of an image, and its exact windows."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from edgeq.errors import QuantError
from edgeq.ir import DType, Node, Shape, Tensor
from edgeq.numerics.fixed_point import INT32_MAX
from edgeq.numerics.profile import Profile
from edgeq.ops.base import Array, Call, Case, Floats, Inputs, Outputs, Params, View
from edgeq.ops.common import ACTIVATIONS, RANGES, activation_range, need
from edgeq.ops.float_windows import float_pool
from edgeq.ops.strided import check_same_scale, present
from edgeq.ops.window import window_size

GEOMETRIES = (
    # in_h, in_w, in_c, kh, kw, stride_h, stride_w, pad_top, pad_bottom, pad_left, pad_right
    (1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0),
    (5, 5, 7, 5, 5, 1, 1, 0, 0, 0, 0),
    (4, 6, 8, 2, 2, 2, 2, 0, 0, 0, 0),
    (5, 7, 15, 3, 3, 2, 2, 1, 1, 1, 1),
    (7, 5, 16, 3, 2, 1, 3, 2, 2, 1, 0),
    (3, 3, 17, 5, 5, 1, 1, 2, 2, 2, 2),
    (9, 4, 33, 2, 4, 2, 1, 0, 1, 3, 3),
    (6, 2, 3, 4, 1, 3, 1, 0, 1, 0, 0),
    (6, 5, 40, 2, 2, 2, 2, 0, 0, 0, 0),
    (7, 8, 12, 2, 2, 1, 3, 0, 0, 0, 0),
    (16, 16, 17, 16, 16, 1, 1, 0, 0, 0, 0),
    (19, 18, 9, 17, 17, 1, 1, 0, 0, 0, 0),
)
MANY, MOST = 100, 0.99
"""Windows of that many pixels have that share of them at one level."""


def pool_shape(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
    """Output (N, OH, OW, C) of an image (N, H, W, C)."""
    x = need(inputs[0], node, "x")
    kh, kw = node.ints("filter")
    return ((x.shape[0], *window_size(node, x.shape, (kh, kw)), x.shape[3]),)


def pool_calls(
    node: Node, inputs: Inputs, outputs: Outputs, profile: Profile, kind: str, form: str
) -> tuple[Call, ...]:
    """One call of `kind`_s8 or `kind`_s16 for each image of the batch.

    Raises:
        QuantError: the element type has no such contract, or a sum may leave int32.
    """
    x, (y,) = need(inputs[0], node, "x"), outputs
    check_same_scale(node, x, y, profile)
    contract = f"{kind}_{_suffix(node, x, y)}"
    params = _params(node, x, y)
    images = [(n * prod(x.shape[1:]), n * prod(y.shape[1:])) for n in range(x.shape[0])]
    return tuple(
        Call(contract, {"x": View(x.name, x_at), "y": View(y.name, y_at)}, params, form)
        for x_at, y_at in images
    )


def _suffix(node: Node, x: Tensor, y: Tensor) -> str:
    if x.dtype is not y.dtype or x.dtype not in (DType.INT8, DType.INT16):
        raise QuantError(f"pooling of {x.dtype} into {y.dtype}", where=node.name)
    kh, kw = node.ints("filter")
    reach = min(kh, x.shape[1]) * min(kw, x.shape[2])
    worst = reach * -RANGES[x.dtype][0] + reach // 2
    if worst > INT32_MAX:
        raise QuantError(f"a window's sum may reach {worst}", where=node.name)
    return "s8" if x.dtype is DType.INT8 else "s16"


def _params(node: Node, x: Tensor, y: Tensor) -> dict[str, int]:
    (kh, kw), stride, padding = (node.ints(k) for k in ("filter", "stride", "padding"))
    _, in_h, in_w, in_c = x.shape
    lo, hi = activation_range(str(node.attrs["activation"]), y)
    return {
        "in_h": in_h, "in_w": in_w, "in_c": in_c, "out_w": y.shape[2], "kh": kh, "kw": kw,
        "stride_h": stride[0], "stride_w": stride[1], "pad_top": padding[0], "pad_left": padding[2],
        "row0": 0, "row1": y.shape[1], "x_row": in_w * in_c, "x_pixel": in_c, "x_ring": in_h,
        "y_row": y.shape[2] * in_c, "y_pixel": in_c, "act_min": lo, "act_max": hi,
    }  # fmt: skip


def spans(first: int, last: int, size: int, taps: int, stride: int, pad: int) -> list[slice]:
    """The part inside [0, size) of each window first .. last - 1 along one axis."""
    starts = [i * stride - pad for i in range(first, last)]
    return [slice(max(s, 0), min(s + taps, size)) for s in starts]


def reduced(image: Array, rows: list[slice], columns: list[slice], ufunc: np.ufunc) -> Array:
    """`ufunc` over every window of an image (H, W, C): (rows, columns, C)."""
    tall = np.stack([ufunc.reduce(image[r], axis=0) for r in rows])
    return np.stack([ufunc.reduce(tall[:, c], axis=1) for c in columns], axis=1)


def pool_exact(x: Array, p: Params, ufunc: np.ufunc) -> tuple[Array, Array]:
    """`ufunc` over the windows of rows [row0, row1), and the pixels in each.

    x        flat memory from the image's (ring) start
    returns  (rows, out_w, in_c) int64 and (rows, out_w, 1) int64
    """
    rows = spans(p["row0"], p["row1"], p["in_h"], p["kh"], p["stride_h"], p["pad_top"])
    columns = spans(0, p["out_w"], p["in_w"], p["kw"], p["stride_w"], p["pad_left"])
    low, high = min(r.start for r in rows), max(r.stop for r in rows)
    at = (np.arange(low, high) % p["x_ring"])[:, None] * p["x_row"]
    start = at + np.arange(p["in_w"]) * p["x_pixel"]
    image = sliding_window_view(x.reshape(-1), p["in_c"])[start].astype(np.int64)
    shifted = [slice(r.start - low, r.stop - low) for r in rows]
    count = np.outer([r.stop - r.start for r in rows], [c.stop - c.start for c in columns])
    return reduced(image, shifted, columns, ufunc), count[:, :, None]


def pool_reference(
    node: Node, inputs: tuple[Floats | None, ...], ufunc: np.ufunc
) -> tuple[Floats, Floats]:
    """`ufunc` over every window of (N, H, W, C), and the pixels in each window, in float32."""
    x = present(node, inputs)
    (kh, kw), stride, pad = (node.ints(k) for k in ("filter", "stride", "padding"))
    out_h, out_w = window_size(node, x.shape, (kh, kw))
    rows = spans(0, out_h, x.shape[1], kh, stride[0], pad[0])
    columns = spans(0, out_w, x.shape[2], kw, stride[1], pad[2])
    y = float_pool(node, x, ufunc, -np.inf if ufunc is np.maximum else 0.0)
    count = np.outer([r.stop - r.start for r in rows], [c.stop - c.start for c in columns])
    return y, count[:, :, None].astype(np.float32)


def activated(node: Node, y: Floats) -> Floats:
    """Y under the node's fused activation."""
    low, high = ACTIVATIONS[str(node.attrs["activation"])]
    if low is not None:
        y = np.maximum(y, np.float32(low))
    return y if high is None else np.minimum(y, np.float32(high))


def pool_cases(dtype: DType, rng: np.random.Generator) -> Iterator[Case]:
    """Whole images, strided ones, sub-ranges of rows, rings, and narrow clamps."""
    for geometry in GEOMETRIES:
        for gap, ring, narrow in ((0, False, False), (3, True, False), (0, True, True)):
            yield _case(geometry, dtype, rng, gap=gap, ring=ring, narrow=narrow)


def _case(
    geometry: tuple[int, ...], dtype: DType, rng: np.random.Generator, *,
    gap: int, ring: bool, narrow: bool,
) -> Case:  # fmt: skip
    in_h, in_w, in_c, kh, kw, sh, sw, top, bottom, left, right = geometry
    out_h, out_w = (in_h + top + bottom - kh) // sh + 1, (in_w + left + right - kw) // sw + 1
    lo, hi = RANGES[dtype]
    row0 = out_h // 2 if ring else 0
    act = (lo // 4, hi // 4) if narrow else (lo, hi)
    pixel = in_c + gap
    params = {
        "in_h": in_h, "in_w": in_w, "in_c": in_c, "out_w": out_w, "kh": kh, "kw": kw,
        "stride_h": sh, "stride_w": sw, "pad_top": top, "pad_left": left,
        "row0": row0, "row1": row0 + 1 if ring else out_h,
        "x_row": in_w * pixel + gap, "x_pixel": pixel, "x_ring": min(kh, in_h) if ring else in_h,
        "y_row": out_w * pixel + gap, "y_pixel": pixel, "act_min": act[0], "act_max": act[1],
    }  # fmt: skip
    x = rng.integers(lo, hi + 1, params["x_ring"] * params["x_row"])
    x[::7] = rng.choice([lo, lo + 1, -1, 0, hi], x[::7].size)
    if kh * kw > MANY:  # else every mean is close to 0
        levels = np.resize([lo, hi, -1, 0, lo // 2, hi // 3, lo + 1], pixel)
        rows = np.resize(np.append(np.tile(levels, in_w), [0] * gap), x.size)
        x = np.where(rng.random(x.size) < MOST, rows, x)
    y = np.full(out_h * params["y_row"], 77, dtype.numpy)
    return Case({"x": x.astype(dtype.numpy), "y": y}, params)
