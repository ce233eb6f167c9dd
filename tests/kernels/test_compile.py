"""Every kernel compiles without a warning under clang, and under gcc with all others.

Alone under gcc it does so wherever the tester builds it, with the same warnings (`build.py`).
All of these warnings are those of clang's front end, so its optimizer is left to the slow test.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import groupby
from operator import attrgetter
from pathlib import Path

import pytest
from _pytest.mark.structures import ParameterSet

from edgeq.kernels.catalog import Kernel, catalog
from tests.kernels.ahead import compile_c
from tests.kernels.build import CLANG, WARNINGS, include_folder, need, unit

ISA = attrgetter("isa.name")
TOGETHER = 16
FRONT_END = ("-emit-llvm", "-Xclang", "-disable-llvm-passes")
CLANG_TARGETS = {
    "aarch64": ["--target=aarch64-linux-gnu", "-ffreestanding"],
    "arm": ["--target=arm-linux-gnueabihf", "-ffreestanding"],
    "thumbv8.1m.main": ["--target=thumbv8.1m.main-none-eabi", "-ffreestanding"],
    "x86_64": ["--target=x86_64-linux-gnu"],
}


def command(kernel: Kernel, compiler: str) -> list[str]:
    """The compiler with all warnings, for the kernel's instruction set."""
    flags = [flag for flag in kernel.isa.cflags if flag != "-static"]
    if compiler == CLANG and not kernel.isa.runs_here():
        flags += CLANG_TARGETS[kernel.isa.machine]
        if kernel.isa.target:
            flags += ["-isystem", f"{sysroot(kernel.isa.cc)}/include"]
    return [need(compiler), "-std=c11", "-O2", *WARNINGS, *flags, f"-I{include_folder(kernel)}"]


@cache
def sysroot(cc: str) -> str:
    """Where a bare-metal compiler has its C library."""
    asked = [need(cc), "-print-sysroot"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()


def groups() -> Iterator[ParameterSet]:
    """A few kernels of an instruction set at a time: a unit of them reads long headers once."""
    for isa, found in groupby(sorted(catalog(), key=ISA), key=ISA):
        kernels = list(found)
        for first in range(0, len(kernels), TOGETHER):
            group = kernels[first : first + TOGETHER]
            yield pytest.param(group, id=f"{isa} {group[0].base_symbol}")


@pytest.mark.parametrize("kernels", list(groups()))
@pytest.mark.parametrize(
    "stages",
    [pytest.param(FRONT_END, id="front"), pytest.param((), id="all", marks=pytest.mark.slow)],
)
def test_compile_without_a_warning(
    kernels: list[Kernel], stages: Sequence[str], tmp_path: Path
) -> None:
    source = tmp_path / "unit.c"
    source.write_text("".join(map(unit, kernels)), encoding="utf-8")
    output = ["-c", str(source), "-o", str(tmp_path / "unit.o")]
    compile_c([*command(kernels[0], CLANG), *stages, *output])


@pytest.mark.parametrize("isa", sorted({kernel.isa.name for kernel in catalog()}))
def test_one_unit_may_hold_every_kernel_in_every_form(isa: str, tmp_path: Path) -> None:
    """As a generated project may: no static name of one meets that of another."""
    kernels = [kernel for kernel in catalog() if kernel.isa.name == isa]
    source = tmp_path / "unit.c"
    source.write_text("".join(map(unit, kernels)), encoding="utf-8")
    compile_c([*command(kernels[0], kernels[0].isa.cc), "-fsyntax-only", str(source)])
