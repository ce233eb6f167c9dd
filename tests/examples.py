"""A small model of every operator in every activation dtype: `for name, build in EXAMPLES.items()`.

`build(dtype, rng)` gives the file.  Not every runtime takes every combination: which do is
written down, and checked, in `tests/verify/test_oracle.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from tests import operators as ops
from tests.one_op import T, act, bias_for, const, weights

Build = Callable[[str, np.random.Generator], bytes]

DTYPES = ("int8", "int16", "uint8", "float32")


def _conv(dtype: str, rng: np.random.Generator, *, short_bias: bool = False) -> bytes:
    x, w = act((1, 5, 6, 3), dtype), weights(rng, (4, 3, 2, 3), dtype, _channels(dtype, 0))
    bias = bias_for(rng, x, w, 4, "int32" if short_bias else None)
    return ops.conv_2d(x, w, bias, _wide(dtype), stride=(2, 1), activation="RELU")


def _depthwise(dtype: str, rng: np.random.Generator) -> bytes:
    x, w = act((1, 5, 6, 3), dtype), weights(rng, (1, 3, 3, 6), dtype, _channels(dtype, 3))
    return ops.depthwise_conv_2d(x, w, bias_for(rng, x, w, 6), _wide(dtype), activation="RELU6")


def _fc(
    dtype: str,
    rng: np.random.Generator,
    *,
    per_channel: bool = False,
    bias: str | None = "",
    keep: bool = False,
) -> bytes:
    """`bias` is a dtype, "" for the usual one, None for no bias."""
    x, w = act((2, 3, 8), dtype), weights(rng, (5, 8), dtype, 0 if per_channel else None)
    b = None if bias is None else bias_for(rng, x, w, 5, bias or None)
    version = 12 if per_channel and dtype == "int8" else None
    return ops.fully_connected(x, w, b, _wide(dtype), keep_num_dims=keep, version=version)


def _channels(dtype: str, axis: int) -> int | None:
    """Legacy uint8 weights have one scale."""
    return None if dtype in {"uint8", "float32"} else axis


def _wide(dtype: str) -> T:
    """An output range that sums of products reach but rarely leave."""
    quant = {"int8": (0.1, 4), "int16": (2.0**-9, 0), "uint8": (0.1, 131)}
    return act((), dtype, *quant.get(dtype, ()))


def _unit(dtype: str) -> T:
    """The output range that LOGISTIC and SOFTMAX ask for: 0 to 1."""
    quant = {"int8": (1 / 256, -128), "int16": (1 / 32768, 0), "uint8": (1 / 256, 0)}
    return act((), dtype, *quant.get(dtype, ()))


def _signed_unit(dtype: str) -> T:
    """The output range that TANH asks for: -1 to 1."""
    quant = {"int8": (1 / 128, 0), "int16": (1 / 32768, 0), "uint8": (1 / 128, 128)}
    return act((), dtype, *quant.get(dtype, ()))


def _binary(op: str, **options: str | bool) -> Build:
    def build(dtype: str, rng: np.random.Generator) -> bytes:
        del rng
        a, b = act((2, 3, 4), dtype), act((3, 1), dtype, *_other(dtype))
        return ops.binary(op, a, b, _wide(dtype), **options)

    return build


def _by_shifts(op: str) -> Build:
    """ADD and SUB as int16 has them by default: one input shares the output's scale."""
    return lambda d, _: ops.binary(op, act((2, 3, 4), d), act((2, 3, 4), d, *_other(d)))


def _same(op: str) -> Build:
    """MAXIMUM and MINIMUM compare stored values, so all share one quantization."""
    return lambda dtype, _: ops.binary(op, act((2, 3, 4), dtype), act((3, 1), dtype))


def _other(dtype: str) -> tuple[float, int] | tuple[()]:
    quant = {"int8": (0.03, 10), "int16": (2.0**-12, 0), "uint8": (0.03, 90)}
    return quant.get(dtype, ())


def _pad_value(dtype: str) -> T:
    x = act((), dtype)
    return const([7], dtype, scale=x.scale, zero_point=x.zero_point)


def _unary(op: str, y: Callable[[str], T] | None = None, **options: float) -> Build:
    def build(dtype: str, rng: np.random.Generator) -> bytes:
        del rng
        return ops.unary(op, act((2, 3, 7), dtype), y(dtype) if y else None, **options)

    return build


def _x(*shape: int) -> Callable[[str], T]:
    return lambda dtype: act(shape, dtype)


X4 = _x(1, 4, 6, 3)
X3 = _x(2, 3, 4)

