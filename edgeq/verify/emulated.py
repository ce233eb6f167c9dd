"""Runs programs of other machines under QEMU or Bochs, and own ones as they are.

A probe is a program that reads `probe.in` and writes `probe.out`: bytes in, bytes out, on
every target alike (targets/boards/probe.h).
"""

from __future__ import annotations

import platform
import shlex
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from edgeq.build.cc import ZIG, checked, find_compiler, find_tool, link_program, run_tool
from edgeq.errors import ToolError
from edgeq.kernels.isa import isas
from edgeq.targets import Target
from edgeq.targets.target import BOARD_OPTIONS, BOCHS, emulated
from edgeq.verify.bochs import run_under_bochs

RUN_SECONDS = 120.0
FAULT_EXIT_CODE = 99  # of targets/boards: a fault handler ended the program
INPUT, OUTPUT = "probe.in", "probe.out"


@dataclass(frozen=True, slots=True)
class CompletedRun:
    """A program that ended by itself.

    stderr   of the program and of the emulator
    """

    command: tuple[str, ...]
    exit_code: int
    stdout: str
    stderr: str

    def require_success(self) -> CompletedRun:
        """The run itself, when its exit code is 0.

        Raises:
            ToolError: it is not; the message holds the command and the output.
        """
        if self.exit_code == 0:
            return self
        fault = " (a processor fault)" if self.exit_code == FAULT_EXIT_CODE else ""
        said = "\n".join(text.strip() for text in (self.stdout, self.stderr) if text.strip())
        raise ToolError(
            f"the program ended with exit code {self.exit_code}{fault}",
            why=said or "it printed nothing",
            fix=f"the command was: {shlex.join(self.command)}",
        )


def run_emulated(
    elf: Path,
    target: Target,
    workdir: Path,
    *,
    timeout: float = RUN_SECONDS,
    plugin: Sequence[str] = (),
    options: Sequence[str] = (),
    native: bool = True,
) -> CompletedRun:
    """Run a program of `target` in `workdir`, whatever its exit code.

    A Linux program that this machine executes runs without an emulator, unless a plugin
    is asked for or `native` is False.

    `plugin` are the parts of QEMU's -plugin option (path of the plugin, then name=value),
    `options` further options of the emulator.

    Raises:
        ToolError: no emulator, or the program was not done after `timeout` seconds.
    """
    emulate = bool(plugin) or not native
    if runs_under_bochs(target, emulate):
        return under_bochs(elf.resolve(), workdir, timeout)[0]
    command = _command(elf.resolve(), emulated(target), emulate, [*_plugin(plugin), *options])
    run = run_tool(command, timeout=timeout, cwd=workdir)
    return CompletedRun(run.command, run.exit_code, run.stdout, run.stderr)


def runs_under_bochs(target: Target, emulate: bool = True) -> bool:
    """Whether `target` has Bochs as its emulator, and needs it or is to be emulated anyway."""
    emulator = target.firmware.emulator if target.firmware else ()
    return emulator[:1] == (BOCHS,) and (emulate or not runs_in_process(target))


def under_bochs(
    elf: Path, workdir: Path, timeout: float, *, counting: bool = False
) -> tuple[CompletedRun, str]:
    """A probe under Bochs, and what `counting` counted (targets/qemu/insn_count.c)."""
    ended = run_under_bochs(elf, b"", {INPUT: workdir / INPUT}, timeout=timeout, counting=counting)
    said = [ended.written.pop(name).decode("utf-8", "replace") for name in ("1", "2")]
    if OUTPUT in ended.written:
        (workdir / OUTPUT).write_bytes(ended.written[OUTPUT])
    return CompletedRun((BOCHS, str(elf)), ended.code, *said), ended.regions


def probe_program(
    target: Target,
    sources: Sequence[Path],
    input_bytes: bytes,
    *,
    include: Sequence[Path] = (),
    extra: Sequence[str] = (),
    workdir: Path | None = None,
    timeout: float = RUN_SECONDS,
) -> bytes:
    """Build `sources` with the target's start-up, run them on `input_bytes`, return the output.

    Program and files stay in `workdir`; without one they are in a temporary folder.

    Raises:
        ToolError: a tool is missing or failed, or the program ended with another code than 0.
    """
    if workdir is None:
        with tempfile.TemporaryDirectory(prefix="edgeq-") as folder:
            return probe_program(
                target, sources, input_bytes, include=include, extra=extra,
                workdir=Path(folder), timeout=timeout,
            )  # fmt: skip
    elf = link_program(sources, workdir / "probe.elf", target, include=include, extra=extra)
    return run_probe(elf, target, input_bytes, workdir, timeout=timeout)


def run_probe(
    elf: Path, target: Target, input_bytes: bytes, workdir: Path, *, timeout: float = RUN_SECONDS
) -> bytes:
    """Run a probe that is already built on `input_bytes`, return what it wrote.

    Raises:
        ToolError: no emulator, or the program ended with another code than 0.
    """
    (workdir / INPUT).write_bytes(input_bytes)
    (workdir / OUTPUT).unlink(missing_ok=True)
    run_emulated(elf, target, workdir, timeout=timeout).require_success()
    output = workdir / OUTPUT
    return output.read_bytes() if output.exists() else b""


def _plugin(parts: Sequence[str]) -> list[str]:
    return ["-plugin", ",".join(parts)] if parts else []


def _command(elf: Path, target: Target, emulate: bool, options: Sequence[str]) -> list[str]:
    emulator = target.firmware.emulator if target.firmware else ()
    if not emulate and (not emulator or runs_in_process(target)):
        return [str(elf)]
    if not emulator:
        raise ToolError("has no emulator, so nothing can be counted", where=target.name,
                        fix="choose a target with an emulator, such as x86-64")  # fmt: skip
    program = find_tool(emulator[0], "the emulator")
    board = BOARD_OPTIONS if emulator[0].startswith("qemu-system") else ()
    return [str(program), *emulator[1:], *options, *board, str(elf)]


def runs_in_process(target: Target) -> bool:
    """True when this machine executes the target's code, all instruction sets included."""
    if target.is_board:
        return False
    return _makes_code_for_here(target.cc) and all(isas()[name].runs_here() for name in target.isa)


@cache
def _makes_code_for_here(cc: str) -> bool:
    if cc == ZIG:  # it takes its machine from the options
        return False
    command = [str(find_compiler(cc)), "-dumpmachine"]
    machine = checked(run_tool(command, timeout=RUN_SECONDS)).stdout.strip()
    return machine.startswith(platform.machine() + "-") and "linux" in machine
