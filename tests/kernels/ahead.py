"""What many builds of kernels share, compiled ahead of them and once per command."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from edgeq.kernels.catalog import Kernel
from edgeq.kernels.contract import includes
from tests.precompiled import HEADERS, key_of, precompiled

RUNNER = Path(__file__).with_name("runner.c")
RUNNER_FILES = (RUNNER, *sorted(RUNNER.parent.glob("runner_*.h")))
INTRINSICS = re.compile(rf"#include <({'|'.join(HEADERS)})\.h>")
SECONDS = 300


class BuildError(Exception):
    """A compiler refused a file: the command and what it said."""


def compile_c(command: Sequence[str]) -> None:
    """Run a compiler.

    Raises:
        BuildError: it does not succeed.
    """
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    if done.returncode:
        raise BuildError(f"{' '.join(command)}\n{done.stderr}")


@cache
def intrinsics(kernel: Kernel) -> str:
    """The header of intrinsics that a kernel includes, itself or through others; "" for none."""
    for path in (kernel.path, *includes(kernel.path)):
        if found := INTRINSICS.search(path.read_text(encoding="utf-8")):
            return found[1]
    return ""


def with_intrinsics(kernel: Kernel, command: Sequence[str], folder: Path) -> list[str]:
    """Options that give a `command` the intrinsics of the kernel precompiled."""

    def run(words: list[str]) -> bool:
        compile_c(words)
        return True

    header = intrinsics(kernel)
    return precompiled(command, header, folder, run) if header else []


def runner(command: Sequence[str], folder: Path) -> Path:
    """The object of the program that runs recorded calls, which is made in `folder`."""
    key = key_of(" ".join(command).encode(), *(p.read_bytes() for p in RUNNER_FILES))
    made = folder / f"runner-{key}.o"
    if not made.exists():
        partial = made.with_suffix(f".{os.getpid()}.o")
        compile_c([*command, "-c", str(RUNNER), "-o", str(partial)])
        partial.replace(made)
    return made
