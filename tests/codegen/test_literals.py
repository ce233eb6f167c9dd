"""What a C compiler reads from our initializers is what numpy holds."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from edgeq.codegen.literals import C_TYPES, c_type, float_literal, initializer
from edgeq.errors import PlanError
from tests.codegen.project import build
from tests.tools import need_tool

INTEGERS = [np.dtype(n) for n in C_TYPES if n not in ("float32", "bool")]
FLOATS = np.array(
    [0.0, -0.0, 1.0, -1.5, 0.1, 1 / 3, 2.0**-126, 2.0**-149, 3.4028234663852886e38, -7e-42],
    np.float32,
)


@pytest.mark.parametrize("dtype", INTEGERS, ids=str)
def test_integers_read_back_as_they_are(dtype: np.dtype[np.int64]) -> None:
    limits = np.iinfo(dtype)
    data = np.array([limits.min, limits.min + 1, 0, 1, limits.max - 1, limits.max], dtype)
    text = initializer(data).replace("INT64_MIN", str(-(2**63)))
    numbers = re.sub(r"INT64_C\((-?\d+)\)", r"\1", text).split(",")
    np.testing.assert_array_equal(np.array(list(map(int, numbers)), object), data.astype(object))


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_floats_are_exact(value: float) -> None:
    text = float_literal(value)
    assert text.endswith("f")
    assert set(text) <= set("+-.0123456789ef")  # decimal: older C++ has no other
    assert np.float32(float(text[:-1])).tobytes() == np.float32(value).tobytes()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), 1e39])
def test_a_float_without_a_literal_is_refused(value: float) -> None:
    with pytest.raises(PlanError, match="a constant is"):
        float_literal(value)


def test_an_empty_array_has_one_element() -> None:
    assert initializer(np.zeros(0, np.int8)) == "0"


def test_lines_stay_short() -> None:
    text = initializer(np.full(1000, -128, np.int8))
    assert max(map(len, text.splitlines())) < 150


def extremes() -> list[np.ndarray[tuple[int, ...], np.dtype[np.generic]]]:
    found: list[np.ndarray[tuple[int, ...], np.dtype[np.generic]]] = [FLOATS]
    for dtype in INTEGERS:
        limits = np.iinfo(dtype)
        found.append(np.array([limits.min, 0, limits.max] * 20, dtype))
    return [*found, np.array([True, False])]


@pytest.mark.parametrize("cc", ["gcc", "clang-19"])
def test_a_compiler_reads_the_same_bytes(cc: str, tmp_path: Path) -> None:
    need_tool(cc)
    arrays = extremes()
    lines = ["#include <stdint.h>", "#include <stdio.h>", "int main(void)", "{"]
    for i, data in enumerate(arrays):
        lines.append(f"static const {c_type(data.dtype)} k{i}[] = {{ {initializer(data)} }};")
        lines.append(f"fwrite(k{i}, 1, sizeof k{i}, stdout);")
    source = tmp_path / "main.c"
    source.write_text("\n".join([*lines, "return 0;", "}\n"]), encoding="ascii")
    program = build(tmp_path, [], cc=cc)
    out = subprocess.run([str(program)], capture_output=True, check=True).stdout
    assert out == b"".join(data.tobytes() for data in arrays)
