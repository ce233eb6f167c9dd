"""Runs a static x86-64 Linux program under the Bochs emulator: `python -m edgeq.verify.bochs`.

Bochs has AVX-512 with VNNI, which QEMU has not.  It emulates a whole PC, so a small kernel
(targets/bochs/) is its ROM.  Program, standard input and the files that are named lie on its disk;
what the program writes comes back through the debug port, in packets.

    python -m edgeq.verify.bochs [--cpu MODEL] [--file NAME]... [--count FILE] PROGRAM

The exit code is the program's; 128 and more is a signal's, as in a shell.  `--file` names files of
the working directory that it may read.  `--count` writes how many instructions were executed, the
kernel's included: the emulated time stamp counter counts them.
"""

from __future__ import annotations

import argparse
import os
import struct
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from subprocess import DEVNULL, TimeoutExpired, run

from edgeq.build.cc import checked, find_tool, run_tool
from edgeq.errors import EdgeqError, ToolError
from edgeq.targets.target import target_folder

CPU = "tigerlake"  # the newest model of Bochs 2.7
SECONDS = 3600.0
COMPILE_SECONDS = 60.0
CC = "x86_64-linux-gnu-gcc"
SOURCES = ("start.S", "kernel.c", "memory.c", "files.c", "disk.c", "count.c", "program.c")
CFLAGS = (
    "-O1", "-std=gnu11", "-ffreestanding", "-mgeneral-regs-only", "-mno-red-zone", "-fno-pic",
    "-no-pie", "-fno-stack-protector", "-fcf-protection=none", "-fno-asynchronous-unwind-tables",
    "-fno-tree-loop-distribute-patterns", "-static", "-nostdlib", "-Wl,--build-id=none",
)  # fmt: skip
SCREEN_BIOS = Path("/usr/share/vgabios/vgabios.bin")
ROM_BYTES = 0x10000
PAGE, MEBIBYTE = 4096, 1 << 20
TERMINAL = "vt100"  # for its display, on which nothing is ever shown
HEAD = struct.Struct("<4Q")  # of eq_bundle
CYLINDER = 16 * 63 * 512  # bytes; a disk has whole ones
MOST_BYTES = 0xE000000  # of a disk
BUNDLE, COUNTS_BYTES = 0x1000000, 0x2000000  # as layout.h has them
ROOM = 0x2E000000  # for the program; all of the memory is less than 1 GiB
START = b"s\x00\x05\x00\x00\x00edgeq"  # the first packet; what Bochs says itself stands before it
SETTINGS = """\
config_interface: textconfig
display_library: term
plugin_ctrl: unmapped=1, biosdev=0, speaker=0, extfpuirq=0, parallel=0, serial=0, iodebug=0
memory: guest={memory}, host={memory}
romimage: file="{rom}"
vgaromimage: file="{screen}"
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=disk, path="{disk}", mode=flat, cylinders=0
cpu: model={cpu}, count=1, ips=1000000, reset_on_triple_fault=0
clock: sync=none
port_e9_hack: enabled=1
log: "{log}"
panic: action=fatal
error: action=ignore
info: action=ignore
"""


@dataclass(slots=True)
class Ended:
    """What a program did.

    written        bytes by file name; "1" and "2" are the standard output and error
    instructions   executed, the kernel's included
    regions        of a counted run, in the form of targets/qemu/insn_count.c
    """

    code: int
    written: dict[str, bytes]
    instructions: int
    regions: str = ""


