"""Random multiply-accumulate models for hypothesis: factors from 2**-20 to 2**3, every option."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from edgeq.numerics.nibbles import to_nibbles
from tests import operators as ops
from tests.one_op import T, act, const

ACTIVATIONS = ("NONE", "RELU", "RELU6", "RELU_N1_TO_1")
SCALE_MIN = 1e-7
"""LiteRT refuses output scales on which 6.0 leaves int32."""


@st.composite
def convolutions(
    draw: st.DrawFn, dtypes: Sequence[str], *, needs_bias: bool = False, int4: bool = False
) -> bytes:
    """CONV_2D, some of them in groups."""
    dtype, rng = draw(st.sampled_from(dtypes)), _rng(draw)
    groups = draw(st.sampled_from((1, 1, 1, 2, 3)))
    in_c, out_c = draw(st.integers(1, 17)), groups * draw(st.integers(1, 6))
    x, taps, options = _window(draw, dtype, in_c * groups)
    w = _weights(draw, rng, (out_c, *taps, in_c), dtype, axis=0, int4=int4)
    bias = _bias(draw, rng, x, w, out_c, needs_bias=needs_bias)
    return ops.conv_2d(x, w, bias, _output(draw, x, w, taps[0] * taps[1] * in_c), **options)


@st.composite
def depthwise(draw: st.DrawFn, dtypes: Sequence[str], *, int4: bool = False) -> bytes:
    """DEPTHWISE_CONV_2D with multipliers.

    An int32 bias beside int16 is left out: LiteRT refuses it, and TFLM reads its memory as int64.
    """
    dtype, rng = draw(st.sampled_from(dtypes)), _rng(draw)
    in_c, multiplier = draw(st.integers(1, 9)), draw(st.integers(1, 4))
    x, taps, options = _window(draw, dtype, in_c)
    w = _weights(draw, rng, (1, *taps, in_c * multiplier), dtype, axis=3, int4=int4)
    bias = _bias(draw, rng, x, w, in_c * multiplier, short=False)
    return ops.depthwise_conv_2d(x, w, bias, _output(draw, x, w, taps[0] * taps[1]), **options)


@st.composite
def fully_connected(draw: st.DrawFn, dtypes: Sequence[str], *, int4: bool = False) -> bytes:
    """FULLY_CONNECTED, per tensor or per channel, with a bias or without."""
    dtype, rng = draw(st.sampled_from(dtypes)), _rng(draw)
    in_dim, out_dim = draw(st.sampled_from((1, 2, 7, 16, 33, 130))), draw(st.integers(1, 9))
    rows = draw(st.sampled_from(((1,), (3,), (2, 2))))
    x = act((*rows, in_dim), dtype, _scale(draw), _point(draw, dtype))
    w = _weights(draw, rng, (out_dim, in_dim), dtype, axis=0, int4=int4)
    bias = _bias(draw, rng, x, w, out_dim)
    return ops.fully_connected(
        x, w, bias, _output(draw, x, w, in_dim),
        activation=draw(st.sampled_from(ACTIVATIONS)), keep_num_dims=draw(st.booleans()),
        version=12 if w.axis is not None and dtype == "int8" else None,
    )  # fmt: skip


def _rng(draw: st.DrawFn) -> np.random.Generator:
    return np.random.default_rng(draw(st.integers(0, 2**32)))


def _window(
    draw: st.DrawFn, dtype: str, channels: int
) -> tuple[T, tuple[int, int], dict[str, Any]]:
    """An image, window taps, and the options of a convolution over it."""
    n, h, w = draw(st.integers(1, 2)), draw(st.integers(1, 8)), draw(st.integers(1, 8))
    padding = draw(st.sampled_from(("SAME", "VALID")))
    dilation, taps = (1, 1), (draw(st.integers(1, 4)), draw(st.integers(1, 4)))
    stride = (draw(st.integers(1, 3)), draw(st.integers(1, 3)))
    if draw(st.booleans()):
        dilation = (draw(st.integers(1, 3)), draw(st.integers(1, 3)))
    if padding == "VALID":
        h = max(h, (taps[0] - 1) * dilation[0] + 1)
        w = max(w, (taps[1] - 1) * dilation[1] + 1)
    x = act((n, h, w, channels), dtype, _scale(draw), _point(draw, dtype))
    activation = draw(st.sampled_from(ACTIVATIONS))
    return x, taps, {"stride": stride, "dilation": dilation, "padding": padding,
                     "activation": activation}  # fmt: skip


def _scale(draw: st.DrawFn) -> float:
    """Mostly of no special form; powers of two make exact ties."""
    return draw(st.one_of(st.floats(1e-4, 0.1), st.sampled_from((2.0**-5, 2.0**-9))))


def _point(draw: st.DrawFn, dtype: str) -> int:
    if dtype == "int16":
        return 0
    low = -128 if dtype == "int8" else 0
    return draw(st.one_of(st.integers(low, low + 255), st.sampled_from((low, low + 255))))


def _weights(
    draw: st.DrawFn, rng: np.random.Generator, shape: Sequence[int], dtype: str, axis: int,
    *, int4: bool = False,
) -> T:  # fmt: skip
    if dtype == "uint8":
        data = rng.integers(0, 256, shape)
        return const(data, "uint8", scale=_scale(draw), zero_point=_point(draw, "uint8"))
    data = rng.integers(-8, 8, shape) if int4 else rng.integers(-127, 128, shape)
    w = const(data, "int8", scale=_scale(draw))
    if draw(st.booleans()):
        scale = _scale(draw) * rng.uniform(0.2, 2, shape[axis])
        w = replace(w, scale=scale.tolist(), axis=axis)
    return replace(w, dtype="int4", data=to_nibbles(data)) if int4 else w


def _bias(
    draw: st.DrawFn, rng: np.random.Generator, x: T, w: T, count: int,
    *, needs_bias: bool = False, short: bool = True,
) -> T | None:  # fmt: skip
    """A bias on the scale of the products; int64 beside int16, or int32 if `short` allows."""
    if not needs_bias and draw(st.integers(0, 3)) == 0:
        return None
    long = x.dtype == "int16" and not (short and draw(st.booleans()))
    limit = draw(st.sampled_from((1, 1000, 2**20, 2**36 if long else 2**22)))
    scales = np.asarray(x.scale, np.float32) * np.asarray(w.scale, np.float32)
    data = rng.integers(-limit, limit + 1, count)
    axis = None if scales.ndim == 0 else 0
    return const(data, "int64" if long else "int32", scale=scales.tolist(), axis=axis)


def _output(draw: st.DrawFn, x: T, w: T, taps: int) -> T:
    """An output scale on which sums are spread over the range, or far out of it."""
    product = float(np.asarray(x.scale, np.float32)) * float(np.mean(np.asarray(w.scale)))
    spread = product * 74 * np.sqrt(taps) / (60 if x.dtype == "int16" else 1)
    factor = draw(st.sampled_from((1.0, 1.0, 1.0, 0.1, 20.0, 2.0**-12)))
    scale = max(float(np.float32(spread * factor)), product / 8, SCALE_MIN)
    if draw(st.integers(0, 3)) == 0:
        scale = max(
            product * 2.0 ** draw(st.integers(0, 9)), SCALE_MIN
        )  # a factor that is a power of two
    return act((), x.dtype, scale, _point(draw, x.dtype))
