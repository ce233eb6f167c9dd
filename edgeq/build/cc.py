"""Compiles and links C, and shows the command when that fails.

No shell is involved, every run has a time limit, and the folder of the output is the only
one written to.
"""

from __future__ import annotations

import platform
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from edgeq.errors import ToolError
from edgeq.targets import Target, linker_script
from edgeq.targets.target import emulated, target_folder

COMPILE_SECONDS = 300.0
SHOWN_CHARACTERS = 4000  # of a failed tool's output
NO_OWN_FLAGS: Mapping[Path, Sequence[str]] = {}
LOCAL_COMPILERS = ("gcc", "cc", "clang")  # one stands in for another on this machine

ZIG = "python-zig"  # of the Python package ziglang
ZIG_BINUTILS = "arm-linux-gnueabihf-"  # it has none of its own; it is asked for 32-bit Arm alone

# The package of each tool that a target may name: Debian's, but for the one of Python.
PACKAGES = {
    ZIG: "ziglang",
    "gcc": "gcc libc6-dev",
    "cc": "gcc libc6-dev",
    "clang": "clang",
    "x86_64-linux-gnu-gcc": "gcc-x86-64-linux-gnu libc6-dev",
    "aarch64-linux-gnu-gcc": "gcc-aarch64-linux-gnu libc6-dev-arm64-cross",
    "arm-linux-gnueabihf-gcc": "gcc-arm-linux-gnueabihf libc6-dev-armhf-cross",
    "arm-linux-gnueabihf-objdump": "binutils-arm-linux-gnueabihf",
    "arm-linux-gnueabihf-size": "binutils-arm-linux-gnueabihf",
    "riscv64-linux-gnu-gcc": "gcc-riscv64-linux-gnu libc6-dev-riscv64-cross",
    "arm-none-eabi-gcc": "gcc-arm-none-eabi libnewlib-arm-none-eabi",
    "riscv64-unknown-elf-gcc": "gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf",
    "qemu-system-arm": "qemu-system-arm",
    "qemu-system-riscv32": "qemu-system-misc",
    "qemu-system-riscv64": "qemu-system-misc",
    "qemu-aarch64": "qemu-user",
    "qemu-arm": "qemu-user",
    "qemu-riscv64": "qemu-user",
    "qemu-x86_64": "qemu-user",
    "bochs": "bochs vgabios bochs-term",
}


@dataclass(frozen=True, slots=True)
class ToolRun:
    """What a finished tool said."""

    command: tuple[str, ...]
    exit_code: int
    stdout: str
    stderr: str


def find_tool(name: str, kind: str) -> Path:
    """The program `name` in PATH; `kind` is what it is called when missing.

    Raises:
        ToolError: it is not installed; the fix names its package where known.
    """
    found = shutil.which(name)
    if found is None and name == ZIG:  # beside the Python that runs, its environment active or not
        found = shutil.which(name, path=str(Path(sys.executable).parent))
    if found is not None:
        return Path(found)
    package = PACKAGES.get(Path(name).name)
    installer = "pip" if name == ZIG else "apt-get"
    fix = f"{installer} install {package}" if package else f"install {name}, or put it into PATH"
    raise ToolError(f"{kind} {name!r} is not installed", why="it is not in PATH", fix=fix)


def find_compiler(name: str) -> Path:
    """The compiler `name`, or another local one in its place.

    gcc, cc and clang stand in for each other, and for this machine's own full name
    (x86_64-linux-gnu-gcc on x86-64), which only Debian and its kin install.

    Raises:
        ToolError: none is installed.
    """
    if name in LOCAL_COMPILERS or name.startswith(f"{platform.machine()}-linux-gnu-"):
        for other in (name, *LOCAL_COMPILERS):
            found = shutil.which(other)
            if found is not None:
                return Path(found)
    return find_tool(name, "the compiler")


