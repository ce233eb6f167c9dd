"""Counts executed instructions under emulation: per region, per class, per function.

A program marks regions with EQ_MARK_BEGIN() and EQ_MARK_END() (targets/boards/probe.h); a
QEMU plugin of our own counts what runs between them, or a trace of the run where plugins
cannot be loaded.  Under Bochs the program is stepped through (targets/bochs/count.c).
The counts are exact and repeatable.  QEMU does not model cycles, so nothing here is a time.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from edgeq.build.cc import COMPILE_SECONDS, binutil, checked, compile_and_link, run_tool
from edgeq.errors import ToolError
from edgeq.measure.classes import CLASSES, classify
from edgeq.measure.cycles import RULES, Executed, Rules
from edgeq.measure.trace import trace_counts
from edgeq.targets import Target
from edgeq.targets.target import target_folder
from edgeq.verify.emulated import RUN_SECONDS, run_emulated, runs_under_bochs, under_bochs

COUNTS_FILE = "insn_count.txt"
TRACE_SLOWER = 20  # times what a run with the plugin may take
LONGEST = 16  # bytes, no instruction of any machine is longer
KINDS_OF_LINE = ("at", "taken")

# ELF e_machine -> name, and the markers of probe.h as SIZE.HEX (Arm: Thumb and A32).
MACHINES = {40: "arm", 62: "x86_64", 183: "aarch64", 243: "riscv"}
BEGIN_MARKS = {
    "arm": "2.46d2:4.e1a0a00a",
    "x86_64": "7.0000ed71801f0f",
    "aarch64": "4.d5032e3f",
    "riscv": "4.07100013",
}
END_MARKS = {
    "arm": "2.46db:4.e1a0b00b",
    "x86_64": "7.0000ed72801f0f",
    "aarch64": "4.d5032e5f",
    "riscv": "4.07200013",
}

FUNCTION_LINE = re.compile(r"^[0-9a-f]+ <(.+?)(\+0x[0-9a-f]+)?>:$")
INSTRUCTION_LINE = re.compile(r"^\s*([0-9a-f]+):\t(\S+)\s*(.*)$")


@dataclass(frozen=True, slots=True)
class Decoded:
    """One instruction as it was disassembled; its size in bytes, 0 when nothing follows."""

    function: str
    mnemonic: str
    operands: str
    kind: str
    size: int = 0


UNKNOWN = Decoded("?", "", "", "other")


@dataclass(frozen=True, slots=True)
class Region:
    """What ran between one EQ_MARK_BEGIN() and its EQ_MARK_END(), in instructions.

    classes     by class, all of CLASSES
    functions   by function, without what was called from there
    cycles      least and greatest estimate (`edgeq.measure.cycles`), None without rules for the
                core, or where it was not seen which branches were taken
    """

    total: int
    classes: Mapping[str, int]
    functions: Mapping[str, int]
    cycles: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """Executed instructions of one run.

    total      of all regions
    regions    of each region, in the order in which they ran
    classes    of all regions by class
    functions  of all regions by function, the most expensive first
    details    the same for each region
    executed   of the whole run, start-up included
    """

    total: int
    regions: tuple[int, ...]
    classes: Mapping[str, int]
    functions: Mapping[str, int]
    details: tuple[Region, ...]
    executed: int


def count_instructions(
    elf: Path, target: Target, workdir: Path, *, timeout: float = RUN_SECONDS
) -> Counts:
    """Run a program of `target` in `workdir` and count; its input is there as probe.in.

    Raises:
        ToolError: a tool is missing or failed, the program ended with another code than 0,
            its markers do not pair, or the target has no emulator.
    """
    machine = machine_of(elf)
    marks = (BEGIN_MARKS[machine], END_MARKS[machine])
    if runs_under_bochs(target):
        run, text = under_bochs(elf, workdir, TRACE_SLOWER * timeout, counting=True)
        run.require_success()
    else:
        text = _plugin_counts(elf, target, workdir, marks, timeout)
    if not text:
        text = trace_counts(elf, target, workdir, marks, timeout=TRACE_SLOWER * timeout)
    return _joined(text, machine, elf, target)


def _plugin_counts(
    elf: Path, target: Target, workdir: Path, marks: tuple[str, str], timeout: float
) -> str:
    """The plugin's output; "" where it cannot be built, or the emulator does not load it."""
    try:
        plugin = [str(count_plugin()), f"out={COUNTS_FILE}"]
    except ToolError:
        return ""
    plugin += [f"begin={marks[0]}", f"end={marks[1]}"]
    counts = workdir / COUNTS_FILE
    counts.unlink(missing_ok=True)
    run = run_emulated(elf, target, workdir, timeout=timeout, plugin=plugin)
    if not counts.exists():  # the plugin creates it before the program starts
        return ""
    run.require_success()
    return counts.read_text(encoding="ascii")


def machine_of(elf: Path) -> str:
    """The machine that an ELF file is for: a key of BEGIN_MARKS.

    Raises:
        ToolError: it is no ELF file, or of a machine whose markers are not known.
    """
    head = elf.read_bytes()[:20]
    machine = MACHINES.get(int.from_bytes(head[18:20], "little"))
    if head[:4] != b"\x7fELF" or machine is None:
        raise ToolError("is not a program whose instructions can be counted", where=str(elf),
                        fix=f"machines are {', '.join(sorted(BEGIN_MARKS))}")  # fmt: skip
    return machine


