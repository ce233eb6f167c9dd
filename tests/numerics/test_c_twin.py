"""kernels/include/edgeq/fixed_point.h gives what Python gives, at every corner."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cffi
import numpy as np
import pytest

from edgeq.numerics.fixed_point import high_mul, requantize, shift_right_away
from edgeq.resources import data_root
from tests.numerics.corners import ACCS, FORMS, MULTS
from tests.tools import C_WARNINGS, need_tool

COLUMN = "const int32_t *"
FORM = f"void form_{{0}}(const int64_t *acc, {COLUMN}mult, {COLUMN}shift, int32_t *y, int32_t n)"
PLAIN = f"void {{0}}({COLUMN}a, {COLUMN}b, int32_t *y, int32_t n)"
TAPS = f"void taps_before({COLUMN}at, {COLUMN}dilation, {COLUMN}taps, int32_t *y, int32_t n)"
UNIT = """#include "edgeq/fixed_point.h"
#include "edgeq/window.h"
"""
LOOP = "{0};\n{0}\n{{\n    for (int32_t i = 0; i < n; ++i)\n        y[i] = {1};\n}}\n"
NARROW = {"double": "(int32_t)", "single": "(int32_t)", "wide": "", "fine": "(int32_t)"}


def source() -> str:
    """Loops over every function of the headers."""
    parts = [UNIT]
    for form in FORMS:
        call = f"eq_requantize_{form}({NARROW[form]}acc[i], mult[i], shift[i])"
        parts.append(LOOP.format(FORM.format(form), call))
        call = f"eq_requantize64_{form}(acc[i], mult[i], shift[i])"
        parts.append(LOOP.format(FORM.format(f"{form}64"), call))
    parts.append(LOOP.format(PLAIN.format("high_mul"), "eq_high_mul(a[i], b[i])"))
    parts.append(LOOP.format(PLAIN.format("away"), "eq_shift_right_away(a[i], b[i])"))
    parts.append(LOOP.format(TAPS, "eq_taps_before(at[i], dilation[i], taps[i])"))
    return "\n".join(parts)


@pytest.fixture(scope="module", params=["gcc", "clang-19"])
def twin(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The C functions, compiled with every warning an error and undefined behaviour trapped."""
    compiler = str(request.param)
    need_tool(compiler)
    folder = tmp_path_factory.mktemp("twin")
    unit, library = folder / "twin.c", folder / f"{compiler}.so"
    unit.write_text(source(), encoding="utf-8")
    _compile(compiler, unit, library)
    ffi = cffi.FFI()
    names = [*FORMS, *(f"{f}64" for f in FORMS)]
    plain = [PLAIN.format("high_mul"), PLAIN.format("away"), TAPS]
    ffi.cdef(";\n".join([*(FORM.format(n) for n in names), *plain, ""]))
    return ffi, ffi.dlopen(str(library))


def _compile(compiler: str, unit: Path, library: Path) -> None:
    include = data_root() / "kernels" / "include"
    traps = ("-fsanitize=undefined", "-fsanitize-undefined-trap-on-error")
    command = [compiler, "-std=c11", "-O2", *C_WARNINGS, *traps, f"-I{include}", "-fPIC",
               "-shared", str(unit), "-o", str(library)]  # fmt: skip
    subprocess.run(command, check=True)


def call(twin: Any, name: str, *columns: Sequence[int]) -> list[int]:
    """`name` of every row; the first column is int64 where the function is a form's."""
    ffi, library = twin
    wide = name.startswith("form_")
    arrays = [np.array(c, np.int64 if wide and i == 0 else np.int32) for i, c in enumerate(columns)]
    y = np.zeros(len(columns[0]), np.int32)
    pointers = [ffi.from_buffer(f"int{8 * a.itemsize}_t *", a) for a in arrays]
    getattr(library, name)(*pointers, ffi.from_buffer("int32_t *", y), len(y))
    return [int(v) for v in y]


@pytest.mark.parametrize("form", FORMS)
def test_form_equals_python(twin: Any, form: str) -> None:
    columns = [list(c) for c in zip(*FORMS[form][1](), strict=True)]
    acc, mult, shift = (np.array(c, np.int64) for c in columns)
    want = requantize(acc, mult, shift, form).tolist()
    assert call(twin, f"form_{form}", *columns) == want
    assert call(twin, f"form_{form}64", *columns) == want


def test_high_mul_equals_python(twin: Any) -> None:
    pairs = [(a, b) for a in ACCS for b in (*MULTS, *ACCS[::9], ACCS[0])]
    a, b = (list(c) for c in zip(*pairs, strict=True))
    assert call(twin, "high_mul", a, b) == high_mul(np.array(a), np.array(b)).tolist()


def test_right_shift_equals_python(twin: Any) -> None:
    pairs = [(a, s) for a in ACCS for s in range(32)]
    a, s = (list(c) for c in zip(*pairs, strict=True))
    assert call(twin, "away", a, s) == shift_right_away(np.array(a), np.array(s)).tolist()


def test_taps_before_the_border_are_counted(twin: Any) -> None:
    rows = [(at, d, k) for at in range(-12, 4) for d in range(1, 5) for k in range(1, 6)]
    want = [sum(at + tap * d < 0 for tap in range(k)) for at, d, k in rows]
    assert call(twin, "taps_before", *(list(c) for c in zip(*rows, strict=True))) == want