def run_tool(command: Sequence[str], *, timeout: float, cwd: Path | None = None) -> ToolRun:
    """Run a command to its end, whatever its exit code.

    Raises:
        ToolError: it cannot be started, or is not done after `timeout` seconds.
    """
    line = tuple(map(str, command))
    try:
        done = subprocess.run(
            line, cwd=cwd, timeout=timeout, capture_output=True, stdin=subprocess.DEVNULL,
            check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise ToolError(
            f"{Path(line[0]).name} was not done after {timeout:g} s", why=shlex.join(line)
        ) from None
    except OSError as error:
        raise ToolError(
            f"{line[0]} cannot be started", why=str(error.strerror), fix=shlex.join(line)
        ) from None
    out, err = (text.decode("utf-8", "replace") for text in (done.stdout, done.stderr))
    return ToolRun(line, done.returncode, out, err)


def compile_and_link(
    sources: Sequence[Path],
    out: Path,
    *,
    target: Target | None = None,
    cc: str = "gcc",
    cflags: Sequence[str] = (),
    include: Sequence[Path] = (),
    extra: Sequence[str] = (),
    own_flags: Mapping[Path, Sequence[str]] = NO_OWN_FLAGS,
    shared: bool = False,
    timeout: float = COMPILE_SECONDS,
) -> Path:
    """Compile C files and link them into a program, or a shared library, at `out`.

    With a target its compiler and flags are taken, and `cflags` come after them; `extra`
    is put last, so that it holds libraries and overrides.  A program gets nothing added:
    `link_program` adds a board's start-up.  Files that `own_flags` names are compiled with these
    besides, each to OUT_N.o.

    Raises:
        ToolError: no compiler, or it failed: the message holds the command and its output.
    """
    compiler = find_compiler(target.cc if target else cc)
    flags = [*(target.cflags if target else ()), *cflags]
    command = [str(compiler), *flags, *(["-fPIC"] if shared else [])]
    command += [f"-I{folder}" for folder in include]
    files = []
    for index, source in enumerate(sources):
        files.append(source)
        if own := own_flags.get(source):
            files[-1] = out.with_name(f"{out.stem}_{index}.o")
            checked(run_tool([*command, *own, "-c", str(source), "-o", str(files[-1])],
                             timeout=timeout))  # fmt: skip
    command += [*(["-shared"] if shared else []), "-o", str(out), *map(str, files), *extra]
    checked(run_tool(command, timeout=timeout))
    return out


def link_program(
    sources: Sequence[Path],
    out: Path,
    target: Target,
    *,
    include: Sequence[Path] = (),
    extra: Sequence[str] = (),
    own_flags: Mapping[Path, Sequence[str]] = NO_OWN_FLAGS,
    timeout: float = COMPILE_SECONDS,
) -> Path:
    """A whole program for a target: its sources with start-up, probe I/O and linker script.

    `#include "probe.h"` works.  A linker script is written beside `out`, as OUT.ld.

    Raises:
        ToolError: no compiler, or it failed; also when the target says nothing of programs.
    """
    target = emulated(target)
    firmware = target.firmware
    if firmware is None:
        raise ToolError(
            "cannot build a program",
            where=target.name,
            why="the target has no [firmware]",
            fix="add [firmware] to its file",
        )
    flags = list(firmware.ldflags)
    if firmware.linker is not None:
        script = out.with_name(out.name + ".ld")
        script.write_text(linker_script(target), encoding="utf-8")
        flags += ["-T", str(script)]
    return compile_and_link(
        [*sources, *firmware.startup], out, target=target,
        include=[*include, target_folder() / "boards"], extra=[*flags, *extra],
        own_flags=own_flags, timeout=timeout,
    )  # fmt: skip


def checked(run: ToolRun) -> ToolRun:
    """The run itself when its exit code is 0.

    Raises:
        ToolError: it failed; the message holds the command and what it said.
    """
    if run.exit_code == 0:
        return run
    said = (run.stderr or run.stdout).strip()
    shown = said if len(said) <= SHOWN_CHARACTERS else said[:SHOWN_CHARACTERS] + "\n... (cut)"
    raise ToolError(
        f"{Path(run.command[0]).name} failed with exit code {run.exit_code}",
        why=shown or "it said nothing",
        fix=f"the command was: {shlex.join(run.command)}",
    )


@cache
def binutil(cc: str, name: str) -> Path:
    """The `size`, `nm` or `objdump` that belongs to a compiler.

    Raises:
        ToolError: the compiler or the tool is missing.
    """
    if cc == ZIG:
        return find_tool(ZIG_BINUTILS + name, "the tool")
    command = [str(find_compiler(cc)), f"-print-prog-name={name}"]
    named = checked(run_tool(command, timeout=COMPILE_SECONDS)).stdout.strip()
    return find_tool(named or name, "the tool")
