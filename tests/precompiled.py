"""Headers of intrinsics, precompiled once for each command.

An instruction set's header takes a compiler as long as a kernel, so builds of kernels that include
one are given it precompiled; a compiler that cannot use that reads the text, and only time is lost.
Only a file that includes the header is given it; that kernels do so before they use it,
kernels/test_includes.py shows.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path

HEADERS = ("immintrin", "arm_neon")


def precompiled(
    command: Sequence[str], header: str, folder: Path, run: Callable[[list[str]], bool]
) -> list[str]:
    """Options that give a `command` the `header`, which `run` compiles into `folder`.

    There are none when `run` says that it could not.
    """
    plain = folder / f"{header}-{key_of(' '.join(command).encode())}.h"
    made = plain.with_suffix(".h.gch")
    if not made.exists():
        put(plain, f"#include <{header}.h>\n")
        partial = made.with_suffix(f".{os.getpid()}")
        if not run([*command, "-x", "c-header", str(plain), "-o", str(partial)]):
            return []
        partial.replace(made)
    return ["-include", str(plain)]


def discard(folder: Path) -> None:
    """Remove what was precompiled, which is large; a build that is not done makes its own."""
    for made in folder.glob("*.gch"):
        made.unlink(missing_ok=True)


def put(path: Path, text: str) -> None:
    """Write a file that another worker may be reading."""
    partial = path.with_suffix(f".{os.getpid()}.text")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def key_of(*contents: bytes) -> str:
    return hashlib.sha256(b"\0".join(contents)).hexdigest()[:24]
