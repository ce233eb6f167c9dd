"""The vector twins of the rounding forms give the bits of fixed_point.h."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from edgeq.build.cc import link_program
from edgeq.kernels.isa import Isa, isas
from edgeq.resources import data_root
from edgeq.targets import load_target
from edgeq.verify.emulated import run_emulated
from tests.kernels.ahead import compile_c
from tests.kernels.build import WARNINGS, need
from tests.kernels.rig import emulator_of

INCLUDE = data_root() / "kernels/include"
SOURCE = Path(__file__).with_name("vectors.c")
TWINS = [name for name in isas()
         if (INCLUDE / "edgeq" / f"fixed_point_{name}.h").exists()]  # fmt: skip


@pytest.mark.parametrize("name", TWINS)
def test_equals_the_scalar_form(name: str, tmp_path: Path) -> None:
    isa = isas()[name]
    run = on_board if isa.target else on_linux
    code, said = run(isa, tmp_path)
    assert code == 0, said
    assert int(said.split()[0]) > 500_000


def on_linux(isa: Isa, folder: Path) -> tuple[int, str]:
    program = folder / isa.name
    command = () if isa.runs_here() else emulator_of(isa)
    compile_c([need(isa.cc), "-std=c11", "-O2", *WARNINGS, *isa.cflags, f"-I{INCLUDE}",
               str(SOURCE), "-o", str(program)])  # fmt: skip
    done = subprocess.run(
        [*command, str(program)], capture_output=True, text=True, timeout=300, check=False
    )
    return done.returncode, done.stdout + done.stderr


def on_board(isa: Isa, folder: Path) -> tuple[int, str]:
    target = load_target(isa.target)
    need(isa.cc)
    emulator_of(isa)
    elf = link_program([SOURCE], folder / isa.name, target, include=[INCLUDE], extra=WARNINGS)
    done = run_emulated(elf, target, folder, timeout=300)
    return done.exit_code, done.stdout + done.stderr
