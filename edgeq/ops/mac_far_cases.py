"""Arguments whose sums leave int32: what kernels of int16 activations must add up in parts.

Inputs are the least int16 but for one in eight, weights the least or the greatest of their kind by
turns of channels, so that every long enough part of a window leaves int32 by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeq.numerics.nibbles import INT4_MIN
from edgeq.ops.base import Case
from edgeq.ops.mac_cases import X_RANGE, geometry
from edgeq.ops.mac_facts import mac_facts

Ints = NDArray[np.int64]

CONVOLUTIONS: dict[str, tuple[dict[str, int], ...]] = {
    "conv2d_s16s8": (
        {"in_h": 1, "in_w": 3, "in_c": 701, "out_c": 3},
        {"in_h": 6, "in_w": 4, "in_c": 41, "out_c": 2, "kh": 5, "kw": 3, "pad": 1},
    ),
    "conv2d_s16s4": (
        {"in_h": 1, "in_w": 1, "in_c": 8301, "out_c": 2},
        {"in_h": 2, "in_w": 1, "in_c": 4101, "out_c": 2, "kh": 2},
    ),
}  # fmt: skip
FULLY_CONNECTED = {"fc_s16s8": ((2, 1101, 3),), "fc_s16s4": ((1, 8301, 2),)}
"""Batch, inputs, outputs."""


def far_convolutions(contract: str, rng: np.random.Generator) -> Iterator[Case]:
    """Cases of conv2d_s16s8 and _s16s4 for the form wide; of other contracts none."""
    for shape in CONVOLUTIONS.get(contract, ()):
        p = geometry(shape, shape["out_c"])
        x = _inputs(rng, p["x_row"] * p["x_ring"])
        w = _weights(rng, contract, (p["out_c"], p["kh"], p["kw"], p["in_c"]))
        yield _case(rng, x, w, p, p["y_row"] * p["row1"])


def far_layers(contract: str, rng: np.random.Generator) -> Iterator[Case]:
    """The same of fc_s16s8 and _s16s4."""
    for n, i, o in FULLY_CONNECTED.get(contract, ()):
        p = {"batch": n, "in_dim": i, "out_dim": o}
        x, w = _inputs(rng, n * i), _weights(rng, contract, (o, i))
        yield _case(rng, x.reshape(n, i), w, p, n * o)


def _inputs(rng: np.random.Generator, count: int) -> NDArray[np.int16]:
    lo, hi = X_RANGE[np.dtype(np.int16)]
    x = rng.integers(lo, hi + 1, count).astype(np.int16)
    x[rng.random(count) < 7 / 8] = lo
    return x


def _weights(rng: np.random.Generator, contract: str, shape: tuple[int, ...]) -> NDArray[np.int8]:
    lo = INT4_MIN if "s4" in contract else -128
    w = rng.integers(lo, -lo, shape, np.int8)
    often = rng.random(shape) < 15 / 16
    w[0::2][often[0::2]] = lo
    w[1::2][often[1::2]] = -lo - 1
    return w


def _case(
    rng: np.random.Generator,
    x: NDArray[np.int16],
    w: NDArray[np.int8],
    p: dict[str, int],
    size: int,
) -> Case:
    """Biases within 32 bits, and factors that leave sums the upper half of int16 and more."""
    count = len(w)
    rows = w.reshape(count, prod(w.shape[1:])).astype(np.int64)
    bias: Ints = rng.integers(-(2**31), 2**31, count)
    mult = rng.integers(2**14, 2**15, count).astype(np.int32)
    shift = np.full(count, 32, np.int32)
    lo, hi = X_RANGE[x.dtype]
    facts = mac_facts(rows, bias, mult, shift, (lo, hi))
    y = rng.integers(-100, 100, size).astype(np.int16)
    args: dict[str, NDArray[Any]] = {
        "x": x, "w": w, "bias": bias, "mult": mult, "shift": shift, "y": y
    }  # fmt: skip
    return Case(args, p | {"act_min": lo, "act_max": hi}, facts, ("wide",))
