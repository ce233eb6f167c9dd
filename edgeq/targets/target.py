"""Reads targets/NAME.toml: what a machine can run, how to compile for it, what memory it has.

A target is data.  Adding one means adding a file; nothing here knows a target by its name,
but that the instruction sets of `host` are the ones this machine really has.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from edgeq.errors import TargetError
from edgeq.kernels.isa import isas
from edgeq.resources import data_root
from edgeq.targets.schema import FIRMWARE_KEYS, MEMORY_KEYS, TARGET_KEYS, check_table

HOST = "host"
BOCHS = "bochs"
BOARD_OPTIONS = (
    "-nographic", "-monitor", "none", "-serial", "none",
    "-semihosting-config", "enable=on,target=native", "-kernel",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Memory:
    """One memory of a target.

    kind     "ram" or "flash"
    origin   first address; 0 where an operating system decides
    bytes    size, > 0
    rank     0 is the fastest of its kind
    """

    name: str
    kind: str
    origin: int
    bytes: int
    rank: int


@dataclass(frozen=True, slots=True)
class Firmware:
    """How a whole program for the target is made and run.

    startup    C files that every program needs: start-up code, input and output (boards/probe.h)
    linker     the sections part of the linker script; None under an operating system
    ldflags    link flags of a program (not of a shared library)
    emulator   command to which the program is added; () when this machine runs it
    cpu        the core's name, for people
    stand_in   the target that runs its programs, when no emulator has its memories
    emulated_cflags   in place of the target's for programs that are emulated, where the emulated
                      CPU has the same instructions in another encoding
    """

    startup: tuple[Path, ...]
    ldflags: tuple[str, ...]
    emulator: tuple[str, ...]
    cpu: str
    linker: Path | None = None
    stand_in: str = ""
    emulated_cflags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """A machine that code is generated for.

    isa      names of instruction sets (folders of kernels/), best first, "ref" last
    cc       compiler; its Debian package is named when it is missing
    cflags   flags for every C file
    align    alignment of the arena in bytes, a power of two
    levels   targets whose code goes into the same library, best first (`targets.levels`)
    """

    name: str
    description: str
    isa: tuple[str, ...]
    cc: str
    cflags: tuple[str, ...]
    align: int
    memory: tuple[Memory, ...]
    firmware: Firmware | None = None
    levels: tuple[str, ...] = ()

    @property
    def ram_bytes(self) -> int:
        """All its RAM, in bytes."""
        return sum(m.bytes for m in self.memory if m.kind == "ram")

    @property
    def flash_bytes(self) -> int | None:
        """All its flash, in bytes; None where constants live in RAM (operating systems)."""
        sizes = [m.bytes for m in self.memory if m.kind == "flash"]
        return sum(sizes) if sizes else None

    @property
    def is_board(self) -> bool:
        """True for bare metal: a linker script places the program."""
        return self.firmware is not None and self.firmware.linker is not None


def emulated(target: Target) -> Target:
    """The target as it is emulated: with the memories and start-up of its stand-in, if any."""
    if target.firmware is None:
        return target
    if target.firmware.emulated_cflags and not all(isas()[n].runs_here() for n in target.isa):
        return replace(target, cflags=target.firmware.emulated_cflags)
    if not target.firmware.stand_in:
        return target
    other = own_target(target.firmware.stand_in)
    return replace(target, memory=other.memory, firmware=other.firmware)


def emulator_command(target: Target) -> tuple[str, ...]:
    """The emulator and its options, to which a program is added; () when this machine runs it."""
    return emulator_words(target.firmware.emulator) if target.firmware else ()


def emulator_words(emulator: Sequence[str], python: str = "python3") -> tuple[str, ...]:
    """The command for what a target or an instruction set names as its emulator.

    Bochs is started by edgeq.verify.bochs, which the Python interpreter `python` runs.
    """
    if emulator and emulator[0].startswith("qemu-system"):
        return (*emulator, *BOARD_OPTIONS)
    if emulator and emulator[0] == BOCHS:
        return (python, "-m", "edgeq.verify.bochs", *emulator[1:])
    return tuple(emulator)


def target_folder() -> Path:
    """Where the targets of edgeq are."""
    return data_root() / "targets"


def list_targets() -> tuple[str, ...]:
    """Names of all targets, sorted."""
    return tuple(sorted(path.stem for path in target_folder().glob("*.toml")))


def load_target(name: str) -> Target:
    """A target by its name, or by the path of a .toml file of the user's own.

    Paths inside a user's file are relative to that file, else to edgeq's targets/.  The
    user's file is read every time: it may have changed, as may the working directory.

    Raises:
        TargetError: no such target (the nearest names and all are listed), or a malformed file.
    """
    return read_target(Path(name)) if name.endswith(".toml") else own_target(name)


@cache
def own_target(name: str) -> Target:
    """A target of edgeq's own by its name; raises as `load_target` does."""
    if name in list_targets():
        return read_target(target_folder() / f"{name}.toml")
    near = difflib.get_close_matches(name, list_targets(), n=3, cutoff=0.4)
    hint = f"did you mean {' or '.join(near)}? " if near else ""
    everything = ", ".join(list_targets())
    raise TargetError(
        f"there is no target {name!r}", fix=f"{hint}targets are {everything}, or a .toml file"
    )