@cache
def count_plugin() -> Path:
    """The compiled plugin: built by this machine's compiler at the first use, then cached.

    It is in $XDG_CACHE_HOME/edgeq (~/.cache/edgeq), under a name made of its source's hash,
    or in the system's temporary folder where that cannot be written.

    Raises:
        ToolError: no compiler, or it failed.
    """
    source = target_folder() / "qemu" / "insn_count.c"
    digest = hashlib.sha256(source.read_bytes()).hexdigest()[:16]
    folder = _cache_folder()
    plugin = folder / f"insn_count-{digest}.so"
    if not plugin.exists():
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            built = Path(scratch) / "plugin.so"
            compile_and_link([source], built, cflags=["-O2", "-std=c11"], shared=True)
            built.replace(plugin)
    return plugin


def _cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    for folder in (Path(base).expanduser() / "edgeq", Path(tempfile.gettempdir()) / "edgeq"):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except (OSError, RuntimeError):
            continue
        if os.access(folder, os.W_OK) and "," not in str(folder):  # QEMU splits at commas
            return folder
    return Path(tempfile.mkdtemp(prefix="edgeq-"))


def _joined(text: str, machine: str, elf: Path, target: Target) -> Counts:
    """The plugin's output, with each address looked up in the disassembly."""
    regions, executed = _read_counts(text)
    addresses = {address for counts, _ in regions for address in counts}
    where = _disassembly(elf, machine, target, addresses) if addresses else {}
    rules = RULES.get(target.firmware.cpu) if target.firmware else None
    details = tuple(_region_of(*region, where, rules) for region in regions)
    totals = tuple(region.total for region in details)
    functions = _sum(region.functions for region in details)
    return Counts(
        total=sum(totals),
        regions=totals,
        classes=_in_order(_sum(region.classes for region in details)),
        functions=dict(functions.most_common()),
        details=details,
        executed=executed,
    )


def _read_counts(text: str) -> tuple[list[tuple[dict[int, int], dict[int, int]]], int]:
    """The regions as {address: count}, {address: branches taken}; and all instructions.

    Raises:
        ToolError: the run was cut off, or a marker came twice or without its other one.
    """
    regions: list[tuple[dict[int, int], dict[int, int]]] = []
    ends = {"executed": -1, "unbalanced": 0}
    for line in text.splitlines():
        word, *values = line.split()
        if word == "region":
            regions.append(({}, {}))
        elif word in KINDS_OF_LINE:
            counts, address = regions[-1][KINDS_OF_LINE.index(word)], int(values[0], 16)
            counts[address] = counts.get(address, 0) + int(values[1])
        else:
            ends[word] = int(values[0])
    if ends["executed"] < 0:
        raise ToolError("the emulator ended before the counts were written")
    if ends["unbalanced"]:
        raise ToolError(f"{ends['unbalanced']} of the program's region markers do not pair",
                        fix="put each EQ_MARK_BEGIN() before one EQ_MARK_END()")  # fmt: skip
    return regions, ends["executed"]


def _region_of(
    counts: Mapping[int, int], taken: Mapping[int, int], where: Mapping[int, Decoded],
    rules: Rules | None,
) -> Region:  # fmt: skip
    classes: Counter[str] = Counter()
    functions: Counter[str] = Counter()
    executed: list[Executed] = []
    for address, count in sorted(counts.items()):
        one = where.get(address, UNKNOWN)
        functions[one.function] += count
        classes[one.kind] += count
        executed.append(Executed(address, one.size, one.mnemonic, one.operands, one.kind, count,
                                 taken.get(address, 0)))  # fmt: skip
    cycles = rules(executed) if rules and taken else None
    return Region(sum(counts.values()), _in_order(classes), dict(functions), cycles)


def _in_order(classes: Mapping[str, int]) -> dict[str, int]:
    return {name: classes.get(name, 0) for name in CLASSES}


def _sum(counts: Iterable[Mapping[str, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return total


def _disassembly(
    elf: Path, machine: str, target: Target, addresses: set[int]
) -> dict[int, Decoded]:
    """The instruction at each address."""
    command = [str(binutil(target.cc, "objdump")), "-d", "--no-show-raw-insn"]
    command += [f"--start-address={min(addresses)}", f"--stop-address={max(addresses) + LONGEST}"]
    command += ["-m", "armv8.1-m.main"] if _has_helium(target) else []
    text = checked(run_tool([*command, str(elf)], timeout=COMPILE_SECONDS)).stdout
    found: dict[int, Decoded] = {}
    function, last = "?", -1
    for line in text.splitlines():
        if named := FUNCTION_LINE.match(line):
            function = named[1]
        elif insn := INSTRUCTION_LINE.match(line):
            address, kind = int(insn[1], 16), classify(machine, insn[2], insn[3])
            if last in found:
                found[last] = replace(found[last], size=address - last)
            found[address] = Decoded(function, insn[2], insn[3], kind)
            last = address
    return found


@cache
def _has_helium(target: Target) -> bool:
    """True for MVE: objdump then has to be told, else it prints coprocessor instructions."""
    if not target.cc.startswith("arm-none-eabi"):
        return False
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "macros.c"
        source.write_text("#ifndef __ARM_FEATURE_MVE\n#define __ARM_FEATURE_MVE 0\n#endif\n"
                          "eq_mve __ARM_FEATURE_MVE\n", encoding="ascii")  # fmt: skip
        out = Path(scratch) / "macros.i"
        compile_and_link([source], out, target=target, extra=["-E", "-P"])
        return "eq_mve 0" not in out.read_text(encoding="ascii")
