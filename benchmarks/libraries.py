"""How large compiled models are on x86, and how long they take to load.

    python -m benchmarks.libraries [--write] [MODEL ...]

For each instruction set: machine code and constants of the generated C (the weights as they are
packed) beside the size of the model's file, and the time that dlopen takes for the shared library
in a process of its own, the median of several.  A library has nothing to set up after that, and
`outside` lists the functions that it calls and does not have: memory is the caller's arena.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.collection import model_path, run
from benchmarks.models import MODELS, RESULTS
from edgeq.build.cc import binutil, checked, compile_and_link, run_tool
from edgeq.build.figures import compiled_figures
from edgeq.build.write import c_sources, write_files
from edgeq.codegen import emit
from edgeq.pipeline import load, plan_of
from edgeq.plan import Plan

LEVELS = ("x86-64-avx2", "x86-64-avxvnni", "x86-64-avx512vnni")
LOADS = 11
NAME = "model"
LOAD = """\
import ctypes, sys, time
start = time.perf_counter_ns()
ctypes.CDLL(sys.argv[1])
print(time.perf_counter_ns() - start)
"""
HEAD = (
    "| model | for | file | code + constants | of the file | load, us | outside |\n"
    + "|---" * 7
    + "|"
)
LINKED = {"__cxa_finalize", "__gmon_start__", "_ITM_deregisterTMCloneTable",
          "_ITM_registerTMCloneTable"}  # fmt: skip
"""What the linker's own start-up code names."""


@dataclass(frozen=True, slots=True)
class Library:
    """One model's library: bytes, microseconds, and the functions that it calls of others."""

    file_bytes: int
    flash_bytes: int
    load_us: float
    outside: tuple[str, ...]

    @property
    def ratio(self) -> float:
        """Code and constants, of the model's file."""
        return self.flash_bytes / self.file_bytes


def measure(path: Path, target: str) -> Library:
    """Compile the model for `target` and measure; nothing of it is run.

    Raises:
        ToolError: the compiler is missing or failed.
    """
    plan = plan_of(load(path), target)
    figures = compiled_figures(plan)
    with tempfile.TemporaryDirectory(prefix="edgeq-") as name:
        library = _linked(plan, Path(name))
        loads = [_load_ns(library) / 1000 for _ in range(LOADS)]
        outside = _outside(library, plan.target.cc)
    return Library(path.stat().st_size, figures.flash_bytes or 0, median(loads), outside)


def _linked(plan: Plan, folder: Path) -> Path:
    files = emit(plan, name=NAME, selftest=False)
    write_files(files, folder)
    return compile_and_link(c_sources(files, folder), folder / "model.so", target=plan.target,
                            include=[folder, folder / "include"], shared=True)  # fmt: skip


def _load_ns(library: Path) -> int:
    command = [sys.executable, "-c", LOAD, str(library)]
    return int(subprocess.run(command, check=True, capture_output=True, timeout=60).stdout)


def _outside(library: Path, cc: str) -> tuple[str, ...]:
    command = [str(binutil(cc, "nm")), "-D", "--undefined-only", str(library)]
    lines = checked(run_tool(command, timeout=60)).stdout.splitlines()
    names = {line.split()[-1].partition("@")[0] for line in lines}
    return tuple(sorted(names - LINKED))


def main() -> None:
    """Print the table, and keep it when asked to."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("models", nargs="*")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    lines = [HEAD]
    sys.stdout.write(f"{HEAD}\n")
    for stem in options.models or MODELS:
        for target in LEVELS:
            found = measure(model_path(stem), target)
            cells = [stem, target, f"{found.file_bytes:,}", f"{found.flash_bytes:,}",
                     f"{found.ratio:.2f}", f"{found.load_us:.0f}",
                     " ".join(found.outside)]  # fmt: skip
            lines.append(f"| {' | '.join(cells)} |")
            sys.stdout.write(f"{lines[-1]}\n")
            sys.stdout.flush()
    if options.write:
        RESULTS.mkdir(parents=True, exist_ok=True)
        (RESULTS / "libraries_x86.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    run(main)
