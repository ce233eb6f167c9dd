"""Lines that give the bytes of sums: every pair of bytes, and when there is none."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edgeq.ir import DType, Node, QuantParams, Tensor
from edgeq.numerics.profile import Profile
from edgeq.ops.add import Add, lower_sum
from edgeq.ops.base import Call
from edgeq.ops.line import BYTES, LINE_BITS, line_fields
from edgeq.ops.sub import Sub

WHOLE = (-128, 127)
TOP = 2**31


def tensor(name: str, scale: float, zero_point: int) -> Tensor:
    return Tensor(name, (256, 256), DType.INT8, QuantParams(np.array([scale]), zero_point), None)


def call(scales: tuple[float, float, float], zeros: tuple[int, int, int], sign: int,
         profile: Profile) -> Call:  # fmt: skip
    a, b, y = (tensor(n, s, z) for n, s, z in zip("aby", scales, zeros, strict=True))
    node = Node("sum", "add" if sign > 0 else "sub", ("a", "b"), ("y",), {})
    lowered = lower_sum(node, (a, b), (y,), profile, sign)
    assert isinstance(lowered, tuple)
    (made,) = lowered
    return made


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("scales", "zeros"),
    [
        ((0.0473, 0.0229, 0.0231), (-128, -128, -128)),
        ((0.031, 0.0401, 0.0377), (3, -17, 25)),
        ((0.7, 0.13, 0.91), (-128, 127, -5)),
    ],
)
def test_line_gives_the_bytes_of_every_pair(
    scales: tuple[float, float, float], zeros: tuple[int, int, int], sign: int, profile: Profile
) -> None:
    made = call(scales, zeros, sign, profile)
    p = made.params
    assert p["line"] == 1
    swapped = 1 if scales[0] >= scales[1] else -1
    assert math.isclose(abs(p["la"]) / 2**LINE_BITS, max(scales[:2]) / scales[2], rel_tol=1e-4)
    assert (p["la"] > 0) is (sign == 1 or swapped == 1)
    a, b = (g.reshape(-1).astype(np.int8) for g in np.meshgrid(BYTES, BYTES))
    flat = {**p, "d0": 1, "d1": 1, "d2": 1, "d3": a.size}
    args = {"a": a, "b": b, "y": np.zeros(a.size, np.int8)}
    wanted = Add.exact("add_s8", args, flat, made.form)["y"]
    sums = p["la"] * a.astype(np.int64) + p["lb"] * b.astype(np.int64) + p["lc"]
    assert sums.min() >= -TOP and sums.max() < TOP  # noqa: PT018
    got = np.clip(sums >> LINE_BITS, p["act_min"], p["act_max"])
    np.testing.assert_array_equal(got, wanted)


def test_factors_split_into_bytes_whose_sums_fit() -> None:
    p = call((0.0473, 0.0229, 0.0231), (-128, -128, -128), 1, Profile.TFLM).params
    for factor in (p["la"], p["lb"]):
        low = (factor + 128) % 256 - 128
        middle = ((factor - low) // 256 + 128) % 256 - 128
        assert -127 <= low <= 127
        assert -127 <= middle <= 127
        assert -128 <= (factor - low - 256 * middle) // 65536 <= 127


def test_no_line_through_bytes_that_bend() -> None:
    bent = np.clip(np.where(BYTES[:, None] < 0, BYTES[:, None] + BYTES, BYTES), *WHOLE)
    assert line_fields(bent, WHOLE, (1.0, 1.0))["line"] == 0


def test_no_line_beyond_what_the_bytes_of_a_factor_hold() -> None:
    steep = np.clip(5 * BYTES[:, None] + BYTES, *WHOLE)
    assert line_fields(steep, WHOLE, (5.0, 1.0)) == {"line": 0, "la": 0, "lb": 0, "lc": 0}
    flat = np.clip(3 * BYTES[:, None] + BYTES, *WHOLE)
    assert line_fields(flat, WHOLE, (3.0, 1.0))["line"] == 1


def test_no_line_below_what_24_bits_of_a_factor_hold() -> None:
    down = np.clip(-4 * BYTES[:, None] + BYTES // 4, *WHOLE)
    assert -(2**23) <= line_fields(down, WHOLE, (-4.0, 0.25))["la"] < 0
    beyond = -4 - 100 / 2**LINE_BITS
    steep = np.clip(np.floor(beyond * BYTES[:, None] + BYTES / 4).astype(np.int64), *WHOLE)
    assert line_fields(steep, WHOLE, (beyond, 0.25))["line"] == 0


def test_sub_lowers_to_a_line() -> None:
    a, b, y = tensor("a", 0.02, 4), tensor("b", 0.05, -9), tensor("y", 0.06, 1)
    lowered = Sub.lower(Node("s", "sub", ("a", "b"), ("y",), {}), (a, b), (y,), Profile.TFLM)
    assert isinstance(lowered, tuple)
    assert lowered[0].params["la"] < 0 < lowered[0].params["lb"]