def read_target(path: Path) -> Target:
    """Parse one target file.

    Raises:
        TargetError: unreadable, not TOML, or keys that are missing, unknown or senseless
            (all of them at once).
    """
    table = _toml(path)
    problems = check_table(table, TARGET_KEYS, "")
    memories = table.get("memory") or []
    for index, entry in enumerate(memories if isinstance(memories, list) else []):
        problems += check_table(entry, MEMORY_KEYS, f"memory[{index}].")
    if "firmware" in table:
        problems += check_table(table["firmware"], FIRMWARE_KEYS, "firmware.")
    if problems:
        raise TargetError("; ".join(problems), where=str(path), fix=_known_keys())
    if unknown := [name for name in _strings(table["isa"]) if name not in isas()]:
        raise TargetError(f"no instruction set is called {' or '.join(unknown)}",
                          where=str(path), fix=f"choose from {', '.join(isas())}")  # fmt: skip
    return _filtered(_target_of(path, table))


def linker_script(target: Target) -> str:
    """The whole linker script of a board: MEMORY and its regions, then the sections.

    CODE is the fastest flash, CONSTANTS the slowest (where there is one, they are the same),
    DATA the slowest RAM: ranks order memories from fast and small to slow and large.

    Raises:
        TargetError: the target is no board, or lacks flash or RAM.
    """
    if target.firmware is None or target.firmware.linker is None:
        raise TargetError("has no linker script", where=target.name)
    ranked = sorted(target.memory, key=lambda m: m.rank)
    flash = [m.name for m in ranked if m.kind == "flash"]
    ram = [m.name for m in ranked if m.kind == "ram"]
    if not flash or not ram:
        raise TargetError("a board needs a memory of kind flash and one of kind ram",
                          where=target.name)  # fmt: skip
    access = {"flash": "rx", "ram": "rwx"}
    lines = [
        f"    {m.name} ({access[m.kind]}) : ORIGIN = {m.origin:#010x}, LENGTH = {m.bytes}"
        for m in target.memory
    ]
    alias = {"CODE": flash[0], "CONSTANTS": flash[-1], "DATA": ram[-1]}
    regions = [f'REGION_ALIAS("{region}", {name})' for region, name in alias.items()]
    sections = target.firmware.linker.read_text(encoding="utf-8")
    return "\n".join(["MEMORY", "{", *lines, "}", *regions, "", sections])


def _toml(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TargetError("cannot be read", where=str(path), why=str(error.strerror)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TargetError("is not TOML", where=str(path), why=str(error)) from None


def _known_keys() -> str:
    groups: tuple[tuple[str, dict[str, Callable[[object], str]]], ...] = (
        ("keys are", TARGET_KEYS.all), ("of [[memory]]", MEMORY_KEYS.all),
        ("of [firmware]", FIRMWARE_KEYS.all),
    )  # fmt: skip
    return "; ".join(f"{head} {', '.join(keys)}" for head, keys in groups)


def _target_of(path: Path, table: dict[str, object]) -> Target:
    """The dataclass of a table that `check_table` found sound."""
    memories, firmware = table["memory"], table.get("firmware")
    return Target(
        name=path.stem,
        description=str(table.get("description", path.stem)),
        isa=_strings(table["isa"]),
        cc=str(table["cc"]),
        cflags=_strings(table["cflags"]),
        align=int(str(table["align"])),
        memory=tuple(Memory(**entry) for entry in memories) if isinstance(memories, list) else (),
        firmware=_firmware_of(path, firmware) if isinstance(firmware, dict) else None,
        levels=_strings(table.get("levels")),
    )


def _firmware_of(path: Path, table: dict[str, object]) -> Firmware:
    linker = table.get("linker")
    return Firmware(
        startup=tuple(_file(path, name) for name in _strings(table["startup"])),
        ldflags=_strings(table["ldflags"]),
        emulator=_strings(table["emulator"]),
        cpu=str(table["cpu"]),
        linker=_file(path, str(linker)) if linker is not None else None,
        stand_in=str(table.get("stand_in", "")),
        emulated_cflags=_strings(table.get("emulated_cflags")),
    )


def _file(path: Path, name: str) -> Path:
    """A file named in a target: beside it, else among edgeq's own."""
    for folder in (path.resolve().parent, target_folder()):
        if (folder / name).is_file():
            return folder / name
    raise TargetError(f"names the file {name!r}, which does not exist", where=str(path))


def _strings(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else ()


def _filtered(target: Target) -> Target:
    """`host` with the instruction sets that this CPU has, and their machine flags."""
    if target.name != HOST:
        return target
    isa = tuple(name for name in target.isa if isas()[name].runs_here())
    extra = (flag for name in isa for flag in isas()[name].cflags if flag.startswith("-m"))
    return replace(target, isa=isa, cflags=(*target.cflags, *extra))
