"""Writes generated projects, compiles them as their users would, and runs them."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from edgeq.codegen import emit
from edgeq.ir import Graph
from edgeq.numerics.profile import Profile
from edgeq.plan import Plan, make_plan
from edgeq.targets import load_target
from tests.tools import C_WARNINGS

SECONDS = 120


def plan_of(graph: Graph, target: str = "x86-64-portable", io: str = "arena") -> Plan:
    return make_plan(graph, load_target(target), Profile.TFLM, io=io)


def write(files: dict[str, str], folder: Path) -> Path:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


def project(
    graph: Graph, folder: Path, target: str = "x86-64-portable", io: str = "arena", name: str = ""
) -> Path:
    """The folder of a generated project."""
    return write(emit(plan_of(graph, target, io), name=name), folder)


def run(command: Sequence[str], cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=cwd, timeout=SECONDS, capture_output=True, text=True, check=False
    )


def run_well(command: Sequence[str], cwd: Path) -> str:
    """What a command says that must not fail."""
    done = run(command, cwd)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def sources(folder: Path) -> list[str]:
    """The C files of the model: those of the library, without the self-test."""
    found = [*folder.glob("*.c"), *folder.glob("kernels/*.c")]
    return sorted(str(path) for path in found if not path.name.endswith("_selftest.c"))


def build(
    folder: Path, main: Sequence[str], *flags: str, cc: str = "gcc", out: str = "program"
) -> Path:
    """Compile the model and `main` with every warning an error."""
    command = [cc, "-std=c11", *C_WARNINGS, "-I.", "-Iinclude", *flags, "-o", out]
    run_well([*command, *sources(folder), *main], folder)
    return folder / out


def selftest(folder: Path, *flags: str, cc: str = "gcc") -> str:
    """What the self-test prints; it must pass."""
    (main,) = folder.glob("*_selftest.c")
    return run_well([str(build(folder, [str(main)], *flags, cc=cc))], folder)
