"""Arrays as C initializers, fast enough for megabytes of weights."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import PlanError

C_TYPES = {
    "int8": "int8_t",
    "uint8": "uint8_t",
    "int16": "int16_t",
    "uint16": "uint16_t",
    "int32": "int32_t",
    "int64": "int64_t",
    "float32": "float",
    "bool": "uint8_t",
}
PER_LINE = {1: 24, 2: 14, 4: 8, 8: 4}
INT8_TEXT = [str(v if v < 128 else v - 256) for v in range(256)]  # noqa: PLR2004 (two's complement)


def c_type(dtype: np.dtype[Any]) -> str:
    """The C element type of a numpy dtype."""
    return C_TYPES[dtype.name]


def initializer(data: NDArray[Any]) -> str:
    """The values of a flat array, comma separated, several to a line; "0" for an empty one."""
    if data.size == 0:
        return "0"
    words = list(_words(data))
    step = PER_LINE[data.dtype.itemsize]
    lines = (", ".join(words[i : i + step]) for i in range(0, len(words), step))
    return ",\n    ".join(lines)


def _words(data: NDArray[Any]) -> Iterable[str]:
    if data.dtype == np.int8:
        return map(INT8_TEXT.__getitem__, data.view(np.uint8).tolist())
    if data.dtype == np.float32:
        return map(float_literal, data.tolist())
    if data.dtype == np.int64:
        return map(_int64_literal, data.tolist())
    if data.dtype == np.bool_:
        return map(str, data.astype(np.uint8).tolist())
    return map(str, data.tolist())


def float_literal(value: float) -> str:
    """The shortest decimal literal that C and C++ read as float32(value).

    Hexadecimal ones, which are exact too, came to C++ in 2017 only.

    Raises:
        PlanError: C has no literal for it.
    """
    with np.errstate(over="ignore"):
        single = np.float32(value)
    if not isfinite(single):
        raise PlanError(f"a constant is {value}", fix="give the model finite weights and scales")
    return f"{single!s}f"


def _int64_literal(value: int) -> str:
    return "INT64_MIN" if value == -(2**63) else f"INT64_C({value})"
