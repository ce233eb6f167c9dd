"""What many builds of kernels share, compiled ahead of them and once per command.

An instruction set's header takes a compiler as long as a kernel, so a precompiled one is given
to it; where it cannot use that, it reads the text, and only time is lost.  Only a kernel that
includes the header is given it; that it does so before it uses it, test_includes.py shows.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from edgeq.kernels.catalog import Kernel
from edgeq.kernels.contract import includes

RUNNER = Path(__file__).with_name("runner.c")
RUNNER_FILES = (RUNNER, *sorted(RUNNER.parent.glob("runner_*.h")))
INTRINSICS = re.compile(r"#include <(immintrin|arm_neon)\.h>")
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


def precompiled(command: Sequence[str], header: str, folder: Path) -> list[str]:
    """Options that give a `command` the `header` precompiled, which is made in `folder`."""
    text = f"#include <{header}.h>\n"
    plain = folder / f"{header}-{_key(command, text.encode())}.h"
    made = plain.with_suffix(".h.gch")
    if not made.exists():
        _put(plain, text)
        partial = made.with_suffix(f".{os.getpid()}")
        compile_c([*command, "-x", "c-header", str(plain), "-o", str(partial)])
        partial.replace(made)
    return ["-include", str(plain)]


def runner(command: Sequence[str], folder: Path) -> Path:
    """The object of the program that runs recorded calls, which is made in `folder`."""
    made = folder / f"runner-{_key(command, *(p.read_bytes() for p in RUNNER_FILES))}.o"
    if not made.exists():
        partial = made.with_suffix(f".{os.getpid()}.o")
        compile_c([*command, "-c", str(RUNNER), "-o", str(partial)])
        partial.replace(made)
    return made


def _key(command: Sequence[str], *contents: bytes) -> str:
    whole = b"\0".join([" ".join(command).encode(), *contents])
    return hashlib.sha256(whole).hexdigest()[:24]


def _put(path: Path, text: str) -> None:
    """Write a file that another worker may be reading."""
    partial = path.with_suffix(f".{os.getpid()}.text")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
