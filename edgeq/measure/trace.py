"""Counts instructions without a plugin: QEMU runs one at a time and logs each one's address.

A hundred times slower than the plugin, and as exact: for a QEMU without plugins, or whose
plugin interface is newer than ours.
"""

from __future__ import annotations

import os
import re
import struct
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from edgeq.build.cc import find_tool, run_tool
from edgeq.errors import EdgeqError, ToolError
from edgeq.targets import Target
from edgeq.targets.target import emulated
from edgeq.verify.emulated import CompletedRun, run_emulated

ONE_INSN_SINCE = (8, 1)  # the version in which -singlestep got its new name
END_LINE = "end of trace\n"
LOADED = 1  # p_type PT_LOAD
ELF64 = 2  # e_ident[EI_CLASS]


def trace_counts(
    elf: Path, target: Target, workdir: Path, marks: tuple[str, str], *, timeout: float
) -> str:
    """What the plugin would have written: regions and totals, as text.

    `marks` are the begin and the end markers as SIZE.HEX[:SIZE.HEX].

    Raises:
        ToolError: no emulator, or the program ended with another code than 0.
    """
    kind_of = _marker_finder(elf, marks)
    with tempfile.TemporaryDirectory(prefix="edgeq-") as scratch:
        fifo = Path(scratch) / "trace"
        os.mkfifo(fifo)
        options = [*_one_at_a_time(target), "-d", "exec,nochain", "-D", str(fifo)]
        runs: list[CompletedRun | EdgeqError] = []

        def run() -> None:
            try:
                runs.append(run_emulated(elf, target, workdir, timeout=timeout, options=options,
                                         native=False))  # fmt: skip
            except EdgeqError as error:
                runs.append(error)
            with fifo.open("w", encoding="ascii") as end:
                end.write(END_LINE)

        emulation = threading.Thread(target=run)
        # Opened for both ways, the pipe exists before the emulator does and never ends by itself.
        with os.fdopen(os.open(fifo, os.O_RDWR), encoding="ascii", errors="replace") as lines:
            emulation.start()
            text = count_lines(iter(lines.readline, END_LINE), kind_of)
            emulation.join()
    (done,) = runs
    if isinstance(done, EdgeqError):
        raise done
    done.require_success()
    return text


def count_lines(lines: Iterable[str], kind_of: Callable[[int], str]) -> str:
    """Counts of a log; `kind_of` an address is "begin", "end" or "" for no marker."""
    out: list[str] = []
    counts: dict[int, int] = {}
    kinds: dict[int, str] = {}
    inside, regions, unbalanced, executed = False, 0, 0, 0
    for address in _executed(lines):
        kind = kinds.get(address)
        if kind is None:
            kind = kinds[address] = kind_of(address)
        if not kind:
            executed += 1
            if inside:
                counts[address] = counts.get(address, 0) + 1
            continue
        unbalanced += inside == (kind == "begin")
        if inside and kind == "end":
            out.append(f"region {regions} {sum(counts.values())}")
            out += [f"at {at:x} {count}" for at, count in counts.items()]
            regions += 1
        counts, inside = {}, kind == "begin"
    out += [f"unbalanced {unbalanced + inside}", f"executed {executed}"]
    return "\n".join(out)


def _executed(lines: Iterable[str]) -> Iterator[int]:
    """Addresses in order of execution.

    QEMU logs an instruction before it runs; "Stopped execution" takes the last one back,
    which is then logged again.
    """
    held = -1
    for line in lines:
        if line.startswith("Trace "):
            if held >= 0:
                yield held
            held = int(line.split("/", 2)[1], 16)
        elif line.startswith("Stopped execution"):
            held = -1
    if held >= 0:
        yield held


def _marker_finder(elf: Path, marks: tuple[str, str]) -> Callable[[int], str]:
    """A function that reads the program at an address and says which marker is there."""
    segments = list(_segments(elf.read_bytes()))
    forms = [
        (kind, int(code, 16).to_bytes(int(size), "little"))
        for kind, text in zip(("begin", "end"), marks, strict=True)
        for size, code in (mark.split(".") for mark in text.split(":"))
    ]

    def kind_of(address: int) -> str:
        for start, data in segments:
            if start <= address < start + len(data):
                offset = address - start
                return next((k for k, form in forms if data.startswith(form, offset)), "")
        return ""

    return kind_of


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Address and bytes of each loaded part of a little-endian ELF file."""
    wide = data[4] == ELF64
    table, size, count = (
        (*struct.unpack_from("<Q", data, 32), *struct.unpack_from("<HH", data, 54))
        if wide
        else (*struct.unpack_from("<I", data, 28), *struct.unpack_from("<HH", data, 42))
    )
    for index in range(count):
        at = table + index * size
        kind = struct.unpack_from("<I", data, at)[0]
        offset, address = struct.unpack_from("<QQ" if wide else "<II", data, at + 4 + 4 * wide)
        length = struct.unpack_from("<Q" if wide else "<I", data, at + (32 if wide else 16))[0]
        if kind == LOADED:
            yield address, data[offset : offset + length]


def _one_at_a_time(target: Target) -> list[str]:
    """The option that makes QEMU translate one instruction at a time."""
    firmware = emulated(target).firmware
    emulator = firmware.emulator if firmware else ()
    if not emulator:
        raise ToolError("has no emulator, so nothing can be counted", where=target.name)
    command = [str(find_tool(emulator[0], "the emulator")), "--version"]
    found = re.search(r"version (\d+)\.(\d+)", run_tool(command, timeout=60.0).stdout)
    if found is None or (int(found[1]), int(found[2])) < ONE_INSN_SINCE:
        return ["-singlestep"]
    if emulator[0].startswith("qemu-system"):
        return ["-accel", "tcg,one-insn-per-tb=on"]
    return ["-one-insn-per-tb"]