EXAMPLES: Mapping[str, Build] = {
    "CONV_2D": _conv,
    "CONV_2D int32 bias": lambda d, rng: _conv(d, rng, short_bias=d == "int16"),
    "DEPTHWISE_CONV_2D": _depthwise,
    "FULLY_CONNECTED": _fc,
    "FULLY_CONNECTED per channel": lambda d, rng: _fc(d, rng, per_channel=_channels(d, 0) == 0),
    "FULLY_CONNECTED no bias": lambda d, rng: _fc(d, rng, bias=None),
    "FULLY_CONNECTED int32 bias": lambda d, rng: _fc(d, rng, bias="int32"),
    "FULLY_CONNECTED keep_num_dims": lambda d, rng: _fc(d, rng, keep=True),
    "ADD": _binary("ADD", activation="RELU", pot_scale_int16=False),
    "ADD by shifts": _by_shifts("ADD"),
    "SUB": _binary("SUB", pot_scale_int16=False),
    "SUB by shifts": _by_shifts("SUB"),
    "MUL": _binary("MUL", activation="RELU6"),
    "MAXIMUM": _same("MAXIMUM"),
    "MINIMUM": _same("MINIMUM"),
    "AVERAGE_POOL_2D": lambda d, _: ops.pool_2d("AVERAGE_POOL_2D", X4(d), padding="SAME"),
    "MAX_POOL_2D": lambda d, _: ops.pool_2d("MAX_POOL_2D", X4(d), kernel=(3, 2)),
    "MEAN": lambda d, _: ops.mean(X4(d), (1, 2), _wide(d)),
    "MEAN keep_dims": lambda d, _: ops.mean(X3(d), (-1,), keep_dims=True),
    "PAD": lambda d, _: ops.pad(X3(d), ((0, 1), (2, 0), (1, 1))),
    "PADV2": lambda d, _: ops.pad(X3(d), ((0, 1), (2, 0), (1, 1)), _pad_value(d)),
    "RESHAPE": lambda d, _: ops.reshape(X3(d), (6, -1)),
    "RESHAPE option": lambda d, _: ops.reshape(X3(d), (6, 4), as_option=True),
    "SQUEEZE": lambda d, _: ops.squeeze(act((1, 3, 1, 2), d), (0, -2)),
    "EXPAND_DIMS": lambda d, _: ops.expand_dims(X3(d), -2),
    "SHAPE": lambda d, _: ops.shape_of(X3(d)),
    "SOFTMAX": _unary("SOFTMAX", _unit, beta=1.0),
    "LOGISTIC": _unary("LOGISTIC", _unit),
    "TANH": _unary("TANH", _signed_unit),
    "RELU": _unary("RELU", _wide),
    "RELU6": _unary("RELU6", _wide),
    "RELU_N1_TO_1": _unary("RELU_N1_TO_1"),
    "LEAKY_RELU": _unary("LEAKY_RELU", _wide, alpha=0.1),
    "HARD_SWISH": _unary("HARD_SWISH", _wide),
    "CONCATENATION": lambda d, _: ops.concatenation([X3(d), act((2, 3, 1), d)], -1),
    "SPLIT": lambda d, _: ops.split(X3(d), 2, 2),
    "SPLIT_V": lambda d, _: ops.split_v(X3(d), 2, (1, 3)),
    "PACK": lambda d, _: ops.pack([X3(d), X3(d)], 1),
    "UNPACK": lambda d, _: ops.unpack(X3(d), 1),
    "SLICE": lambda d, _: ops.slice_of(X3(d), (0, 1, 2), (2, -1, 1)),
    "STRIDED_SLICE": lambda d, _: ops.strided_slice(
        X3(d), (0, 2, 1), (2, 0, 2), (1, -1, 1), shrink_axis_mask=4, begin_mask=1
    ),
    "TRANSPOSE": lambda d, _: ops.transpose(X4(d), (0, 3, 1, 2)),
    "QUANTIZE to int8": _unary("QUANTIZE", lambda _: act((), "int8", 0.1, 5)),
    "QUANTIZE to int16": _unary("QUANTIZE", lambda _: act((), "int16")),
    "QUANTIZE to uint8": _unary("QUANTIZE", lambda _: act((), "uint8")),
    "DEQUANTIZE": _unary("DEQUANTIZE", lambda _: act((), "float32")),
    "ARG_MAX": lambda d, _: ops.arg_max(X3(d), -1),
    "RESIZE_NEAREST_NEIGHBOR": lambda d, _: ops.resize(
        "RESIZE_NEAREST_NEIGHBOR", X4(d), (7, 3), half=True
    ),
    "RESIZE_BILINEAR": lambda d, _: ops.resize("RESIZE_BILINEAR", X4(d), (7, 3), half=True),
}
"""By operator and variant: the first word is the operator's name in the schema."""