def run_under_bochs(
    program: Path, given: bytes, files: Mapping[str, Path] = {}, cpu: str = CPU,
    timeout: float = SECONDS, counting: bool = False, room: int = ROOM,
) -> Ended:  # fmt: skip
    """Run a static program with `given` as its standard input; it may read `files` by name.

    `counting` counts instructions between the marks of targets/boards/probe.h, by address.
    `room` is the memory for all of the program, bytes: a stack of 8 MiB, code, data and what it
    allocates.  The less there is, the sooner Bochs has started.

    Raises:
        ToolError: Bochs or the compiler is missing, or the emulated machine ended otherwise.
    """
    bochs = find_tool("bochs", "the emulator")
    if not SCREEN_BIOS.is_file():
        raise ToolError("not found", where=str(SCREEN_BIOS), why="Bochs does not start without it",
                        fix="install the package vgabios")  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="edgeq-bochs-") as name:
        folder = Path(name)
        disk = bundle(program, given, files, counting, room)
        memory = BUNDLE + len(disk) + room + counting * COUNTS_BYTES
        settings = {"rom": folder / "rom", "screen": SCREEN_BIOS, "cpu": cpu,
                    "disk": folder / "disk", "log": folder / "log",
                    "memory": _up(memory, MEBIBYTE) // MEBIBYTE}  # fmt: skip
        (folder / "rom").write_bytes(rom())
        (folder / "disk").write_bytes(disk)
        (folder / "settings").write_text(SETTINGS.format(**settings), encoding="utf-8")
        (folder / "commands").write_text("continue\n", encoding="utf-8")
        command = [str(bochs), "-q", "-f", "settings", "-rc", "commands"]
        try:
            done = run(command, cwd=folder, stdin=DEVNULL, capture_output=True, timeout=timeout,
                       check=False, env={**os.environ, "TERM": TERMINAL})  # fmt: skip
        except TimeoutExpired:
            raise ToolError(
                "was not done in time",
                where=str(program),
                why=f"it was stopped after {timeout:.0f} seconds",
            ) from None
        return read_packets(done.stdout, str(program), done.stderr.decode(errors="replace"))


@cache
def rom() -> bytes:
    """The kernel of targets/bochs, compiled and laid out as 64 KiB of ROM."""
    with tempfile.TemporaryDirectory(prefix="edgeq-rom-") as name:
        return _build_rom(Path(name)).read_bytes()


def _build_rom(folder: Path) -> Path:
    sources = [target_folder() / "bochs" / name for name in SOURCES]
    script = target_folder() / "bochs" / "kernel.ld"
    command = [str(find_tool(CC, "the compiler")), *CFLAGS, f"-Wl,-T,{script}",
               *map(str, sources), "-o", "kernel.elf"]  # fmt: skip
    checked(run_tool(command, timeout=COMPILE_SECONDS, cwd=folder))
    binary = str(find_tool(CC.replace("gcc", "objcopy"), "the linker's tool"))
    checked(run_tool([binary, "-O", "binary", f"--pad-to={ROM_BYTES}", "kernel.elf", "rom"],
                     timeout=COMPILE_SECONDS, cwd=folder))  # fmt: skip
    return folder / "rom"


def bundle(
    program: Path, given: bytes, files: Mapping[str, Path], counting: bool = False,
    room: int = ROOM,
) -> bytes:  # fmt: skip
    """The disk: a head of `eq_bundle` (targets/bochs/kernel.h), then the files on whole pages."""
    found = [(program.name, program.read_bytes()), ("", given)]
    found += [(name, path.read_bytes()) for name, path in files.items() if path.is_file()]
    start = _up(HEAD.size + 128 * len(found), PAGE)
    table, body = b"", b""
    for name, data in found:
        table += struct.pack("<112sQQ", name.encode()[:111], start + len(body), len(data))
        body += data + bytes(-len(data) % PAGE)
    size = start + len(body)
    if size > MOST_BYTES:
        raise ToolError("is too large", where=str(program), why=f"with its files {size} bytes, "
                        f"while {MOST_BYTES} fit the emulated disk")  # fmt: skip
    head = HEAD.pack(size, len(found), counting, _up(room, PAGE)) + table
    return head + bytes(start - len(head)) + body + bytes(_up(size, CYLINDER) - size)


def _up(value: int, step: int) -> int:
    return -(-value // step) * step


@dataclass(slots=True)
class _Regions:
    """Counts of a run, as lines."""

    lines: list[str]
    unbalanced: int = 0

    def add(self, kind: str, data: bytes) -> None:
        if kind == "r":
            self.lines.append("region")
        elif kind == "n":
            self.lines += [f"at {at:x} {count}" for at, count in struct.iter_unpack("<II", data)]
        elif kind == "u":
            self.unbalanced += 1

    def text(self, executed: int) -> str:
        return "\n".join([*self.lines, f"executed {executed}", f"unbalanced {self.unbalanced}"])


def read_packets(stdout: bytes, program: str, said: str) -> Ended:
    """What came through the debug port.

    Raises:
        ToolError: the machine ended without an exit packet.
    """
    ended = Ended(-1, {"1": b"", "2": b""}, 0)
    names = {1: "1", 2: "2"}
    regions = _Regions([])
    for kind, number, data in _packets(stdout):
        if kind == "o":
            names[number] = data.decode()
            ended.written[names[number]] = b""
        elif kind == "w":
            ended.written[names[number]] += data
        elif kind == "c":
            ended.instructions = int.from_bytes(data, "little")
        elif kind == "x":
            ended.code, ended.regions = number, regions.text(ended.instructions)
            return ended
        else:
            regions.add(kind, data)
    last = [line for line in said.splitlines() if "exiting" not in line and "===" not in line]
    raise ToolError("the emulated machine stopped", where=program, why=" ".join(last[-2:]))


def _packets(stdout: bytes) -> Iterator[tuple[str, int, bytes]]:
    at = stdout.find(START)
    at = len(stdout) if at < 0 else at + len(START)
    while at + 6 <= len(stdout):
        kind, number, size = struct.unpack_from("<BBI", stdout, at)
        yield chr(kind), number, stdout[at + 6 : at + 6 + size]
        at += 6 + size


def main() -> int:
    """Run the program that the command line names, as itself."""
    parser = argparse.ArgumentParser(
        prog="python -m edgeq.verify.bochs",
        description="Runs a static x86-64 Linux program under Bochs.",
    )
    parser.add_argument("--cpu", default=CPU)
    parser.add_argument("--file", action="append", default=[])
    parser.add_argument("--count", type=Path)
    parser.add_argument("program", type=Path)
    asked = parser.parse_args()
    try:
        given = b"" if sys.stdin.isatty() else sys.stdin.buffer.read()
        ended = run_under_bochs(asked.program, given, {n: Path(n) for n in asked.file}, asked.cpu)
    except (EdgeqError, OSError) as error:
        sys.stderr.write(f"bochs: {error}\n")
        return 125
    sys.stdout.buffer.write(ended.written.pop("1"))
    sys.stderr.buffer.write(ended.written.pop("2"))
    for name, data in ended.written.items():
        Path(Path(name).name).write_bytes(data)
    if asked.count:
        asked.count.write_text(f"{ended.instructions}\n", encoding="utf-8")
    return ended.code


if __name__ == "__main__":
    sys.exit(main())
