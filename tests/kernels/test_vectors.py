"""The vector twins of the rounding forms give the bits of fixed_point.h."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from edgeq.kernels.isa import isas
from edgeq.resources import data_root
from tests.kernels.build import WARNINGS, compile_c, need
from tests.kernels.rig import emulator_of

SOURCE = Path(__file__).with_name("vectors.c")
TWINS = [name for name in isas()
         if (data_root() / "kernels/include/edgeq" / f"fixed_point_{name}.h").exists()]  # fmt: skip


@pytest.mark.parametrize("name", TWINS)
def test_equals_the_scalar_form(name: str, tmp_path: Path) -> None:
    isa = isas()[name]
    program = tmp_path / name
    command = () if isa.runs_here() else emulator_of(isa)
    compile_c(
        [need(isa.cc), "-std=c11", "-O2", *WARNINGS, *isa.cflags,
         f"-I{data_root() / 'kernels/include'}", str(SOURCE), "-o", str(program)]
    )  # fmt: skip
    done = subprocess.run(
        [*command, str(program)], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout.split()[0]) > 500_000
