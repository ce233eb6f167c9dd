"""The quantize and dequantize helpers of a header equal their formula in numpy."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgeq.ir import DType, Graph, QuantParams
from edgeq.numerics import affine
from edgeq.ops.common import RANGES
from tests.codegen.project import build, project
from tests.graphs import Builder
from tests.tools import need_tool

F32 = np.float32
PARAMS = [
    (DType.INT8, 0.1, 3), (DType.INT8, 1 / 256, -128), (DType.INT8, 0.5, 127), (DType.INT8, 1.0, 0),
    (DType.INT8, 3.7e-9, -5), (DType.INT8, 1e30, 1), (DType.INT16, 1 / 32768, 0),
    (DType.INT16, 0.25, 0), (DType.UINT8, 0.5, 128), (DType.UINT8, 0.02, 0),
    (DType.UINT8, 2.0, 255),
]  # fmt: skip


def moving(dtype: DType, scale: float, zero_point: int) -> Graph:
    """x -> a part of x, both of one type and scale."""
    b = Builder()
    quant = QuantParams(np.array([float(F32(scale))]), zero_point)
    x, y = b.tensor("x", (4,), quant, dtype), b.tensor("y", (2,), quant, dtype)
    b.node("strided_slice", (x,), (y,), begin=(1,), size=(2,), strides=(1,))
    return b.graph("m", (x,), (y,))


def values(scale: float, zero_point: int, lo: int, hi: int) -> NDArray[np.float32]:
    """Every half step and its neighbours, far outside, and what is no number."""
    steps = np.arange(lo - zero_point - 3, hi - zero_point + 4, max((hi - lo) // 500, 1) / 2)
    exact = (steps * scale).astype(F32)
    near = [np.nextafter(exact, F32(side)) for side in (-np.inf, np.inf)]
    special = np.array([0, -0.0, np.inf, -np.inf, np.nan, 3e38, -3e38, 1e-45], F32)
    return np.concatenate([exact, *near, special, -special])


def nearest(real: NDArray[np.float32], scale: float, zero_point: int, lo: int, hi: int) -> Any:
    """round(real / scale) + zero point in float32, ties away from zero, saturated; NaN is lo."""
    with np.errstate(over="ignore"):
        steps = (real / F32(scale)).astype(np.float64)
    rounded = np.copysign(np.floor(np.abs(steps) + 0.5), steps) + zero_point
    return np.where(np.isnan(steps), lo, np.clip(np.nan_to_num(rounded, nan=lo), lo, hi))


def call(folder: Path, head: str, body: str, data: NDArray[Any]) -> bytes:
    """Run `body` for each element x of `data`; it sets y, which is written out."""
    (folder / "helper").mkdir(exist_ok=True)
    main = folder / "helper" / "main.c"
    main.write_text(
        f"""#include "m.h"
#include <stdio.h>
int main(void)
{{
    {head}
    while (fread(&x, sizeof x, 1, stdin) == 1) {{
        {body}
        fwrite(&y, sizeof y, 1, stdout);
    }}
    return 0;
}}
""",
        encoding="ascii",
    )
    program = build(folder, [str(main)], "-O2", "-fsanitize=undefined", "-fno-sanitize-recover=all")
    return subprocess.run(
        [str(program)], input=data.tobytes(), capture_output=True, check=True
    ).stdout


@pytest.mark.parametrize(("dtype", "scale", "zero_point"), PARAMS)
def test_quantize_is_the_formula(
    dtype: DType, scale: float, zero_point: int, tmp_path: Path
) -> None:
    need_tool("gcc")
    folder = project(moving(dtype, scale, zero_point), tmp_path)
    lo, hi = RANGES[dtype]
    scale = float(F32(scale))
    data = values(scale, zero_point, lo, hi)
    ctype = f"{dtype}_t"
    out = call(folder, f"float x; {ctype} y;", "y = m_input0_quantize(x);", data)
    got = np.frombuffer(out, dtype.numpy)
    np.testing.assert_array_equal(got, nearest(data, scale, zero_point, lo, hi))
    assert len(set(got.tolist())) > 200
    assert {lo, hi} <= set(got.tolist())


@pytest.mark.parametrize(("dtype", "scale", "zero_point"), PARAMS)
def test_dequantize_is_the_formula(
    dtype: DType, scale: float, zero_point: int, tmp_path: Path
) -> None:
    need_tool("gcc")
    folder = project(moving(dtype, scale, zero_point), tmp_path)
    lo, hi = RANGES[dtype]
    data = np.unique(np.linspace(lo, hi, 4000).astype(dtype.numpy))
    ctype = f"{dtype}_t"
    out = call(folder, f"{ctype} x; float y;", "y = m_output0_dequantize(x);", data)
    want = (data.astype(np.int32) - zero_point).astype(F32) * F32(scale)
    assert out == want.tobytes()


@pytest.mark.parametrize(("dtype", "scale", "zero_point"), PARAMS)
def test_numpy_quantizes_as_the_header_does(dtype: DType, scale: float, zero_point: int) -> None:
    lo, hi = RANGES[dtype]
    scale = float(F32(scale))
    data = values(scale, zero_point, lo, hi)
    got = affine.quantize(data, scale, zero_point, dtype.numpy)
    np.testing.assert_array_equal(got, nearest(data, scale, zero_point, lo, hi))
